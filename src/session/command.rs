//! Everything that can be asked of the program: the one vocabulary of window, command line and tests.

mod requests;

use std::path::PathBuf;

use crate::geom::crs::Crs;
use crate::geom::own::OwnForm;
pub use crate::io::format::{PlaceColumns, ReadOptions};
use crate::model::feature::{Delta, Feature};
use crate::model::geometry::Geometry;
use crate::model::style::Style;
use crate::model::value::Value;
use crate::text::{Lang, Text};

pub use self::requests::{CompareRequest, ExportRequest, ImportRequest, LayerRequest, RowFilter};
use super::answer::RenderRequest;
use super::compare::TakenParts;
use super::map::clusters::Glance;
use super::map::shown::Shown;
use super::notes::drafts::KeptNote;
use super::settings::{CoordinateStyle, KeptView, Theme, Units, WindowShape};
use super::sewer::command::SewerCommand;
use super::state::Bookmark;

/// One request. [`Session::run`](super::Session::run) is the only place that takes it.
#[derive(Debug)]
pub enum Command {
    /// Which city is open.
    City(CityCommand),
    /// Rows of the open city change.
    Edit(EditCommand),
    /// Layers of the open city change.
    Layer(LayerCommand),
    /// How a layer of the open city looks.
    Style(StyleCommand),
    /// Base maps under the open city change.
    Ground(GroundCommand),
    /// Files come in and go out.
    Exchange(ExchangeCommand),
    /// The sewer workbench.
    Sewer(SewerCommand),
    /// One step back or forth in the city's journal.
    History(HistoryCommand),
    /// What is selected and looked at; nothing in the file changes.
    Look(LookCommand),
    /// How the program behaves for this person on this machine.
    Settings(SettingsCommand),
    /// Stops a job.
    CancelJob(JobId),
}

/// A long piece of work, from its start to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct JobId(pub u64);

/// Which city is open.
#[derive(Debug)]
pub enum CityCommand {
    /// An empty city in a new file.
    New {
        /// Where.
        path: PathBuf,
        /// Whether an existing file may go.
        overwrite: bool,
    },
    /// The city in a file.
    Open(PathBuf),
    /// The sample city in a new file, then open it.
    Demo {
        /// Where; never replaces a file that has a journal.
        path: PathBuf,
        /// The same seed makes the same city.
        seed: u64,
        /// 1 is the real size.
        scale: f64,
        /// Whether an existing file without a journal may go.
        overwrite: bool,
    },
    /// This person's sample city: opened, or made first.
    OwnSample,
    /// A consistent copy of the open city.
    Backup {
        /// Where.
        path: PathBuf,
        /// Whether an existing file may go.
        overwrite: bool,
    },
    /// No city.
    Close,
}

/// Rows of the open city change. Each is one step of the journal.
#[derive(Debug)]
pub enum EditCommand {
    /// Any rows, with the words for the undo list.
    Change {
        /// What a person did, for the undo list.
        label: Text,
        /// Before and after.
        deltas: Vec<Delta>,
    },
    /// Some values of one row, as a person types them.
    Set {
        /// Layer's table name or name.
        layer: String,
        /// Row.
        id: i64,
        /// Field word → value as typed; empty for nothing.
        values: Vec<(String, String)>,
    },
    /// A new note.
    AddNote(NoteDraft),
    /// A note done, or open again; the session fills in who and when.
    CloseNote {
        /// Layer's table name.
        layer: String,
        /// Row.
        id: i64,
        /// Done, or open again.
        done: bool,
    },
    /// A photo more on a feature.
    AddPhotos {
        /// Layer's table name.
        layer: String,
        /// Row.
        id: i64,
        /// Picture files.
        photos: Vec<PathBuf>,
    },
    /// A photo less; undo brings it back.
    RemovePhoto {
        /// Layer's table name.
        layer: String,
        /// Row.
        id: i64,
        /// Photo.
        photo: i64,
    },
    /// Takes rows away.
    Delete {
        /// Layer's table name.
        layer: String,
        /// Rows.
        ids: Vec<i64>,
    },
}

/// What a person fills in for a note.
#[derive(Clone, Debug, PartialEq)]
pub struct NoteDraft {
    /// Where, in WGS 84 longitude and latitude; `None` takes the place of `on`.
    pub geometry: Option<Geometry>,
    /// The feature it is about: layer's table name and row.
    pub on: Option<(String, i64)>,
    /// What is wrong.
    pub text: String,
    /// Field id → value for the note kind's other fields (category, severity, due …).
    pub values: Vec<(String, Value)>,
    /// Picture files.
    pub photos: Vec<PathBuf>,
}

/// Layers of the open city change.
#[derive(Debug)]
pub enum LayerCommand {
    /// An empty layer of a kind.
    Create {
        /// Kind's id.
        kind: String,
    },
    /// Takes a layer out; undo brings it back.
    Remove(String),
    /// Another name in the layer tree.
    Rename {
        /// Table name.
        layer: String,
        /// The new name.
        name: String,
    },
    /// How much of it is seen, 0 to 1.
    Opacity {
        /// Table name.
        layer: String,
        /// 0 is clear, 1 is solid.
        opacity: f32,
    },
    /// Its place in the painting order: on top of which other layer; `None` goes to the bottom.
    Move {
        /// Table name.
        layer: String,
        /// Table name of the layer under it.
        above: Option<String>,
    },
    /// The eye.
    Visible {
        /// Table names.
        layers: Vec<String>,
        /// Shown or hidden.
        visible: bool,
    },
}

/// Base maps under the open city change: kept in the city, no step of the journal.
#[derive(Clone, Debug)]
pub enum GroundCommand {
    /// A file more, on top of the others.
    Add {
        /// The file.
        path: PathBuf,
        /// Its datum, or the CRS of a picture that does not say it; `None` takes the likeliest.
        datum: Option<Crs>,
    },
    /// One less, by its name; the file stays.
    Remove(String),
    /// How much of it is seen, 0 to 1.
    Opacity {
        /// Its name.
        name: String,
        /// 0 is clear, 1 is solid.
        opacity: f32,
    },
    /// The eye.
    Visible {
        /// Its name.
        name: String,
        /// Shown or hidden.
        visible: bool,
    },
    /// Whether it is darker on the dark map.
    Dim {
        /// Its name.
        name: String,
        /// Darker.
        dim: bool,
    },
    /// What it is in: GCJ-02 and BD-09 move it.
    Datum {
        /// Its name.
        name: String,
        /// The datum.
        datum: Crs,
    },
    /// The file is elsewhere now.
    Locate {
        /// Its name.
        name: String,
        /// The file.
        path: PathBuf,
    },
    /// One place up among the base maps.
    Raise(String),
}

/// How a layer looks.
#[derive(Clone, Debug)]
pub enum StyleCommand {
    /// A style of its own, kept in the city: one step. One that is its kind's is no style of its own.
    Set {
        /// Layer's table name or name.
        layer: String,
        /// The style.
        style: Style,
    },
    /// Its kind's style again.
    Reset(String),
    /// Another style on this screen alone, until it is set, undone or ended: no step.
    Preview {
        /// Table name.
        layer: String,
        /// The style; `None` ends the preview.
        style: Option<Style>,
    },
    /// Looks up the values of a field, for [`Session::style_survey`](super::Session::style_survey).
    Survey {
        /// Table name.
        layer: String,
        /// Field id.
        field: String,
    },
    /// Writes the style that is kept to a file; its ending names the format: `.citystyle.json`, `.qml` or `.sld`.
    Export {
        /// Layer's table name or name.
        layer: String,
        /// The file.
        path: PathBuf,
        /// Whether an existing file may go.
        overwrite: bool,
    },
    /// Reads a style from a file and keeps it: one step.
    Import {
        /// Layer's table name or name.
        layer: String,
        /// The file.
        path: PathBuf,
    },
}

/// Files come in and go out.
#[derive(Debug)]
pub enum ExchangeCommand {
    /// Looks into a file before an import; the answer is a preview.
    Survey {
        /// The file.
        path: PathBuf,
        /// How to understand it.
        read: ReadOptions,
    },
    /// Takes files in, as one step.
    Import(ImportRequest),
    /// Holds a file against a layer; the answer is a [`Comparison`](super::compare::Comparison).
    Compare(CompareRequest),
    /// Takes differences over from the comparison, by their place in it, as one step.
    Take {
        /// Places in [`Comparison::differences`](super::compare::Comparison::differences).
        which: Vec<usize>,
        /// What of each.
        parts: TakenParts,
    },
    /// Ends the comparison.
    EndCompare,
    /// Keeps how a file was taken in, for the next of the same shape.
    KeepRecipe(Box<super::import::recipe::Recipe>),
    /// Writes it to a file of its own.
    SaveRecipe {
        /// The file.
        path: PathBuf,
        /// What is written.
        recipe: Box<super::import::recipe::Recipe>,
    },
    /// Writes a file.
    Export(ExportRequest),
    /// Writes what an export leaves out and blurs to a file, to be used again and handed on.
    SaveProfile {
        /// The file.
        path: PathBuf,
        /// What is kept.
        profile: super::export::redact::Profile,
    },
    /// Writes a map as a picture.
    Picture(RenderRequest),
}

/// One step in the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HistoryCommand {
    /// Takes the last step back.
    Undo,
    /// Does it again.
    Redo,
}

/// How a selection changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SelectMode {
    /// Only the new ones.
    #[default]
    Replace,
    /// The new ones too.
    Add,
    /// Without the new ones.
    Remove,
    /// Those that are both.
    Intersect,
}

/// What is selected and looked at.
#[derive(Debug)]
pub enum LookCommand {
    /// Everything under a point of the map; the topmost is shown in the details.
    Identify(Glance),
    /// The next (1) or previous (-1) of what was under the point.
    Step(i32),
    /// Shows one feature in the details.
    Show {
        /// Table name.
        layer: String,
        /// Row.
        id: i64,
    },
    /// Nothing in the details.
    ClearDetails,
    /// Rows by id.
    Select {
        /// Table name.
        layer: String,
        /// Rows.
        ids: Vec<i64>,
        /// How.
        mode: SelectMode,
    },
    /// What a box of the map holds, in the layers of that map.
    SelectBox {
        /// Its corners in their order around it, Web Mercator metres: on a turned map it stands at an angle to the world.
        corners_world: [[f64; 2]; 4],
        /// The layers.
        shown: Shown,
        /// Whether touching is not enough.
        fully: bool,
        /// How.
        mode: SelectMode,
        /// Map scale's denominator: what is not drawn is not found.
        denominator: f64,
    },
    /// Rows that pass a filter.
    SelectWhere {
        /// Table name.
        layer: String,
        /// EXPR, as typed.
        filter: String,
        /// How.
        mode: SelectMode,
    },
    /// Every row of a layer.
    SelectAll(String),
    /// Nothing selected.
    ClearSelection,
    /// Another opacity of a layer on this screen alone, while the hand still moves: [`LayerCommand::Opacity`] keeps it.
    FadeLayer {
        /// Table name.
        layer: String,
        /// 0 is clear, 1 is solid.
        opacity: f32,
    },
    /// Opens, sorts or filters the attribute table.
    Table(TableCommand),
    /// Words typed into the search box.
    Search(String),
    /// A place to come back to, kept in the city file.
    AddBookmark(Bookmark),
    /// One bookmark less.
    RemoveBookmark(String),
    /// The photo files of the notes that are being written: they are read once, others are forgotten.
    NotePhotos(Vec<PathBuf>),
    /// Closes a notice.
    CloseNotice(u64),
}

/// What the attribute table shows.
#[derive(Debug)]
pub enum TableCommand {
    /// Rows of a layer.
    Open(String),
    /// No table.
    Close,
    /// Sorted by a field id, descending or not; `None` by row id.
    Sort(Option<(String, bool)>),
    /// Rows that pass an EXPR, as typed; empty for all.
    Filter(String),
    /// Selected rows alone.
    SelectedOnly(bool),
}

/// How the program behaves for this person on this machine.
#[derive(Clone, Debug)]
pub enum SettingsCommand {
    /// Language.
    Lang(Lang),
    /// Light or dark.
    Theme(Theme),
    /// The name that goes with each change.
    Author(String),
    /// Metres and kilometres, or mu and hectares.
    Units(Units),
    /// How coordinates are shown.
    Coordinates(CoordinateStyle),
    /// A coordinate system of one's own, in the place of one that was called `was`.
    KeepSystem {
        /// The name it had; none for a new one.
        was: Option<String>,
        /// What it is called.
        name: String,
        /// What it is.
        form: OwnForm,
    },
    /// Forgets a coordinate system of one's own, by its name. Layers that are in it stay in it.
    ForgetSystem(String),
    /// How sewers are rated, and what their repair costs.
    Sewer(super::sewer::settings::SewerSettings),
    /// The first-start page was seen.
    WelcomeSeen,
    /// How the window stands, for the next start.
    Window(WindowShape),
    /// Where a city is looked at, for the next time it is open.
    View(KeptView),
    /// Notes that are not finished, kept for the next time this city is open, in place of those kept before.
    KeepNotes {
        /// The city's file.
        city: PathBuf,
        /// None to forget them.
        notes: Vec<KeptNote>,
    },
}

/// A whole row as the form edits it.
#[derive(Clone, Debug, PartialEq)]
pub struct FormEdit {
    /// Table name.
    pub layer: String,
    /// What was there when the form was opened.
    pub old: Feature,
    /// What should be there.
    pub new: Feature,
}
