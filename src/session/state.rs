//! What the window reads of the open city: layers, save state, details, selection. Changed by the session alone.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::PathBuf;
use std::sync::{Arc, RwLock};

use crate::index::layer::LayerIndex;
pub use crate::io::format::CrsOrigin;
use crate::kinds::kind::{Group, Kind};
use crate::model::feature::Feature;
use crate::model::geometry::Bounds;
use crate::model::schema::Schema;
use crate::model::style::Style;
use crate::render::levels::Levels;
use crate::render::view::View;
use crate::text::encoding::Encoding;
use crate::text::{Lang, Text};

pub use super::ground::GroundView;

/// The open city, as the window sees it.
#[derive(Debug)]
pub struct CityView {
    /// The file.
    pub path: PathBuf,
    /// Why nothing can be changed, if so.
    pub read_only: Option<Text>,
    /// Whether its data are invented.
    pub is_sample: bool,
    /// Layers, topmost first.
    pub layers: Vec<LayerView>,
    /// Base maps under them, topmost first.
    pub grounds: Vec<GroundView>,
    /// What Ctrl+Z would take back.
    pub undo: Option<Text>,
    /// What Ctrl+Y would do again.
    pub redo: Option<Text>,
    /// How many commands are not on the disk yet.
    pub pending: usize,
    /// Local time of the last commit, `14:03:27`.
    pub saved_at: Option<String>,
    /// Places to come back to.
    pub bookmarks: Vec<Bookmark>,
    /// Grows with every change of what the map shows.
    pub revision: u64,
    /// The last changes of it.
    pub changes: VecDeque<Change>,
}

/// A change of what the map shows.
#[derive(Clone, Copy, Debug)]
pub struct Change {
    /// The revision that it made.
    revision: u64,
    /// The box that it touched; `None` for everything. Web Mercator metres.
    touched: Option<Bounds>,
    /// Whether the city is another, rather than more of it in memory.
    is_edit: bool,
}

/// Changes that are remembered; what was painted before them is painted anew.
const MOST_CHANGES: usize = 64;

/// A place to come back to.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Bookmark {
    /// Its name.
    pub name: String,
    /// Web Mercator metres.
    pub center_world: [f64; 2],
    /// World metres per logical pixel.
    pub metres_per_px: f64,
    /// Turn of the map, clockwise on the screen, radians; one kept by an older program has north up.
    #[serde(default)]
    pub rotation_rad: f64,
}

/// One layer of the open city.
#[derive(Clone, Debug)]
pub struct LayerView {
    /// Shape of its rows.
    pub schema: Arc<Schema>,
    /// Its kind, `plain` for what a file brought.
    pub kind: &'static Kind,
    /// Name in the layer tree.
    pub name: Text,
    /// Whether the eye is open.
    pub visible: bool,
    /// 0 is clear, 1 is solid.
    pub opacity: f32,
    /// Its place among the layers, as the file keeps it.
    pub place: LayerPlace,
    /// How it looks now.
    pub style: Arc<Style>,
    /// How it looks without a preview, as the file keeps it.
    pub kept_style: Arc<Style>,
    /// Whether that is a style of its own, not its kind's.
    pub has_own_style: bool,
    /// Rows.
    pub count: u64,
    /// Around all rows, Web Mercator metres; `None` while empty or without geometry.
    pub bounds_world: Option<Bounds>,
    /// Geometry in memory; `None` until it is read, or for rows without a place.
    pub index: Option<Arc<RwLock<LayerIndex>>>,
    /// What small scales show of a large layer; it may be there before the index is.
    pub levels: Option<Arc<Levels>>,
    /// Features of each row of its legend, in the order of [`legend::rows`](super::legend::rows); empty until the
    /// geometry is read, and where one row says it all.
    pub legend_counts: Arc<[u64]>,
    /// Length of what its group is measured by, metres; `None` for what is counted.
    pub length_m: Option<f64>,
}

/// Where a layer stands, as the file keeps it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LayerPlace {
    /// Ascending from the top of the map.
    pub position: i64,
    /// A group of its own in the layer tree; empty for the kind's.
    pub group: String,
    /// A style of its own, as kept in the file.
    pub own_style: Option<String>,
}

impl LayerView {
    /// Table name: the layer's word in commands.
    pub fn table(&self) -> &str {
        &self.schema.table
    }

    /// Where it stands in the layer tree.
    pub fn group(&self) -> Group {
        self.kind.group
    }

    /// Whether rows have a place.
    pub fn has_geometry(&self) -> bool {
        self.schema.geometry.is_some()
    }

    /// Whether all that a view shows of it is in memory.
    pub fn is_ready(&self, view: &View) -> bool {
        let suffice = |levels: &Arc<Levels>| levels.suffice(&self.schema, &self.style, view);
        !self.visible || !self.has_geometry() || self.index.is_some() || self.levels.as_ref().is_some_and(suffice)
    }
}

#[cfg(test)]
impl LayerView {
    /// An empty layer on nobody's ground, for the tests of panels.
    pub(crate) fn sample(schema: Schema, kind: &'static Kind) -> Self {
        Self {
            name: schema.name.clone(),
            schema: Arc::new(schema),
            kind,
            visible: true,
            opacity: 1.0,
            place: LayerPlace::default(),
            style: Arc::default(),
            kept_style: Arc::default(),
            has_own_style: false,
            count: 0,
            bounds_world: None,
            index: None,
            levels: None,
            legend_counts: Arc::default(),
            length_m: None,
        }
    }
}

impl CityView {
    /// Whether all that a view shows of the city is in memory.
    pub fn is_ready(&self, view: &View) -> bool {
        !self.layers.is_empty() && self.layers.iter().all(|layer| layer.is_ready(view))
    }

    /// Notes a change of what the map shows, in a box or everywhere.
    pub(super) fn change(&mut self, touched: Option<Bounds>) {
        self.remember(touched, true);
    }

    /// Notes that more of the city is in memory.
    pub(super) fn load(&mut self) {
        self.remember(None, false);
    }

    fn remember(&mut self, touched: Option<Bounds>, is_edit: bool) {
        self.revision += 1;
        self.changes.push_back(Change { revision: self.revision, touched, is_edit });
        if self.changes.len() > MOST_CHANGES {
            self.changes.pop_front();
        }
    }

    /// Whether a picture of `bounds` (Web Mercator metres) made at `revision`, perhaps of all layers whole, may be out of
    /// date.
    pub fn is_stale(&self, revision: u64, is_whole: bool, bounds: &Bounds) -> bool {
        if revision == self.revision {
            return false;
        }
        let newer = self.changes.iter().filter(|change| change.revision > revision);
        let known = newer.clone().count() as u64 == self.revision.saturating_sub(revision);
        let touches = |change: &Change| change.touched.is_none_or(|touched| touched.intersects(bounds));
        !known || newer.clone().any(|change| (change.is_edit || !is_whole) && touches(change))
    }

    /// A layer by table name.
    pub fn layer(&self, table: &str) -> Option<&LayerView> {
        self.layers.iter().find(|layer| layer.table() == table)
    }

    /// Around everything that has a place, Web Mercator metres.
    pub fn bounds_world(&self) -> Option<Bounds> {
        let all = self.layers.iter().filter_map(|layer| layer.bounds_world);
        all.reduce(|left, right| left.union(&right)).filter(|bounds| !bounds.is_empty())
    }

    /// Where to look first: the ground that is managed (its unit grid, else its sub-districts), else everything.
    pub fn home_world(&self) -> Option<Bounds> {
        let of = |kind: &str| self.layers.iter().find(|layer| layer.kind.id == kind)?.bounds_world;
        of("cell").or_else(|| of("street")).or_else(|| self.bounds_world())
    }
}

/// A feature by layer and row.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FeatureRef {
    /// Table name.
    pub layer: String,
    /// Row.
    pub id: i64,
}

/// Rows that are selected, by layer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Selection {
    /// Table name → rows.
    pub rows: BTreeMap<String, BTreeSet<i64>>,
    /// Grows with every change.
    pub revision: u64,
}

impl Selection {
    /// How many rows in all layers.
    pub fn len(&self) -> usize {
        self.rows.values().map(BTreeSet::len).sum()
    }

    /// Whether nothing is selected.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether a row is selected.
    pub fn contains(&self, layer: &str, id: i64) -> bool {
        self.rows.get(layer).is_some_and(|rows| rows.contains(&id))
    }
}

/// The feature that the details panel shows, and what else was under the pointer.
#[derive(Clone, Debug)]
pub struct Details {
    /// Everything that was under the pointer, topmost first.
    pub hits: Vec<FeatureRef>,
    /// Which of them is shown.
    pub current: usize,
    /// The row, once it is read.
    pub row: Option<DetailRow>,
}

/// One row with all that was worked out about it.
#[derive(Clone, Debug)]
pub struct DetailRow {
    /// Which.
    pub at: FeatureRef,
    /// The row itself.
    pub feature: Feature,
    /// Name, code or number: what a person calls it.
    pub title: String,
    /// Layer, road, street: where it belongs.
    pub subtitle: Text,
    /// Worked out: length, area, coordinates, cell, community, nearest road.
    pub derived: Vec<Derived>,
    /// Places among the values whose stored value says too little, and what a person reads there; `None` for nothing.
    pub instead: Vec<(usize, Option<Derived>)>,
    /// Its photos.
    pub photos: Vec<Photo>,
    /// Notes about it.
    pub notes: Vec<NoteBrief>,
    /// Around it, Web Mercator metres.
    pub bounds_world: Option<Bounds>,
}

/// One value that is worked out, not stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Derived {
    /// What it is.
    pub name: Text,
    /// Its value in both languages, with its unit.
    pub value: Text,
    /// The feature that it names, to go there.
    pub link: Option<FeatureRef>,
}

/// A photo, small.
#[derive(Clone, Debug)]
pub struct Photo {
    /// Row of the media table.
    pub id: i64,
    /// File name it came with.
    pub name: String,
    /// Width and height of the thumbnail, pixels.
    pub thumb_size: [usize; 2],
    /// Thumbnail, RGBA.
    pub thumb_rgba: Arc<[u8]>,
}

/// A note in a list.
#[derive(Clone, Debug)]
pub struct NoteBrief {
    /// Which.
    pub at: FeatureRef,
    /// Its text.
    pub text: String,
    /// Field id → value, for state, severity, author, time.
    pub feature: Feature,
    /// How many photos it has.
    pub photos: usize,
}

/// One line of the search results.
#[derive(Clone, Debug)]
pub struct Found {
    /// Heading under which it stands.
    pub group: Text,
    /// The name found.
    pub title: String,
    /// What and where it is.
    pub detail: Text,
    /// Where to go.
    pub target: FoundTarget,
}

/// What a search result leads to.
#[derive(Clone, Debug)]
pub enum FoundTarget {
    /// A feature.
    Feature(FeatureRef),
    /// A place, Web Mercator metres.
    Place([f64; 2]),
    /// A layer's table name.
    Layer(String),
    /// An action by id.
    Action(super::action::ActionId),
}

/// What the attribute table shows now.
#[derive(Clone, Debug)]
pub struct TableView {
    /// Table name.
    pub layer: String,
    /// Field id and whether descending.
    pub sort: Option<(String, bool)>,
    /// EXPR as typed.
    pub filter: String,
    /// What is wrong with the filter.
    pub filter_error: Option<Text>,
    /// Selected rows alone.
    pub selected_only: bool,
    /// Row ids in order; shared, since there may be a million.
    pub ids: Arc<Vec<i64>>,
    /// Whether a new order is being worked out (the old one stays on screen).
    pub loading: bool,
    /// Rows of the layer in all.
    pub total: u64,
}

/// A message to the person.
#[derive(Clone, Debug)]
pub struct Notice {
    /// Its id, to close it.
    pub id: u64,
    /// How bad.
    pub level: NoticeLevel,
    /// What happened, what was kept, what to do.
    pub text: Text,
    /// More, behind one click (a list of problems).
    pub details: Vec<crate::task::Problem>,
    /// What kind of doing failed, for an error that goes once the same goes well.
    pub about: Option<super::deed::Deed>,
    /// When it came, for closing itself.
    pub since: std::time::Instant,
}

/// How bad a notice is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoticeLevel {
    /// Worth knowing.
    Info,
    /// Done.
    Ok,
    /// Look at it.
    Warning,
    /// Stays until closed.
    Error,
}

/// A job that runs.
#[derive(Clone, Debug)]
pub struct JobView {
    /// Its id, to cancel it.
    pub id: super::command::JobId,
    /// What it does.
    pub title: Text,
    /// What it does now, and how far it is.
    pub report: Option<crate::task::Report>,
}

/// What an import would do, for the dialog.
#[derive(Clone, Debug)]
pub struct ImportPreview {
    /// The file.
    pub path: PathBuf,
    /// How it was asked to be read.
    pub read: super::command::ReadOptions,
    /// Name of its format.
    pub format: Text,
    /// The format's word on the command line.
    pub format_id: &'static str,
    /// Whether rows keep their place in columns that a person may choose.
    pub has_place_columns: bool,
    /// The columns of a table, those too that give the place.
    pub columns: Vec<String>,
    /// How the last file of the same shape was taken in.
    pub recipe: Option<super::import::recipe::Recipe>,
    /// Its CRS.
    pub crs: crate::geom::crs::Crs,
    /// How that is known.
    pub crs_origin: CrsOrigin,
    /// The encoding of its text, where its format leaves a choice.
    pub encoding: Option<Encoding>,
    /// How it was understood where it could be understood otherwise, with the evidence.
    pub understood: Vec<Text>,
    /// Its layers.
    pub layers: Vec<PreviewLayer>,
    /// What is wrong with single features.
    pub problems: Vec<crate::task::Problem>,
    /// What is wrong with the whole file: it cannot be taken in.
    pub refused: Option<Text>,
    /// Whether it lies where its CRS puts it, held against the city that is open; none without one.
    pub datum: Option<super::crs::datum::DatumVerdict>,
}

impl ImportPreview {
    /// The shape of the file: its layers and their columns.
    pub fn shape(&self) -> super::import::recipe::Shape {
        super::import::recipe::shape_of(self.layers.iter().map(|layer| (layer.name.as_str(), &layer.fields[..])))
    }

    /// A file of which nothing is known yet.
    pub(crate) fn of(path: PathBuf, crs: crate::geom::crs::Crs) -> Self {
        Self {
            path,
            read: super::command::ReadOptions::default(),
            format: Text::default(),
            format_id: "",
            has_place_columns: false,
            columns: Vec::new(),
            recipe: None,
            crs,
            crs_origin: CrsOrigin::default(),
            encoding: None,
            understood: Vec::new(),
            layers: Vec::new(),
            problems: Vec::new(),
            refused: None,
            datum: None,
        }
    }
}

/// One layer of a preview.
#[derive(Clone, Debug)]
pub struct PreviewLayer {
    /// Name in the file.
    pub name: String,
    /// Features.
    pub features: u64,
    /// Geometry.
    pub geometry: Option<crate::model::geometry::GeometryKind>,
    /// Columns as in the file.
    pub fields: Vec<crate::model::schema::Field>,
    /// The kind it looks like.
    pub guessed_kind: Option<&'static Kind>,
    /// First rows.
    pub sample: Vec<Feature>,
    /// Around it, Web Mercator metres, to show where it would lie.
    pub bounds_world: Option<Bounds>,
}

/// The text of a feature for a person: its title fields, or layer and number. In English its English name, if it has one.
pub fn title_of(kind: &Kind, schema: &Schema, feature: &Feature, lang: Lang) -> String {
    let words = |id: &str| {
        let index = schema.field_index(id)?;
        let text = schema.fields[index].display(feature.values.get(index)?, lang);
        (!text.trim().is_empty()).then_some(text)
    };
    let named = kind.title.iter().find_map(|&id| {
        let english = if id == "name" && lang == Lang::En { words("name_en") } else { None };
        english.or_else(|| words(id))
    });
    // What a file brought has no kind that says which of its fields is the name.
    let usual = || USUAL_NAMES.iter().find_map(|word| words(word));
    named.or_else(usual).unwrap_or_else(|| format!("{} {}", schema.name.get(lang), feature.id))
}

/// Fields that name a row in most files, the best first.
const USUAL_NAMES: [&str; 8] = ["name", "名称", "NAME", "title", "标题", "code", "编号", "CODE"];
