//! Many rows at once: what an import promises, and how it is fed into the file.
//!
//! One prepared statement per target and no index while rows come in; the R-tree is packed at the end. Everything is
//! one transaction, so stopping or failing leaves the file as it was.

use std::collections::BTreeSet;

use geopackage::GeoPackage;
use geopackage::core::ident::quote;
use rusqlite::{Connection, Statement};

use crate::model::feature::Feature;
use crate::model::geometry::Bounds;
use crate::model::schema::Schema;
use crate::text;
use crate::text::Text;

use super::append::{self, Paused, Range};
use super::bounds;
use super::catalog::{self, Table};
use super::codec::{In, Out};
use super::edit::fitting_geometry;
use super::error::StoreError;
use super::gpb::{self, Dimensions};
use super::layer_state;
use super::model_text::{self, NewModel};
use super::rows::Cell;
use super::schema_sql;
use super::source_text::{self, NewText};

/// A source of rows for the city; what the session makes of a file that is being read.
pub trait Import: Send {
    /// The layers that rows go to. Called once, before [`Import::feed`].
    fn targets(&self) -> Vec<Target>;

    /// Hands every row to `sink`, with its target's place in [`Import::targets`]. An error of the sink about one row
    /// ([`StoreError::Refused`]) may be noted and passed over; any other must end the feed.
    ///
    /// # Errors
    /// Why the rest does not come; the file stays as it was.
    fn feed(&mut self, sink: &mut dyn FnMut(usize, Feature) -> Result<(), StoreError>) -> Result<(), ImportStop>;

    /// Whether the city is to keep the text of the rows as it was in their file.
    fn keeps_texts(&self) -> bool {
        false
    }

    /// Hands over the texts, after the rows; `rows` are the ids of those that the sink took, for each target in their order.
    ///
    /// # Errors
    /// As [`Import::feed`].
    fn texts(
        &mut self,
        rows: &[Vec<i64>],
        sink: &mut dyn FnMut(NewText<'_>) -> Result<(), StoreError>,
    ) -> Result<(), ImportStop> {
        let _ = (rows, sink);
        Ok(())
    }

    /// Whether some rows are parts of a model whose whole text the city is to keep.
    fn keeps_models(&self) -> bool {
        false
    }

    /// Hands over the models, after the rows; `rows` as for [`Import::texts`].
    ///
    /// # Errors
    /// As [`Import::feed`].
    fn models(
        &mut self,
        rows: &[Vec<i64>],
        sink: &mut dyn FnMut(NewModel<'_>) -> Result<(), StoreError>,
    ) -> Result<(), ImportStop> {
        let _ = (rows, sink);
        Ok(())
    }
}

/// Where rows of an import go.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// The layer. When appending, only table name and field ids are looked at.
    pub schema: Schema,
    /// Whether the layer is there already and rows are added to it.
    pub append: bool,
}

/// Why an import ended before its end.
#[derive(Debug, thiserror::Error)]
pub enum ImportStop {
    /// The person stopped it.
    #[error("cancelled")]
    Cancelled,
    /// The source makes no sense.
    #[error("{}", .0.en)]
    Refused(Text),
    /// The file could not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<crate::task::Cancelled> for ImportStop {
    fn from(_: crate::task::Cancelled) -> Self {
        Self::Cancelled
    }
}

impl From<ImportStop> for StoreError {
    fn from(stop: ImportStop) -> Self {
        match stop {
            ImportStop::Cancelled => Self::Cancelled,
            ImportStop::Refused(what) => Self::refused(what),
            ImportStop::Store(error) => error,
        }
    }
}

/// What an import did to one layer, as the journal keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Imported {
    /// A layer that was not there before.
    New {
        /// Its table.
        table: String,
    },
    /// Rows of a layer that was.
    Appended {
        /// Its table.
        table: String,
        /// Its new rows.
        range: Range,
    },
}

/// Runs an import in the transaction that is open; returns what came in, and how many rows.
pub(super) fn run(package: &GeoPackage, import: &mut dyn Import) -> Result<(Vec<Imported>, u64), StoreError> {
    let targets = import.targets();
    let opened = open_targets(package, &targets)?;
    let conn = package.connection();
    conn.execute_batch("PRAGMA cache_size = -65536")?;
    let fed = fill(conn, import, &targets, &opened);
    let done = fed.and_then(|filled| {
        let rows = filled.iter().map(|filled| filled.count).sum();
        let settled = opened.into_iter().zip(&filled).map(|(opened, filled)| settle(package, opened, filled));
        let settled: Vec<Imported> = settled.collect::<Result<_, _>>()?;
        if import.keeps_texts() || import.keeps_models() {
            let tables: Vec<String> = settled.iter().map(|imported| imported.table().to_owned()).collect();
            let ids: Vec<Vec<i64>> = filled.into_iter().map(|filled| filled.ids.unwrap_or_default()).collect();
            if import.keeps_texts() {
                source_text::keep(conn, import, &tables, &ids)?;
            }
            if import.keeps_models() {
                model_text::keep(conn, import, &tables, &ids)?;
            }
        }
        Ok((settled, rows))
    });
    conn.execute_batch("PRAGMA cache_size = -8192")?;
    done
}

/// A target's table, ready to be filled; `paused` for one that was there before.
struct Opened {
    table: Table,
    paused: Option<Paused>,
}

fn open_targets(package: &GeoPackage, targets: &[Target]) -> Result<Vec<Opened>, StoreError> {
    let mut seen = BTreeSet::new();
    let mut opened = Vec::with_capacity(targets.len());
    // A new layer goes on top of those that are there: the last is made first, so that the first lies uppermost.
    for target in targets.iter().rev() {
        let name = &target.schema.table;
        if !seen.insert(name.to_lowercase()) {
            return Err(StoreError::refused(text!("图层“{name}”出现两次", "Layer “{name}” is named twice")));
        }
        if !target.append {
            opened.push(Opened { table: schema_sql::create(package, &target.schema)?, paused: None });
            continue;
        }
        let table = catalog::table(package.connection(), name)?;
        if !table.editable {
            return Err(StoreError::refused(text!(
                "图层“{name}”是只读视图",
                "Layer “{name}” is a view and cannot be edited"
            )));
        }
        let paused = Some(append::pause(package, &table)?);
        opened.push(Opened { table, paused });
    }
    opened.reverse();
    Ok(opened)
}

fn fill(
    conn: &Connection,
    import: &mut dyn Import,
    targets: &[Target],
    opened: &[Opened],
) -> Result<Vec<Filled>, StoreError> {
    let fillers = targets.iter().zip(opened).map(|(target, opened)| Filler::new(conn, target, &opened.table));
    let mut fillers = fillers.collect::<Result<Vec<_>, _>>()?;
    if import.keeps_texts() || import.keeps_models() {
        fillers.iter_mut().for_each(|filler| filler.filled.ids = Some(Vec::new()));
    }
    import.feed(&mut |target, feature| match fillers.get_mut(target) {
        Some(filler) => filler.add(feature),
        None => Err(StoreError::refused(Text::new("导入目标不存在", "The import has no such target"))),
    })?;
    Ok(fillers.into_iter().map(|filler| filler.filled).collect())
}

/// Index, extent and counts of one target after its rows are in.
fn settle(package: &GeoPackage, opened: Opened, filled: &Filled) -> Result<Imported, StoreError> {
    let conn = package.connection();
    let Opened { table, paused } = opened;
    let name = table.schema.table.clone();
    let done = if let Some(paused) = paused {
        let range = Range { first: filled.first, last: filled.last, count: filled.count };
        append::resume_after_insert(package, &table, paused, range)?;
        source_text::forget_rows(conn, &name, range.first, range.last)?;
        bounds::settle(conn, &table, &filled.bounds, &Bounds::EMPTY)?;
        Imported::Appended { table: name, range }
    } else {
        schema_sql::index(package, &table, filled.count)?;
        bounds::write(conn, &table, (!filled.bounds.is_empty()).then_some(filled.bounds))?;
        Imported::New { table: name }
    };
    bounds::declare_dimensions(conn, &table, filled.dimensions)?;
    layer_state::touch(conn, &table)?;
    Ok(done)
}

/// What went into one target.
struct Filled {
    first: i64,
    last: i64,
    count: u64,
    bounds: Bounds,
    dimensions: Dimensions,
    /// The ids of the rows, where they are asked for.
    ids: Option<Vec<i64>>,
}

/// One target's statement, and what went through it.
struct Filler<'a> {
    conn: &'a Connection,
    table: &'a Table,
    statement: Statement<'a>,
    /// How many values a row has.
    width: usize,
    keeps_ids: bool,
    blob: Vec<u8>,
    filled: Filled,
}

impl<'a> Filler<'a> {
    fn new(conn: &'a Connection, target: &Target, table: &'a Table) -> Result<Self, StoreError> {
        let mut names = vec![table.key.clone()];
        if let Some(column) = &table.geometry {
            names.push(quote(&column.name)?);
        }
        for field in &target.schema.fields {
            names.push(table.field(&field.id)?.1);
        }
        let marks = vec!["?"; names.len()].join(", ");
        let sql = format!("INSERT INTO {} ({}) VALUES ({marks})", table.quoted()?, names.join(", "));
        let statement = conn.prepare(&sql)?;
        let (bounds, dimensions) = (Bounds::EMPTY, Dimensions::default());
        let filled = Filled { first: 0, last: 0, count: 0, bounds, dimensions, ids: None };
        let width = target.schema.fields.len();
        Ok(Self { conn, table, statement, width, keeps_ids: !target.append, blob: Vec::new(), filled })
    }

    fn add(&mut self, feature: Feature) -> Result<(), StoreError> {
        let id = Some(feature.id).filter(|id| self.keeps_ids && *id != 0);
        let row = self.fitting(feature)?;
        self.statement.raw_bind_parameter(1, id)?;
        let mut place = 2;
        let mut around = Bounds::EMPTY;
        if let Some(column) = &self.table.geometry {
            match &row.geometry {
                Some(geometry) => {
                    around = gpb::encode(geometry, column.srs_id, &mut self.blob);
                    self.filled.dimensions.include(gpb::dimensions(geometry));
                    self.statement.raw_bind_parameter(2, &self.blob[..])?;
                }
                None => self.statement.raw_bind_parameter(2, rusqlite::types::Null)?,
            }
            place = 3;
        }
        for (at, value) in row.values.iter().enumerate() {
            self.statement.raw_bind_parameter(place + at, Cell(value))?;
        }
        self.statement.raw_execute()?;
        let id = self.conn.last_insert_rowid();
        let filled = &mut self.filled;
        filled.first = if filled.count == 0 { id } else { filled.first.min(id) };
        filled.last = if filled.count == 0 { id } else { filled.last.max(id) };
        filled.count += 1;
        if let Some(ids) = &mut filled.ids {
            ids.push(id);
        }
        filled.bounds = filled.bounds.union(&around);
        Ok(())
    }

    /// As many values as the target promised, geometry as the table wants it.
    fn fitting(&self, feature: Feature) -> Result<Feature, StoreError> {
        let (found, expected) = (feature.values.len(), self.width);
        if found != expected {
            return Err(StoreError::refused(text!(
                "要素有 {found} 个属性值，应有 {expected} 个",
                "The feature has {found} values instead of {expected}"
            )));
        }
        let plain = feature.geometry.as_ref().is_none_or(|it| Some(it.kind()) == self.table.schema.geometry);
        if plain {
            return Ok(feature);
        }
        let geometry = feature.geometry.map(|geometry| fitting_geometry(self.table, geometry)).transpose()?;
        Ok(Feature { geometry, ..feature })
    }
}

impl Imported {
    /// The layer's table.
    pub(super) fn table(&self) -> &str {
        match self {
            Self::New { table } | Self::Appended { table, .. } => table,
        }
    }

    pub(super) fn write(&self, out: &mut Out) {
        out.bytes(self.table().as_bytes());
        match self {
            Self::New { .. } => out.number(0),
            Self::Appended { range, .. } => {
                out.number(1);
                out.signed(range.first);
                out.signed(range.last);
                out.number(range.count);
            }
        }
    }

    pub(super) fn read(input: &mut In<'_>) -> Option<Self> {
        let table = input.text()?;
        Some(match input.number()? {
            0 => Self::New { table },
            1 => {
                let range = Range { first: input.signed()?, last: input.signed()?, count: input.number()? };
                Self::Appended { table, range }
            }
            _ => return None,
        })
    }
}
