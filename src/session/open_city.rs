//! Everything that belongs to one open city and goes with it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::io::atomic::Kept;
use crate::store::city::{Access, City};
use crate::store::error::StoreError;
use crate::store::stamp::FileStamp;
use crate::task::Courtesy;

use super::events::Post;
use super::look::librarian::Librarian;
use super::map::cache::Cache;
use super::map::keeper::Keeper;
use super::map::last_look::{LastLook, Look};
use super::sewer::live::LiveSewers;
use super::state::CityView;

/// A city file that a job has opened, on its way to the session.
pub(super) struct Opened {
    /// The file.
    pub(super) city: City,
}

/// The open city: file, threads, and what the window sees.
///
/// Fields are dropped in order: the threads end before the file is closed.
pub(super) struct OpenCity {
    /// Which opening this is; news of an older one is dropped.
    pub(super) opening: u64,
    /// Looks things up.
    pub(super) librarian: Librarian,
    /// Keeps memory right.
    pub(super) keeper: Keeper,
    /// What the window sees.
    pub(super) view: CityView,
    /// The file.
    pub(super) city: Arc<City>,
    /// Its sewer network, once somebody has asked for it.
    pub(super) sewers: LiveSewers,
    /// What is kept of it between runs, where there is a map.
    pub(super) cache: Option<Cache>,
    /// Comes after the threads and the file: it looks at the file from outside.
    _seal: Option<Seal>,
    /// No writer of this program puts another file in its place.
    _kept: Kept,
}

/// Says at the end how the file looks that the cache was made of.
struct Seal {
    cache: Cache,
    path: PathBuf,
    at_open: FileStamp,
    /// Whether nobody else could write meanwhile.
    was_ours: bool,
}

impl Drop for Seal {
    fn drop(&mut self) {
        // A job may still hold the file; it must not be touched then, and the seal of old is as good as none.
        if City::is_open_here(&self.path) {
            return;
        }
        let now = FileStamp::read(&self.path).ok();
        self.cache.seal(now.filter(|now| self.was_ours || *now == self.at_open).as_ref());
    }
}

impl OpenCity {
    /// Starts the threads of a city; with a settings folder there is a map, its cache is there, and whatever is made for
    /// it gives way to the painting.
    pub(super) fn start(
        opening: u64,
        city: City,
        map: Option<(&Path, Courtesy)>,
        post: &Post,
    ) -> Result<Self, StoreError> {
        city.dress_with(super::style::dress);
        let city = Arc::new(city);
        let stamp = city.stamp_at_open();
        let courtesy = map.as_ref().map(|(_, courtesy)| courtesy.clone()).unwrap_or_default();
        let cache = map.map(|(settings, courtesy)| Cache::of(settings, city.path(), stamp).giving_way(courtesy));
        let seal = cache.clone().map(|cache| Seal {
            cache,
            path: city.path().to_owned(),
            at_open: stamp.clone(),
            was_ours: city.access() == Access::ReadWrite,
        });
        let read_only = match city.access() {
            Access::ReadWrite => None,
            Access::ReadOnly(reason) => Some(reason.text()),
        };
        let view = CityView {
            path: city.path().to_owned(),
            read_only,
            is_sample: false,
            layers: Vec::new(),
            grounds: Vec::new(),
            undo: None,
            redo: None,
            pending: 0,
            saved_at: None,
            bookmarks: Vec::new(),
            revision: 0,
            changes: std::collections::VecDeque::new(),
        };
        let sewers = LiveSewers::default();
        let map = cache.clone().map(|cache| (cache, courtesy));
        let keeper = Keeper::start(opening, &city, map, sewers.clone(), post.clone())?;
        let librarian = Librarian::start(&city, post.clone())?;
        let kept = Kept::new(city.path());
        Ok(Self { opening, librarian, keeper, view, city, sewers, cache, _seal: seal, _kept: kept })
    }

    /// Keeps the map that is on the screen, if all of it is in memory.
    pub(super) fn keep_look(&self, look: Look) {
        let (Some(cache), Ok(layers)) = (&self.cache, self.city.reader().and_then(|reader| reader.layers())) else {
            return;
        };
        let is_tried = self.view.layers.iter().any(|layer| layer.style != layer.kept_style);
        // Base maps are painted afresh: their files may change, or go, while the city is closed.
        let has_ground = self.view.grounds.iter().any(|ground| ground.visible);
        if is_tried || has_ground || !self.view.is_ready(&look.view) {
            return;
        }
        if let Some(last) = LastLook::paint(look, &self.view.layers) {
            cache.keep_last_look(&layers, &last);
        }
    }

    /// The file.
    pub(super) fn path(&self) -> PathBuf {
        self.view.path.clone()
    }
}
