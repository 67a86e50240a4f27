//! Photos on their way into the city, and out of it onto the screen.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::io::picture::{self, PictureError};
use crate::store::command::NewPhoto;
use crate::store::error::StoreError;
use crate::store::reader::Reader;
use crate::text::Text;

use crate::session::answer::{Failure, FailureKind};
use crate::session::events::Event;
use crate::session::look::librarian::Topic;
use crate::session::state::{FeatureRef, Photo};
use crate::session::{PhotoPixels, Session};

/// Full-size photos kept in memory.
const MOST_PHOTOS: usize = 4;

/// Photos in full size, the latest few.
#[derive(Default)]
pub(in crate::session) struct PhotoShelf {
    /// `None` is asked for and not yet here, or cannot be read.
    photos: BTreeMap<i64, Option<Arc<PhotoPixels>>>,
    order: Vec<i64>,
}

impl PhotoShelf {
    /// Takes in a photo.
    pub(in crate::session) fn arrive(&mut self, id: i64, pixels: Option<Arc<PhotoPixels>>) {
        self.photos.insert(id, pixels);
        self.order.push(id);
        while self.order.len() > MOST_PHOTOS {
            let oldest = self.order.remove(0);
            self.photos.remove(&oldest);
        }
    }
}

impl Session {
    /// A photo in full size, once it is read (ask again when woken).
    pub fn photo(&mut self, photo: i64) -> Option<Arc<PhotoPixels>> {
        let shelf = &mut self.lists.photos;
        if let Some(known) = shelf.photos.get(&photo) {
            return known.clone();
        }
        shelf.photos.insert(photo, None);
        let open = self.open.as_mut()?;
        open.librarian.ask(Topic::Photo, move |reader, _| {
            let pixels = reader.photo(photo)?.and_then(|bytes| picture::decode(&bytes).ok());
            let pixels = pixels.map(|it| Arc::new(PhotoPixels { size: it.size, rgba: it.rgba }));
            Ok(Event::Photo(photo, pixels))
        });
        None
    }
}

/// The photos of a row, small.
pub(in crate::session) fn thumbnails(reader: &Reader, at: &FeatureRef) -> Result<Vec<Photo>, StoreError> {
    let mut photos = Vec::new();
    for info in reader.photos(&at.layer, at.id)? {
        let small = reader.thumbnail(info.id)?;
        let bytes = match small {
            Some(bytes) if !bytes.is_empty() => Some(bytes),
            // Somebody else's program stores no small version.
            _ => reader.photo(info.id)?.and_then(|bytes| picture::thumbnail(&bytes).ok()),
        };
        let Some(Ok(small)) = bytes.map(|bytes| picture::decode(&bytes)) else { continue };
        photos.push(Photo { id: info.id, name: info.name, thumb_size: small.size, thumb_rgba: small.rgba.into() });
    }
    Ok(photos)
}

/// Reads picture files for the row that `delta` makes.
pub(super) fn read_files(paths: &[PathBuf], delta: usize) -> Result<Vec<NewPhoto>, Failure> {
    paths.iter().map(|path| read_file(path, delta)).collect()
}

/// Reads one picture file for the row that `delta` makes.
pub(super) fn read_file(path: &Path, delta: usize) -> Result<NewPhoto, Failure> {
    let bad = |error: PictureError| refusal(path, &error);
    let bytes = picture::read_file(path).map_err(bad)?;
    let mime = picture::mime_type(&bytes).map_err(bad)?.to_owned();
    let thumbnail = picture::thumbnail(&bytes).map_err(bad)?;
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Ok(NewPhoto { delta, name, mime, bytes, thumbnail })
}

/// Why a file is no photo for the city, with its name.
pub(super) fn refusal(path: &Path, error: &PictureError) -> Failure {
    let kind = if matches!(error, PictureError::Io(_)) { FailureKind::File } else { FailureKind::Data };
    let (what, shown) = (error.headline(), path.display());
    Failure::new(kind, Text::owned(format!("{}：{shown}", what.zh), format!("{}: {shown}", what.en)))
}
