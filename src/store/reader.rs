//! Reading the city: a connection of one's own, which never waits for the writer and never sees half a command.

use std::cell::{Cell as StdCell, RefCell};
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use geopackage::core::ident::quote;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Row, params_from_iter};

use crate::model::feature::Feature;
use crate::model::geometry::Bounds;
use crate::model::schema::Schema;
use crate::model::value::Value;
use crate::task::Cancel;
use crate::text::Text;

use super::adopt;
use super::append::count_all;
use super::bounds;
use super::catalog::{self, Table, exists};
use super::command::LayerState;
use super::connect::{Shared, Slot};
use super::error::StoreError;
use super::gpb;
use super::journal::{self, Step};
use super::layer_state;
use super::media::{self, PhotoInfo};
use super::query::{Clauses, Query, clauses, matching};
use super::rows::{self, Cell, select_list, stored_of, value_of};
use super::schema_sql;
use super::search;

/// A layer of the city, without its rows.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerInfo {
    /// What the rows mean.
    pub schema: Schema,
    /// Name, place, opacity, style.
    pub state: LayerState,
    /// Whether it is drawn.
    pub visible: bool,
    /// How many rows.
    pub count: u64,
    /// Extent in the layer's CRS, as the file declares it or its R-tree says.
    pub bounds: Option<Bounds>,
    /// Grows with every change that we make to the layer's rows.
    pub revision: i64,
    /// Whether rows can be changed: a view's cannot.
    pub editable: bool,
    /// Whether the file has an R-tree of it.
    pub indexed: bool,
}

/// A read-only connection. It can be sent to another thread, not shared.
///
/// Callbacks must not ask the same reader again: that is refused.
pub struct Reader {
    slot: Arc<Slot>,
    shared: Arc<Shared>,
    tables: RefCell<Tables>,
    snapshot: StdCell<bool>,
}

/// Descriptions of tables, as long as nobody commits.
#[derive(Default)]
struct Tables {
    version: i64,
    by_name: BTreeMap<String, Arc<Table>>,
}

/// Counts a reader as busy while it lives.
struct Busy<'a>(&'a Shared);

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.reading_now.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Reader {
    pub(super) fn new(shared: Arc<Shared>) -> Result<Self, StoreError> {
        if shared.is_closing() {
            return Err(StoreError::Closed);
        }
        let slot = shared.new_slot()?;
        Ok(Self { slot, shared, tables: RefCell::default(), snapshot: StdCell::new(false) })
    }

    /// From now on, and until it is dropped, this reader sees the city as it is at this moment.
    ///
    /// Do not wait for a [`Ticket`](super::command::Ticket) on the thread that holds one: the first command after opening
    /// may have to wait for all readers.
    ///
    /// # Errors
    /// `Closed`, and what SQLite says.
    pub fn snapshot(&self) -> Result<(), StoreError> {
        if self.snapshot.get() {
            return Ok(());
        }
        self.with(|conn| {
            conn.execute_batch("BEGIN")?;
            Ok(conn.query_row("SELECT count(*) FROM sqlite_master", [], |_| Ok(()))?)
        })?;
        self.snapshot.set(true);
        self.shared.reading_now.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    /// Lets `cancel` stop a query that is running, which then fails with `Cancelled`.
    ///
    /// # Errors
    /// `Closed`.
    pub fn stop_with(&self, cancel: Cancel) -> Result<(), StoreError> {
        self.with(|conn| Ok(conn.progress_handler(2000, Some(move || cancel.is_cancelled()))?))
    }

    /// Moves whenever another connection has committed something.
    ///
    /// # Errors
    /// `Closed`.
    pub fn data_version(&self) -> Result<i64, StoreError> {
        self.with(data_version)
    }

    /// Every layer, from the top of the layer tree to its bottom.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn layers(&self) -> Result<Vec<LayerInfo>, StoreError> {
        self.with(|conn| {
            let mut layers = Vec::new();
            for (place, contents) in catalog::contents(conn)?.iter().enumerate() {
                let table = catalog::describe(conn, contents)?;
                let kept = layer_state::kept(conn, contents, place)?;
                let count = count_of(conn, &table)?;
                let indexed = table.index()?.is_some();
                let bounds = contents.bounds.map_or_else(|| bounds::rough(conn, &table), |known| Ok(Some(known)))?;
                layers.push(LayerInfo {
                    schema: table.schema,
                    state: kept.state,
                    visible: kept.visible,
                    count,
                    bounds,
                    revision: kept.revision,
                    editable: table.editable,
                    indexed,
                });
            }
            layers.sort_by_key(|layer| layer.state.position);
            Ok(layers)
        })
    }

    /// The shape of a layer's rows.
    ///
    /// # Errors
    /// `UnknownLayer`.
    pub fn schema(&self, table: &str) -> Result<Schema, StoreError> {
        self.with(|conn| Ok(self.table(conn, table)?.schema.clone()))
    }

    /// One row.
    ///
    /// # Errors
    /// `UnknownLayer`.
    pub fn feature(&self, table: &str, id: i64) -> Result<Option<Feature>, StoreError> {
        self.with(|conn| Ok(rows::find(conn, &*self.table(conn, table)?, id)?.map(|row| row.feature)))
    }

    /// Rows by their ids, in that order; those that are not there are left out.
    ///
    /// # Errors
    /// `UnknownLayer`.
    pub fn features(&self, table: &str, ids: &[i64]) -> Result<Vec<Feature>, StoreError> {
        self.with(|conn| {
            let table = self.table(conn, table)?;
            let found = ids.iter().map(|id| rows::find(conn, &table, *id));
            Ok(found.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().map(|row| row.feature).collect())
        })
    }

    /// Hands every row of a query to `f`, until it breaks off.
    ///
    /// # Errors
    /// `UnknownLayer`, `UnknownField`, `Cancelled`.
    pub fn query(
        &self,
        table: &str,
        query: &Query,
        f: &mut dyn FnMut(Feature) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        self.with(|conn| {
            let table = self.table(conn, table)?;
            let all: Vec<usize> = (0..table.schema.fields.len()).collect();
            each(conn, &select_list(&table, &all)?, clauses(&table, query)?, &mut |row| {
                Ok(f(stored_of(row, &table.schema.fields)?.feature))
            })
        })
    }

    /// The ids of a query's rows, in its order.
    ///
    /// # Errors
    /// `UnknownLayer`, `UnknownField`, `Cancelled`.
    pub fn ids(&self, table: &str, query: &Query) -> Result<Vec<i64>, StoreError> {
        self.with(|conn| {
            let table = self.table(conn, table)?;
            let mut ids = Vec::new();
            each(conn, &table.key, clauses(&table, query)?, &mut |row| {
                ids.push(row.get(0)?);
                Ok(ControlFlow::Continue(()))
            })?;
            Ok(ids)
        })
    }

    /// How many rows match a query; its order, limit and offset do not count.
    ///
    /// # Errors
    /// `UnknownLayer`, `UnknownField`, `Cancelled`.
    pub fn count(&self, table: &str, query: &Query) -> Result<u64, StoreError> {
        self.with(|conn| {
            let table = self.table(conn, table)?;
            if query.filter.is_none() && query.bounds.is_none() && query.ids.is_none() {
                return count_of(conn, &table);
            }
            let Clauses { sql, bound } = matching(&table, query)?;
            let mut statement = conn.prepare_cached(&format!("SELECT count(*){sql}"))?;
            let count: i64 = statement.query_row(params_from_iter(bound.iter().map(Cell)), |row| row.get(0))?;
            Ok(count.unsigned_abs())
        })
    }

    /// Hands id, geometry and some values of every row, in the table's order, to `f`: for those who go through a
    /// million of them. The geometry is well-known binary as it stands in the file, in either byte order and not yet
    /// checked ([`Geometry::from_wkb`](crate::model::geometry::Geometry::from_wkb) takes it), empty for none.
    ///
    /// # Errors
    /// `UnknownLayer`, `UnknownField`, `Cancelled`.
    pub fn scan(
        &self,
        table: &str,
        bounds: Option<Bounds>,
        fields: &[String],
        f: &mut dyn FnMut(i64, &[u8], &[Value]) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        self.scan_rows(table, &Query { bounds, ..Query::default() }, fields, f)
    }

    /// The same for rows with an id from here to there, both included: for those who share the work.
    ///
    /// # Errors
    /// `UnknownLayer`, `UnknownField`, `Cancelled`.
    pub fn scan_ids(
        &self,
        table: &str,
        ids: [i64; 2],
        fields: &[String],
        f: &mut dyn FnMut(i64, &[u8], &[Value]) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        self.scan_rows(table, &Query { ids: Some(ids), ..Query::default() }, fields, f)
    }

    /// The least and the greatest id of a layer; `None` if it is empty.
    ///
    /// # Errors
    /// `UnknownLayer`.
    pub fn id_range(&self, table: &str) -> Result<Option<[i64; 2]>, StoreError> {
        self.with(|conn| {
            let table = self.table(conn, table)?;
            // Two looks into the tree; asked for together, the whole table is walked through.
            let least = format!(
                "SELECT (SELECT min({key}) FROM {from}), (SELECT max({key}) FROM {from})",
                key = table.key,
                from = table.from
            );
            let ends = conn.query_row(&least, [], |row| Ok([row.get::<_, Option<i64>>(0)?, row.get(1)?]))?;
            Ok(ends[0].zip(ends[1]).map(|(least, greatest)| [least, greatest]))
        })
    }

    fn scan_rows(
        &self,
        table: &str,
        query: &Query,
        fields: &[String],
        f: &mut dyn FnMut(i64, &[u8], &[Value]) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        self.with(|conn| {
            let table = self.table(conn, table)?;
            let wanted = wanted(&table, fields)?;
            let types: Vec<_> = wanted.iter().map(|&at| table.schema.fields[at].field_type).collect();
            let mut values = vec![Value::Null; wanted.len()];
            each(conn, &select_list(&table, &wanted)?, matching(&table, query)?, &mut |row| {
                for (at, (value, field_type)) in values.iter_mut().zip(&types).enumerate() {
                    *value = value_of(row.get_ref(at + 2)?, *field_type);
                }
                let wkb = match row.get_ref(1)? {
                    ValueRef::Blob(blob) => gpb::wkb_of(blob).unwrap_or_default(),
                    _ => &[],
                };
                Ok(f(row.get(0)?, wkb, &values))
            })
        })
    }

    /// Some values of rows by their ids, in that order; those that are not there are left out.
    ///
    /// # Errors
    /// `UnknownLayer`, `UnknownField`.
    pub fn rows(&self, table: &str, ids: &[i64], fields: &[String]) -> Result<Vec<(i64, Vec<Value>)>, StoreError> {
        self.with(|conn| {
            let table = self.table(conn, table)?;
            let wanted = wanted(&table, fields)?;
            let columns = wanted.iter().map(|&at| Ok(quote(&table.schema.fields[at].id)?));
            let columns = columns.collect::<Result<Vec<_>, StoreError>>()?;
            let list = [vec![table.key.clone()], columns].concat().join(", ");
            let sql = format!("SELECT {list} FROM {} WHERE {} = ?1", table.from, table.key);
            let mut statement = conn.prepare_cached(&sql)?;
            let mut found = Vec::with_capacity(ids.len());
            for id in ids {
                let row = statement.query_row([id], |row| {
                    let values = wanted.iter().enumerate();
                    let values = values
                        .map(|(at, &field)| Ok(value_of(row.get_ref(at + 1)?, table.schema.fields[field].field_type)));
                    Ok((*id, values.collect::<rusqlite::Result<_>>()?))
                });
                found.extend(row.optional()?);
            }
            Ok(found)
        })
    }

    /// The values that occur in a field and how often, most frequent first; what is unknown too.
    ///
    /// # Errors
    /// `UnknownLayer`, `UnknownField`, `Cancelled`.
    pub fn distinct(&self, table: &str, field: &str, limit: usize) -> Result<Vec<(Value, u64)>, StoreError> {
        self.with(|conn| {
            let table = self.table(conn, table)?;
            let (at, column) = table.field(field)?;
            let sql = format!(
                "SELECT {column}, count(*) FROM {} GROUP BY {column} ORDER BY count(*) DESC, {column} LIMIT ?1",
                table.from
            );
            let mut statement = conn.prepare_cached(&sql)?;
            let found = statement.query_map([i64::try_from(limit).unwrap_or(i64::MAX)], |row| {
                let value = value_of(row.get_ref(0)?, table.schema.fields[at].field_type);
                Ok((value, row.get::<_, i64>(1)?.unsigned_abs()))
            })?;
            Ok(found.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Rows in which every one of `words` occurs in one of `fields`, letter case aside, or spells the sound of Chinese
    /// words there, with the values of `fields`.
    ///
    /// # Errors
    /// `UnknownLayer`, `UnknownField`, `Cancelled`.
    pub fn search(
        &self,
        table: &str,
        fields: &[String],
        words: &[&str],
        limit: usize,
    ) -> Result<Vec<(i64, Vec<Value>)>, StoreError> {
        self.with(|conn| {
            let table = self.table(conn, table)?;
            search::run(conn, &table, &wanted(&table, fields)?, words, limit)
        })
    }

    /// The journal, oldest step first.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn history(&self) -> Result<Vec<Step>, StoreError> {
        self.with(journal::history)
    }

    /// What undo would take back.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn undo_label(&self) -> Result<Option<Text>, StoreError> {
        self.with(|conn| Ok(journal::next_step(conn, false)?.map(|step| step.label)))
    }

    /// What redo would do again.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn redo_label(&self) -> Result<Option<Text>, StoreError> {
        self.with(|conn| Ok(journal::next_step(conn, true)?.map(|step| step.label)))
    }

    /// The photos of a row, without their bytes.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn photos(&self, table: &str, id: i64) -> Result<Vec<PhotoInfo>, StoreError> {
        self.with(|conn| media::list(conn, table, id))
    }

    /// How many photos each row of a layer has; rows without any are left out.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn photo_counts(&self, table: &str) -> Result<BTreeMap<i64, usize>, StoreError> {
        self.with(|conn| media::counts(conn, table))
    }

    /// A photo's bytes as they came.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn photo(&self, photo: i64) -> Result<Option<Vec<u8>>, StoreError> {
        self.with(|conn| media::bytes(conn, photo, false))
    }

    /// A photo's small picture, if it came with one.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn thumbnail(&self, photo: i64) -> Result<Option<Vec<u8>>, StoreError> {
        self.with(|conn| media::bytes(conn, photo, true))
    }

    /// What is kept under a key.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn setting(&self, key: &str) -> Result<Option<String>, StoreError> {
        self.with(|conn| adopt::setting(conn, key))
    }

    /// Keys that begin with `start`, and what is kept under them.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn settings(&self, start: &str) -> Result<Vec<(String, String)>, StoreError> {
        self.with(|conn| {
            if !exists(conn, "citygrid_settings")? {
                return Ok(Vec::new());
            }
            let sql = "SELECT key, value FROM citygrid_settings WHERE substr(key, 1, length(?1)) = ?1 ORDER BY key";
            let mut statement = conn.prepare_cached(sql)?;
            let found = statement.query_map([start], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(found.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Runs `f` on the connection, unless the city is closed or this reader is in a callback.
    pub(super) fn with<T>(&self, f: impl FnOnce(&Connection) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let Ok(package) = self.slot.package.try_lock() else {
            return Err(if self.shared.is_closing() {
                StoreError::Closed
            } else {
                StoreError::refused(Text::new("读取尚未结束", "The reader is still reading"))
            });
        };
        let Some(package) = package.as_ref().filter(|_| !self.shared.is_closing()) else {
            return Err(StoreError::Closed);
        };
        self.shared.reading_now.fetch_add(1, Ordering::SeqCst);
        let _busy = Busy(&self.shared);
        f(package.connection()).map_err(|error| match error {
            StoreError::Cancelled if self.shared.is_closing() => StoreError::Closed,
            other => other,
        })
    }

    /// The description of a table, made anew when somebody has committed since.
    fn table(&self, conn: &Connection, name: &str) -> Result<Arc<Table>, StoreError> {
        let version = data_version(conn)?;
        let mut tables = self.tables.borrow_mut();
        if tables.version != version {
            *tables = Tables { version, by_name: BTreeMap::new() };
        }
        if let Some(table) = tables.by_name.get(name) {
            return Ok(Arc::clone(table));
        }
        let table = Arc::new(catalog::table(conn, name)?);
        tables.by_name.insert(name.to_owned(), Arc::clone(&table));
        Ok(table)
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        if self.snapshot.get() {
            self.shared.reading_now.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

fn data_version(conn: &Connection) -> Result<i64, StoreError> {
    Ok(conn.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))?)
}

/// The number that GDAL's triggers keep, where they are there; otherwise the rows are counted.
fn count_of(conn: &Connection, table: &Table) -> Result<u64, StoreError> {
    if schema_sql::is_counted(conn, &table.schema.table)? {
        let mut statement =
            conn.prepare_cached("SELECT feature_count FROM gpkg_ogr_contents WHERE table_name = ?1 COLLATE NOCASE")?;
        let count: Option<Option<i64>> = statement.query_row([&table.schema.table], |row| row.get(0)).optional()?;
        if let Some(Some(count)) = count {
            return Ok(count.unsigned_abs());
        }
    }
    count_all(conn, table)
}

fn wanted(table: &Table, fields: &[String]) -> Result<Vec<usize>, StoreError> {
    fields.iter().map(|field| Ok(table.field(field)?.0)).collect()
}

/// Hands each row of `SELECT list clauses` to `f`.
fn each(
    conn: &Connection,
    list: &str,
    clauses: Clauses,
    f: &mut dyn FnMut(&Row<'_>) -> Result<ControlFlow<()>, StoreError>,
) -> Result<(), StoreError> {
    let mut statement = conn.prepare_cached(&format!("SELECT {list}{}", clauses.sql))?;
    let mut rows = statement.query(params_from_iter(clauses.bound.iter().map(Cell)))?;
    while let Some(row) = rows.next()? {
        if f(row)?.is_break() {
            break;
        }
    }
    Ok(())
}
