//! An answer of the sewer workbench as a person reads and sees it: a head, sums, tables whose rows lead to features, and
//! lines and marks over the map. Made by the job that asked, so that the window only has to draw.

mod condition;
mod findings;
mod loads;
mod overview;
mod pipe;
mod profile;
mod progress;
mod ways;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::geometry::Bounds;
use crate::model::schema::Field;
use crate::model::value::Value;
use crate::task::Task;
use crate::text::Text;
use crate::trades::sewer::pipe::{RowRef, System};

use super::live::LiveNetwork;
use super::{SewerAnswer, SewerDesk};
use crate::session::answer::Failure;
use crate::session::place;
use crate::session::state::FeatureRef;

pub use condition::cell_words;

/// Most rows of a table in the window; files have all of them.
pub const MOST_ROWS: usize = 200_000;

/// See the module's head.
#[derive(Clone, Debug, Default)]
pub struct SewerShown {
    /// What it is about: `WS-0417 以上`.
    pub title: Text,
    /// A second, smaller line.
    pub subtitle: Text,
    /// One line for the strip over the map; empty for none.
    pub strip: Text,
    /// Numbers, one a line.
    pub sums: Vec<Sum>,
    /// Amounts as bars.
    pub bars: Vec<Bars>,
    /// What the numbers rest on.
    pub notes: Vec<Text>,
    /// Lists.
    pub tables: Vec<ShownTable>,
    /// What lies over the map.
    pub drawing: Arc<Drawing>,
    /// Tables of the layers that rows name by number.
    pub layers: Layers,
}

/// A number with its name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sum {
    /// What it is.
    pub name: Text,
    /// How much.
    pub value: Text,
    /// A part of the line above.
    pub is_part: bool,
    /// Somebody should look at it.
    pub is_bad: bool,
}

impl Sum {
    /// A plain line.
    pub fn new(name: Text, value: Text) -> Self {
        Self { name, value, ..Self::default() }
    }

    /// The same as a part of the line above.
    #[must_use]
    pub fn part(self) -> Self {
        Self { is_part: true, ..self }
    }

    /// The same, to be looked at if `is_bad`.
    #[must_use]
    pub fn bad(self, is_bad: bool) -> Self {
        Self { is_bad, ..self }
    }
}

/// Amounts that are compared by eye.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bars {
    /// What is compared.
    pub name: Text,
    /// One bar each.
    pub bars: Vec<Bar>,
}

/// One amount.
#[derive(Clone, Debug, PartialEq)]
pub struct Bar {
    /// Of what.
    pub name: Text,
    /// How much, for the length of the bar.
    pub amount: f64,
    /// How much, in words.
    pub words: Text,
    /// Its colour.
    pub tone: Tone,
}

/// What a colour stands for; the window knows the colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Tone {
    /// Storm water.
    Storm,
    /// Sewage.
    Foul,
    /// Both.
    Combined,
    /// Nobody knows.
    #[default]
    Unknown,
    /// A grade of CJJ 181, 1 to 4.
    Grade(u8),
    /// A step of five, the lightest first.
    Step(u8),
    /// What was asked about.
    Accent,
    /// In order.
    Good,
    /// Look at this.
    Warn,
    /// This is wrong.
    Bad,
    /// Worth knowing.
    Info,
}

impl Tone {
    /// The colour of what a pipe carries.
    pub fn of_system(system: System) -> Self {
        match system {
            System::Storm => Self::Storm,
            System::Foul => Self::Foul,
            System::Combined => Self::Combined,
            System::Unknown => Self::Unknown,
        }
    }
}

/// A list.
#[derive(Clone, Debug)]
pub struct ShownTable {
    /// A word that tells it apart, for what the window remembers of it.
    pub id: &'static str,
    /// What it lists.
    pub name: Text,
    /// Its columns.
    pub fields: Vec<Field>,
    /// Its rows.
    pub rows: Vec<ShownRow>,
    /// Rows that are not listed because there are too many.
    pub omitted: usize,
}

impl ShownTable {
    /// A list without rows yet.
    pub fn new(id: &'static str, name: Text, fields: Vec<Field>) -> Self {
        Self { id, name, fields, rows: Vec::new(), omitted: 0 }
    }

    /// One row more, or one more that is only counted.
    pub fn push(&mut self, row: ShownRow) {
        if self.rows.len() < MOST_ROWS {
            self.rows.push(row);
        } else {
            self.omitted += 1;
        }
    }
}

/// A row of a list.
#[derive(Clone, Debug, Default)]
pub struct ShownRow {
    /// The feature that it is about.
    pub at: Option<RowRef>,
    /// Where it is, Web Mercator metres, where that is another place than the feature's.
    pub place_world: Option<[f64; 2]>,
    /// Its values, one a column.
    pub values: Vec<Value>,
    /// Its colour, where one says something.
    pub tone: Option<Tone>,
}

/// Names of layers by number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layers {
    tables: Vec<String>,
}

impl Layers {
    /// Those of the network, under its own numbers.
    pub fn of(live: &LiveNetwork) -> Self {
        Self { tables: live.layers.iter().map(|layer| layer.schema.table.clone()).collect() }
    }

    /// The number of a layer; a new one if it has none.
    pub fn number(&mut self, table: &str) -> u16 {
        if let Some(at) = self.tables.iter().position(|known| known == table) {
            return at as u16;
        }
        self.tables.push(table.to_owned());
        (self.tables.len() - 1) as u16
    }

    /// A row's number by its name.
    pub fn row(&mut self, at: &FeatureRef) -> RowRef {
        RowRef { layer: self.number(&at.layer), id: at.id }
    }

    /// A row's name by its number.
    pub fn feature(&self, row: RowRef) -> Option<FeatureRef> {
        let layer = self.tables.get(usize::from(row.layer))?.clone();
        Some(FeatureRef { layer, id: row.id })
    }

    /// Rows by layer, as a selection wants them.
    pub fn by_layer(&self, rows: impl IntoIterator<Item = RowRef>) -> BTreeMap<String, Vec<i64>> {
        let mut found: BTreeMap<u16, Vec<i64>> = BTreeMap::new();
        rows.into_iter().for_each(|row| found.entry(row.layer).or_default().push(row.id));
        let name = |layer: u16| self.tables.get(usize::from(layer)).cloned();
        found.into_iter().filter_map(|(layer, ids)| Some((name(layer)?, ids))).collect()
    }
}

/// Lines and marks over the map, Web Mercator metres.
#[derive(Clone, Debug, Default)]
pub struct Drawing {
    /// Positions of all lines, one after the other.
    pub positions: Vec<[f64; 2]>,
    /// The lines, along the flow.
    pub lines: Vec<DrawnLine>,
    /// Marks.
    pub points: Vec<DrawnPoint>,
    /// Whether the rest of the map steps back.
    pub dims: bool,
    /// Around all of it.
    pub bounds: Option<Bounds>,
}

/// One line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DrawnLine {
    /// Its feature.
    pub at: RowRef,
    /// Its first position.
    pub from: u32,
    /// Behind its last position.
    pub to: u32,
    /// Its colour.
    pub tone: Tone,
    /// Whether the yellow of a trace lies under it.
    pub is_lit: bool,
}

/// One mark.
#[derive(Clone, Debug, PartialEq)]
pub struct DrawnPoint {
    /// Where.
    pub at_world: [f64; 2],
    /// Which mark.
    pub mark: Mark,
    /// Its colour.
    pub tone: Tone,
    /// Words beside it; empty for none.
    pub words: Text,
    /// The feature that a click shows.
    pub at: Option<RowRef>,
}

/// How a mark looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// A ring with a dot: where a question was asked.
    Start,
    /// A hollow ring: the farthest end.
    Far,
    /// A small disc: a finding, with its number where it has one.
    Finding(u32),
    /// A cross over the pipe: closed.
    Closed,
    /// A bar across the pipe with a numeral: a defect of this grade.
    Defect(u8),
}

impl Drawing {
    /// Adds a line that is given in degrees, along the flow.
    pub fn add_line(&mut self, at: RowRef, lonlat: impl IntoIterator<Item = [f64; 2]>, tone: Tone, is_lit: bool) {
        let from = self.positions.len();
        self.positions.extend(lonlat.into_iter().map(place::world_from_lonlat));
        if self.positions.len() - from < 2 {
            self.positions.truncate(from);
            return;
        }
        let bounds = self.bounds.get_or_insert(Bounds::EMPTY);
        self.positions[from..].iter().for_each(|position| bounds.extend(*position));
        self.lines.push(DrawnLine { at, from: from as u32, to: self.positions.len() as u32, tone, is_lit });
    }

    /// Adds a pipe of the network.
    pub fn add_pipe(&mut self, live: &LiveNetwork, pipe: u32, tone: Tone, is_lit: bool) {
        if let Some(row) = live.sewers.pipe(pipe).map(|pipe| pipe.row) {
            self.add_line(row, live.sewers.line_along(pipe), tone, is_lit);
        }
    }

    /// Adds a mark at a place in degrees.
    pub fn add_point(&mut self, lonlat: [f64; 2], point: DrawnPoint) {
        let at_world = place::world_from_lonlat(lonlat);
        self.bounds.get_or_insert(Bounds::EMPTY).extend(at_world);
        self.points.push(DrawnPoint { at_world, ..point });
    }

    /// The positions of a line.
    pub fn path(&self, line: &DrawnLine) -> &[[f64; 2]] {
        &self.positions[line.from as usize..line.to as usize]
    }
}

impl DrawnPoint {
    /// A mark without words; [`Drawing::add_point`] puts it in its place.
    pub fn new(mark: Mark, tone: Tone) -> Self {
        Self { at_world: [0.0; 2], mark, tone, words: Text::default(), at: None }
    }
}

impl SewerShown {
    /// What a person reads and sees of an answer.
    ///
    /// # Errors
    /// The city cannot be read; cancelled.
    pub(super) fn of(desk: &SewerDesk, answer: &SewerAnswer, task: &mut Task<'_>) -> Result<Self, Failure> {
        match answer {
            SewerAnswer::Summary(found) => desk.with(task, |live| overview::summary(live, found)),
            SewerAnswer::Trace(found) => desk.with(task, |live| ways::trace(live, found)),
            SewerAnswer::Path(found) => desk.with(task, |live| ways::path(live, found)),
            SewerAnswer::Close(found) => desk.with(task, |live| ways::close(live, found)),
            SewerAnswer::Longest(found) => desk.with(task, |live| ways::longest(live, found)),
            SewerAnswer::Profile(found) => desk.with(task, |live| profile::profile(live, found)),
            SewerAnswer::Basins(found) => desk.with(task, |live| loads::basins(live, found)),
            SewerAnswer::Users(found) => desk.with(task, |live| loads::users(live, found)),
            SewerAnswer::Capacity(found) => desk.with(task, |live| loads::capacity(live, found)),
            SewerAnswer::Condition(report) => desk.with(task, |live| condition::rated(live, report)),
            SewerAnswer::Plan(report) => desk.with(task, |live| condition::planned(live, report)),
            SewerAnswer::Inspected(found) => Ok(condition::inspected(found)),
            SewerAnswer::Check(report) => desk.with(task, |live| findings::checks(live, report)),
            SewerAnswer::Progress(found) => desk.with(task, |live| progress::progress(live, found)),
            SewerAnswer::Cross(report) => desk.with(task, |live| findings::cross(live, report)),
            SewerAnswer::Pipe(Some(card)) => desk.with(task, |live| pipe::card(live, card)),
            SewerAnswer::Pipe(None) | SewerAnswer::Defects(_) => Ok(Self::default()),
        }
    }

    /// Every feature of the answer: what the lines are, and what the rows of its first table are about.
    pub fn features(&self) -> BTreeMap<String, Vec<i64>> {
        let lines = self.drawing.lines.iter().map(|line| line.at);
        let listed = self.tables.first().map(|table| table.rows.iter().filter_map(|row| row.at)).into_iter().flatten();
        let mut rows: Vec<RowRef> = lines.chain(listed).collect();
        rows.sort_unstable();
        rows.dedup();
        self.layers.by_layer(rows)
    }
}

/// `10.88 km`, or metres under one kilometre.
pub(super) fn length(length_m: f64) -> Text {
    Text::same(length_words(length_m))
}

pub(super) fn length_words(length_m: f64) -> String {
    if length_m.abs() < 1000.0 {
        format!("{length_m:.1} m")
    } else {
        format!("{} km", place::grouped(length_m / 1000.0, 2))
    }
}

/// `36,412`.
pub(super) fn count(count: usize) -> Text {
    Text::same(place::grouped(count as f64, 0))
}
