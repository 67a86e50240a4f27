//! Everything that belongs to one open city and goes with it.

use std::path::PathBuf;
use std::sync::Arc;

use crate::store::city::{Access, City};
use crate::store::error::StoreError;

use super::events::Post;
use super::keeper::Keeper;
use super::librarian::Librarian;
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
}

impl OpenCity {
    /// Starts the threads of a city.
    pub(super) fn start(opening: u64, city: City, map: bool, post: &Post) -> Result<Self, StoreError> {
        let city = Arc::new(city);
        let read_only = match city.access() {
            Access::ReadWrite => None,
            Access::ReadOnly(reason) => Some(reason.text()),
        };
        let view = CityView {
            path: city.path().to_owned(),
            read_only,
            is_sample: false,
            layers: Vec::new(),
            undo: None,
            redo: None,
            pending: 0,
            saved_at: None,
            bookmarks: Vec::new(),
            revision: 0,
            changes: std::collections::VecDeque::new(),
        };
        let keeper = Keeper::start(opening, &city, map, post.clone())?;
        let librarian = Librarian::start(&city, post.clone())?;
        Ok(Self { opening, librarian, keeper, view, city })
    }

    /// The file.
    pub(super) fn path(&self) -> PathBuf {
        self.view.path.clone()
    }
}
