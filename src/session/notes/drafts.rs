//! Notes on their way: photos that are read before they are needed, words kept for another day, and how saving ended.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::io::picture;
use crate::model::geometry::{Coords, Geometry, Visitor};
use crate::store::command::NewPhoto;
use crate::text;
use crate::text::Text;

use super::photos::read_file;
use crate::session::Session;
use crate::session::answer::{Answer, Failure};
use crate::session::command::JobId;
use crate::session::events::Event;
use crate::session::settings::{load_beside, save_beside};
use crate::session::state::{FeatureRef, NoticeLevel, Photo};

/// Name of the file with the unfinished notes of all cities.
const FILE: &str = "drafts.json";

/// A photo file for a note that is being written.
#[derive(Clone, Debug)]
pub enum NotePhoto {
    /// It is being read.
    Reading,
    /// It can be stored. Small; its number is below zero, since it is no row yet.
    Ready(Photo),
    /// It cannot, and why.
    Refused(Text),
}

/// An unfinished note, as it is kept beside the settings.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct KeptNote {
    /// The feature it is about: layer's table name and row.
    pub on: Option<(String, i64)>,
    /// What a person calls that feature.
    pub title: String,
    /// Its own place in WGS 84 degrees: one position, a path, or the ring of an area.
    pub path_lonlat: Vec<[f64; 2]>,
    /// Whether the path closes to an area.
    pub is_area: bool,
    /// What was typed.
    pub text: String,
    /// Field id → words as typed.
    pub words: Vec<(String, String)>,
    /// Picture files.
    pub photos: Vec<PathBuf>,
}

impl KeptNote {
    /// The place of its own.
    pub fn place(&self) -> Option<Geometry> {
        match self.path_lonlat.as_slice() {
            [] => None,
            [[longitude, latitude]] => Some(Geometry::point(*longitude, *latitude)),
            ring if self.is_area => Some(Geometry::polygon(ring)),
            path => Some(Geometry::line(path)),
        }
    }

    /// The same note, at a place of its own.
    pub fn at(self, place: &Geometry) -> Self {
        struct Path(Vec<[f64; 2]>);
        impl Visitor for Path {
            fn path(&mut self, coords: Coords<'_>) {
                self.0.extend(coords.iter());
            }
        }
        let mut path = Path(Vec::new());
        place.walk(&mut path);
        Self { path_lonlat: path.0, is_area: place.kind().dimension() == Some(2), ..self }
    }
}

/// A photo that was read: the file as it will be stored, and its small version as pixels.
pub(in crate::session) struct ReadPhoto {
    file: NewPhoto,
    small: Photo,
}

/// What the session holds for the notes that are being written.
#[derive(Default)]
pub(in crate::session) struct Notebook {
    photos: BTreeMap<PathBuf, NotePhoto>,
    files: BTreeMap<PathBuf, NewPhoto>,
    photo_count: i64,
    kept: Option<Vec<KeptNote>>,
    adding: Option<JobId>,
    added: Option<Result<FeatureRef, Failure>>,
}

impl Notebook {
    /// Takes in a photo, unless nobody wants it any more.
    pub(in crate::session) fn arrive_photo(&mut self, path: PathBuf, read: Result<ReadPhoto, Failure>) {
        let Some(photo) = self.photos.get_mut(&path) else { return };
        match read {
            Ok(ReadPhoto { file, small }) => {
                self.photo_count += 1;
                *photo = NotePhoto::Ready(Photo { id: -self.photo_count, ..small });
                self.files.insert(path, file);
            }
            Err(failure) => *photo = NotePhoto::Refused(failure.text),
        }
    }

    /// A note is on its way into the city.
    pub(in crate::session) fn add(&mut self, job: Option<JobId>) {
        self.adding = job;
    }

    /// Takes in how a command ended, if it was the note's; anything else comes back.
    pub(in crate::session) fn arrive_end(
        &mut self,
        job: JobId,
        end: Result<Answer, Failure>,
    ) -> Option<Result<Answer, Failure>> {
        if self.adding != Some(job) {
            return Some(end);
        }
        self.adding = None;
        match end {
            Ok(Answer::Changed { layer, id, .. }) => self.added = Some(Ok(FeatureRef { layer, id })),
            Ok(other) => return Some(Ok(other)),
            // The form has the words and says what is wrong with them.
            Err(failure) => self.added = Some(Err(failure)),
        }
        None
    }
}

impl Session {
    /// The photo files of the notes that are being written, as far as they are read.
    pub fn note_photos(&self) -> &BTreeMap<PathBuf, NotePhoto> {
        &self.lists.notebook.photos
    }

    /// The notes that were left unfinished in the city that was opened, once.
    pub fn take_kept_notes(&mut self) -> Option<Vec<KeptNote>> {
        self.lists.notebook.kept.take()
    }

    /// How saving a note ended, once: the new row, or why there is none.
    pub fn take_added_note(&mut self) -> Option<Result<FeatureRef, Failure>> {
        self.lists.notebook.added.take()
    }

    /// Reads the photos that are wanted and not read yet; forgets all others.
    pub(in crate::session) fn read_note_photos(&mut self, wanted: Vec<PathBuf>) {
        let wanted: BTreeSet<PathBuf> = wanted.into_iter().collect();
        let book = &mut self.lists.notebook;
        book.photos.retain(|path, _| wanted.contains(path));
        book.files.retain(|path, _| wanted.contains(path));
        let fresh: Vec<PathBuf> = wanted.into_iter().filter(|path| !book.photos.contains_key(path)).collect();
        if fresh.is_empty() {
            return;
        }
        book.photos.extend(fresh.iter().map(|path| (path.clone(), NotePhoto::Reading)));
        let post = self.post.clone();
        self.jobs.start(Text::new("读取照片", "Reading photos"), move |_, task| {
            for path in fresh {
                let read = task.check().map_err(Failure::from).and_then(|()| read_photo(&path));
                post.send(Event::NotePhoto(path, read));
            }
            Ok(Answer::Done)
        });
    }

    /// The files of a note's photos: as they were read when they were added, else read now.
    pub(super) fn photo_files(&self, paths: &[PathBuf]) -> Result<Vec<NewPhoto>, Failure> {
        let known = &self.lists.notebook.files;
        paths.iter().map(|path| known.get(path).map_or_else(|| read_file(path, 0), |file| Ok(file.clone()))).collect()
    }

    /// Keeps the unfinished notes of a city, in place of those kept before.
    pub(in crate::session) fn keep_notes(&mut self, city: &Path, notes: Vec<KeptNote>) {
        let mut all: BTreeMap<String, Vec<KeptNote>> = load_beside(&self.settings_folder, FILE);
        let name = name_of(city);
        if notes.is_empty() && !all.contains_key(&name) {
            return;
        }
        if notes.is_empty() {
            all.remove(&name);
        } else {
            all.insert(name, notes);
        }
        if let Err(error) = save_beside(&self.settings_folder, FILE, &all) {
            let text = text!("未写完的标注无法留存：{error}", "The unfinished note cannot be kept: {error}");
            self.notify(NoticeLevel::Warning, text, Vec::new());
        }
    }

    /// Looks up what was left unfinished in a city.
    pub(in crate::session) fn recall_notes(&mut self, city: &Path) {
        let mut all: BTreeMap<String, Vec<KeptNote>> = load_beside(&self.settings_folder, FILE);
        self.lists.notebook.kept = all.remove(&name_of(city));
    }
}

/// One name for a city's file, however its path was written.
fn name_of(city: &Path) -> String {
    city.canonicalize().unwrap_or_else(|_| city.to_owned()).to_string_lossy().into_owned()
}

fn read_photo(path: &Path) -> Result<ReadPhoto, Failure> {
    let file = read_file(path, 0)?;
    let small = picture::decode(&file.thumbnail).map_err(|error| super::photos::refusal(path, &error))?;
    let small = Photo { id: 0, name: file.name.clone(), thumb_size: small.size, thumb_rgba: small.rgba.into() };
    Ok(ReadPhoto { file, small })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::command::{Command, EditCommand, LookCommand, NoteDraft, SettingsCommand};
    use crate::session::test_city::TestCity;

    #[test]
    fn a_photo_is_read_when_it_is_added_and_a_bad_one_is_refused_then() {
        let mut city = TestCity::without_city();
        let (good, text) = (city.write("井盖.png", png()), city.write("words.jpg", "no picture"));
        let gone = city.path("gone.jpg");
        let wanted = vec![good.clone(), text.clone(), gone.clone()];
        city.session.run(Command::Look(LookCommand::NotePhotos(wanted)));
        city.wait(|session| !session.note_photos().values().any(|photo| matches!(photo, NotePhoto::Reading)));
        let photos = city.session.note_photos();
        assert!(matches!(&photos[&good], NotePhoto::Ready(photo) if photo.id < 0 && photo.name == "井盖.png"));
        assert!(matches!(&photos[&text], NotePhoto::Refused(why) if why.en.starts_with("Not a JPEG")));
        assert!(matches!(&photos[&gone], NotePhoto::Refused(why) if why.zh.starts_with("图片文件无法读取")));

        city.session.run(Command::Look(LookCommand::NotePhotos(vec![good.clone()])));
        assert_eq!(city.session.note_photos().keys().collect::<Vec<_>>(), [&good]);
    }

    #[test]
    fn the_form_hears_how_saving_ended_and_the_city_is_as_before() {
        let mut city = TestCity::new();
        let note = NoteDraft {
            geometry: Some(Geometry::point(116.0, 29.7)),
            on: None,
            text: "井盖破损".into(),
            values: Vec::new(),
            photos: vec![city.path("gone.jpg")],
        };
        city.session.run(Command::Edit(EditCommand::AddNote(note.clone())));
        let end = added(&mut city);
        assert!(end.unwrap_err().text.zh.starts_with("图片文件无法读取"));
        assert!(city.session.notices().is_empty(), "it is said in the form");

        city.session.run(Command::Edit(EditCommand::AddNote(NoteDraft { photos: Vec::new(), ..note })));
        let at = added(&mut city).unwrap();
        assert_eq!(city.session.rows(&at.layer, &[at.id]).unwrap().len(), 1);
    }

    #[test]
    fn unfinished_notes_of_a_city_are_kept_until_they_are_saved_or_thrown_away() {
        let mut today = TestCity::without_city();
        let city = today.city_path();
        let ring = Geometry::polygon(&[[116.0, 29.7], [116.1, 29.7], [116.1, 29.8]]);
        let note =
            KeptNote { text: "井盖".into(), words: vec![("due".into(), "2026-".into())], ..KeptNote::default() }
                .at(&ring);
        assert_eq!(note.place(), Some(ring));
        let keep = |notes: Vec<KeptNote>| Command::Settings(SettingsCommand::KeepNotes { city: city.clone(), notes });
        today.session.run(keep(vec![note.clone()]));

        let mut tomorrow = today.another().session;
        tomorrow.recall_notes(&today.path("other.gpkg"));
        assert_eq!(tomorrow.take_kept_notes(), None);
        tomorrow.recall_notes(&city);
        assert_eq!(tomorrow.take_kept_notes(), Some(vec![note]));
        tomorrow.run(keep(Vec::new()));
        tomorrow.recall_notes(&city);
        assert_eq!(tomorrow.take_kept_notes(), None);
    }

    fn added(city: &mut TestCity) -> Result<FeatureRef, Failure> {
        city.wait(|session| session.lists.notebook.added.is_some());
        city.session.take_added_note().expect("an end")
    }

    fn png() -> Vec<u8> {
        let mut out = Vec::new();
        picture::write_png(&mut out, [6, 4], &[200; 6 * 4 * 4]).unwrap();
        out
    }
}
