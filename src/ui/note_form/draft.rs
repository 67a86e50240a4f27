//! Notes that are being written: what was typed stays until it is in the city or thrown away, over the night too.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use egui::Context;

use crate::model::geometry::{Bounds, Geometry};
use crate::model::schema::Field;
use crate::model::value::Value;
use crate::session::Session;
use crate::session::answer::Failure;
use crate::session::command::{Command, LookCommand, NoteDraft, SettingsCommand};
use crate::session::notes::drafts::{KeptNote, NotePhoto};
use crate::session::place;
use crate::session::state::FeatureRef;
use crate::text::Text;
use crate::ui::ask::{Asks, UiAsk};
use crate::ui::form;
use crate::ui::signs::Signs;
use crate::ui::thumbs::Thumbs;
use crate::ui::visit;

/// Fields of a note that a person fills in, beside its text; all others fill themselves.
pub(super) const FIELDS: [&str; 4] = ["severity", "category", "state", "due"];
/// What they are before anybody chooses.
const PRESET: [&str; 4] = ["mid", "", "open", ""];
/// Between two copies of what is being typed, seconds.
const KEEP_EVERY_S: f64 = 1.0;

/// What a note is about.
#[derive(Clone, Debug, PartialEq)]
pub enum NotePlace {
    /// A feature; the note stands where it is.
    On(FeatureRef),
    /// A place, path or area in WGS 84 longitude and latitude.
    At(Geometry),
}

/// How far a draft is on its way into the city.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Stage {
    #[default]
    Writing,
    /// To be saved as soon as its photos are read.
    Waiting,
    /// On its way; it stays until it has arrived.
    Saving,
}

/// One note that is being written.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Draft {
    pub(super) place: NotePlace,
    /// What a person calls the feature; empty for a place of its own.
    pub(super) title: String,
    pub(super) text: String,
    /// Words of [`FIELDS`], in their order.
    pub(super) words: [String; 4],
    pub(super) photos: Vec<PathBuf>,
    /// What was wrong with photos that were not taken.
    pub(super) refused: Vec<Text>,
    /// Why its shape cannot be saved.
    pub(super) bad_shape: Option<Text>,
    pub(super) stage: Stage,
    /// Why it was not saved.
    pub(super) failed: Option<Text>,
    pub(super) tried: bool,
    pub(super) takes_focus: bool,
}

impl Draft {
    fn new(place: NotePlace, title: String) -> Self {
        let bad_shape = match &place {
            NotePlace::On(_) => None,
            NotePlace::At(geometry) => place::shape_problem(geometry),
        };
        Self {
            place,
            title,
            text: String::new(),
            words: PRESET.map(str::to_owned),
            photos: Vec::new(),
            refused: Vec::new(),
            bad_shape,
            stage: Stage::Writing,
            failed: None,
            tried: false,
            takes_focus: true,
        }
    }

    /// The same words at another place.
    fn moved(self, place: NotePlace) -> Self {
        let Self { text, words, photos, refused, tried, .. } = self;
        Self { text, words, photos, refused, tried, ..Self::new(place, String::new()) }
    }

    /// Whether it says anything: a photo alone may do.
    pub(super) fn is_worth_keeping(&self) -> bool {
        !self.text.trim().is_empty() || !self.photos.is_empty()
    }

    /// The note as typed; `None` while something in it must change first.
    pub(super) fn finished(&self, fields: &[Field]) -> Option<NoteDraft> {
        if !self.is_worth_keeping() || self.bad_shape.is_some() {
            return None;
        }
        let mut values = Vec::new();
        for (field, words) in self.filled(fields) {
            match form::parse(field, words).ok()? {
                Value::Null => {}
                value => values.push((field.id.to_string(), value)),
            }
        }
        let (geometry, on) = match &self.place {
            NotePlace::On(at) => (None, Some((at.layer.clone(), at.id))),
            NotePlace::At(geometry) => (Some(geometry.clone()), None),
        };
        Some(NoteDraft { geometry, on, text: self.text.trim().to_owned(), values, photos: self.photos.clone() })
    }

    fn filled<'a>(&'a self, fields: &'a [Field]) -> impl Iterator<Item = (&'a Field, &'a str)> {
        let pairs = FIELDS.iter().zip(&self.words);
        pairs.filter_map(|(id, words)| Some((fields.iter().find(|field| field.id == *id)?, words.as_str())))
    }

    /// Whether a photo is still being read.
    pub(super) fn is_reading(&self, read: &BTreeMap<PathBuf, NotePhoto>) -> bool {
        self.photos.iter().any(|path| matches!(read.get(path), None | Some(NotePhoto::Reading)))
    }

    /// As it is kept for another day.
    fn kept(&self) -> KeptNote {
        let words = FIELDS.iter().zip(&self.words).map(|(id, words)| ((*id).to_owned(), words.clone()));
        let note = KeptNote {
            title: self.title.clone(),
            text: self.text.clone(),
            words: words.collect(),
            photos: self.photos.clone(),
            ..KeptNote::default()
        };
        match &self.place {
            NotePlace::On(at) => KeptNote { on: Some((at.layer.clone(), at.id)), ..note },
            NotePlace::At(geometry) => note.at(geometry),
        }
    }

    fn recalled(note: KeptNote) -> Option<Self> {
        let place = match note.on.clone() {
            Some((layer, id)) => NotePlace::On(FeatureRef { layer, id }),
            None => NotePlace::At(note.place()?),
        };
        let mut draft = Self { text: note.text, photos: note.photos, ..Self::new(place, note.title) };
        for (id, words) in note.words {
            if let Some(index) = FIELDS.iter().position(|field| *field == id) {
                draft.words[index] = words;
            }
        }
        Some(draft)
    }
}

/// The note that is being written, and those left unfinished.
#[derive(Default)]
pub struct NoteFormState {
    /// The last is the one the form shows.
    pub(super) drafts: Vec<Draft>,
    pub(super) is_open: bool,
    /// Whether notes of an earlier day wait to be taken up again.
    pub(super) offers: bool,
    /// The name as typed, where the settings have none.
    pub(super) author: String,
    pub(super) signs: Signs,
    pub(super) thumbs: Thumbs,
    /// The city that the drafts belong to.
    city: Option<PathBuf>,
    /// Photos that the session was asked to read.
    asked: Vec<PathBuf>,
    /// What was kept last, and when.
    kept: Vec<KeptNote>,
    kept_at_s: f64,
}

impl NoteFormState {
    /// Opens the form about a feature, with what was typed about it before.
    pub fn start_on(&mut self, session: &Session, at: FeatureRef) {
        let row = session.details().and_then(|details| details.row.as_ref()).filter(|row| row.at == at);
        let title = row.map(|row| row.title.clone()).unwrap_or_default();
        self.start(NotePlace::On(at), title);
    }

    /// Opens the form at a place, path or area in WGS 84 degrees. Words left from another place come along.
    pub fn start_at(&mut self, lonlat: Geometry) {
        let is_left = |draft: &Draft| matches!(draft.place, NotePlace::At(_)) && draft.stage != Stage::Saving;
        if let Some(index) = self.drafts.iter().position(is_left) {
            let draft = self.drafts.remove(index).moved(NotePlace::At(lonlat));
            self.show(draft);
        } else {
            self.start(NotePlace::At(lonlat), String::new());
        }
    }

    pub(super) fn start(&mut self, place: NotePlace, title: String) {
        self.drafts.retain(Draft::is_worth_keeping);
        let known = self.drafts.iter().position(|draft| draft.place == place && draft.stage != Stage::Saving);
        let draft = match known {
            Some(index) => self.drafts.remove(index),
            None => Draft::new(place, title),
        };
        self.show(draft);
    }

    fn show(&mut self, draft: Draft) {
        self.drafts.push(Draft { takes_focus: true, ..draft });
        self.is_open = true;
        self.offers = false;
    }

    /// Takes up the last of the notes that were left unfinished.
    pub(super) fn resume(&mut self) {
        if let Some(draft) = self.drafts.pop() {
            self.show(draft);
        }
    }

    /// Whether the form is on the screen.
    pub fn is_open(&self) -> bool {
        self.is_open && !self.drafts.is_empty()
    }

    /// Puts the form away; what was typed is kept.
    pub fn close(&mut self) {
        self.is_open = false;
        if let Some(draft) = self.drafts.last_mut().filter(|draft| draft.stage == Stage::Waiting) {
            draft.stage = Stage::Writing;
        }
    }

    /// How many unfinished notes are kept.
    pub fn drafts(&self) -> usize {
        self.drafts.iter().filter(|draft| draft.is_worth_keeping()).count()
    }

    /// Whether a note is on its way into the city.
    pub(super) fn is_saving(&self) -> bool {
        self.drafts.iter().any(|draft| draft.stage == Stage::Saving)
    }

    /// Pictures more for the note; those that it has already are not taken twice.
    pub fn add_photos(&mut self, photos: Vec<PathBuf>) {
        let Some(draft) = self.drafts.last_mut().filter(|draft| draft.stage == Stage::Writing) else { return };
        if !photos.is_empty() {
            draft.refused.clear();
        }
        for photo in photos {
            if !draft.photos.contains(&photo) {
                draft.photos.push(photo);
            }
        }
    }

    /// Around what the note is about, Web Mercator metres: the form keeps clear of it.
    pub fn place_world(&self, session: &Session) -> Option<Bounds> {
        let draft = self.drafts.last().filter(|_| self.is_open || self.offers)?;
        let mut bounds = Bounds::EMPTY;
        match &draft.place {
            NotePlace::On(at) => session.outline(at).iter().flatten().for_each(|position| bounds.extend(*position)),
            NotePlace::At(geometry) => {
                let degrees = geometry.bounds();
                bounds.extend(place::world_from_lonlat(degrees.min));
                bounds.extend(place::world_from_lonlat(degrees.max));
            }
        }
        (!bounds.is_empty()).then_some(bounds)
    }

    /// What is being drawn the note for, if it has a place of its own; WGS 84 degrees.
    pub fn geometry(&self) -> Option<&Geometry> {
        match &self.drafts.last().filter(|_| self.is_open)?.place {
            NotePlace::At(geometry) => Some(geometry),
            NotePlace::On(_) => None,
        }
    }

    /// Takes in what the session has to say, once a frame, whether the form is open or not.
    pub fn follow(&mut self, ctx: &Context, session: &mut Session, asks: &mut Asks) {
        self.follow_city(session.city().map(|city| city.path.clone()), asks);
        if let Some(notes) = session.take_kept_notes() {
            self.recall(notes);
        }
        if let Some(end) = session.take_added_note() {
            self.arrive(end, asks);
        }
        self.follow_photos(session.note_photos(), asks);
        if let Some(wait_s) = self.keep_often(ctx.input(|input| input.time), asks) {
            ctx.request_repaint_after_secs(wait_s as f32);
        }
    }

    /// Drafts stay with their city.
    fn follow_city(&mut self, city: Option<PathBuf>, asks: &mut Asks) {
        if city != self.city {
            asks.extend(self.keep_now().map(UiAsk::Run));
            *self = Self { city, author: std::mem::take(&mut self.author), ..Self::default() };
        }
    }

    /// Takes in what was left unfinished on an earlier day; it is offered, not forced on anybody.
    pub(super) fn recall(&mut self, notes: Vec<KeptNote>) {
        self.kept.clone_from(&notes);
        let is_new = |draft: &Draft| self.drafts.iter().all(|known| known.place != draft.place);
        let fresh: Vec<Draft> = notes.into_iter().filter_map(Draft::recalled).filter(is_new).collect();
        self.offers = !fresh.is_empty() && !self.is_open;
        self.drafts.splice(0..0, fresh);
    }

    /// A note has arrived in the city and is shown; or it has not, and the form comes back with all its words.
    pub(super) fn arrive(&mut self, end: Result<FeatureRef, Failure>, asks: &mut Asks) {
        let Some(index) = self.drafts.iter().position(|draft| draft.stage == Stage::Saving) else { return };
        let draft = self.drafts.remove(index);
        match end {
            Ok(at) => {
                if index == self.drafts.len() {
                    self.close();
                }
                visit::show(asks, &at);
            }
            Err(failure) => self.show(Draft { stage: Stage::Writing, failed: Some(failure.text), ..draft }),
        }
    }

    /// Photos that cannot be read leave their draft and say why; others are asked for.
    pub(super) fn follow_photos(&mut self, read: &BTreeMap<PathBuf, NotePhoto>, asks: &mut Asks) {
        for draft in &mut self.drafts {
            let Draft { photos, refused, stage, .. } = draft;
            photos.retain(|path| {
                let Some(NotePhoto::Refused(why)) = read.get(path) else { return true };
                refused.push(why.clone());
                // What was to be saved is not all there: a person decides.
                if *stage == Stage::Waiting {
                    *stage = Stage::Writing;
                }
                false
            });
        }
        let wanted: BTreeSet<&PathBuf> = self.drafts.iter().flat_map(|draft| &draft.photos).collect();
        let wanted: Vec<PathBuf> = wanted.into_iter().cloned().collect();
        if wanted != self.asked {
            visit::look(asks, LookCommand::NotePhotos(wanted.clone()));
            self.asked = wanted;
        }
    }

    /// Keeps what was typed, not more often than once a second; otherwise says how long to wait.
    fn keep_often(&mut self, now_s: f64, asks: &mut Asks) -> Option<f64> {
        if self.kept_notes() == self.kept {
            return None;
        }
        let since_s = now_s - self.kept_at_s;
        if since_s < KEEP_EVERY_S {
            return Some(KEEP_EVERY_S - since_s);
        }
        self.kept_at_s = now_s;
        asks.extend(self.keep_now().map(UiAsk::Run));
        None
    }

    /// What keeps the drafts as they are now; nothing where they are kept so already.
    pub fn keep_now(&mut self) -> Option<Command> {
        let city = self.city.clone()?;
        let notes = self.kept_notes();
        if notes == self.kept {
            return None;
        }
        self.kept.clone_from(&notes);
        Some(Command::Settings(SettingsCommand::KeepNotes { city, notes }))
    }

    pub(super) fn kept_notes(&self) -> Vec<KeptNote> {
        self.drafts.iter().filter(|draft| draft.is_worth_keeping()).map(Draft::kept).collect()
    }
}
