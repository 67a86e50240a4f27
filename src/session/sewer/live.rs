//! The sewer network of the open city, read at the first question and right after every edit from then on.
//!
//! Whoever asks first reads the rows; edits that are committed meanwhile wait until the network stands and are worked in
//! then. An edit says what a row is now, so that it does no harm to work in one that was read already.

use std::ops::ControlFlow;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use crate::model::feature::Delta;
use crate::model::geometry::Geometry;
use crate::model::schema::Schema;
use crate::store::city::City;
use crate::store::error::StoreError;
use crate::task::Task;
use crate::trades::sewer::pipe::{RowReader, RowRef};
use crate::trades::sewer::sewers::{Joining, Sewers};

use crate::session::answer::Failure;

/// The network and the layers that it is made of.
#[derive(Debug, Default)]
pub struct LiveNetwork {
    /// The network; `RowRef::layer` counts the layers below.
    pub sewers: Sewers,
    /// Layers of pipes and of nodes, in the order of their numbers.
    pub layers: Vec<SewerLayer>,
}

/// A layer of the sewer network.
#[derive(Debug)]
pub struct SewerLayer {
    /// Shape of its rows.
    pub schema: Schema,
    /// Whether it holds pipes, not nodes.
    pub has_pipes: bool,
    reader: RowReader,
}

impl LiveNetwork {
    /// Table name of a row's layer.
    pub fn table(&self, row: RowRef) -> &str {
        self.layers.get(usize::from(row.layer)).map_or("", |layer| &layer.schema.table)
    }

    /// The row's reference by its layer's table name.
    pub fn row(&self, table: &str, id: i64) -> Option<RowRef> {
        let layer = self.layers.iter().position(|layer| layer.schema.table == table)?;
        Some(RowRef { layer: layer as u16, id })
    }

    fn read(city: &City, joining: Joining) -> Result<Self, StoreError> {
        let mut layers = Vec::new();
        for info in city.reader()?.layers()? {
            let number = layers.len() as u16;
            let (has_pipes, reader) = match info.schema.kind.as_ref() {
                "sewer_pipe" => (true, RowReader::pipes(number, &info.schema)),
                "sewer_node" => (false, RowReader::nodes(number, &info.schema)),
                _ => continue,
            };
            layers.push(SewerLayer { schema: info.schema, has_pipes, reader });
        }
        // Two looks at the file may fall before and after a commit: what it changed is worked in again afterwards.
        let (nodes, pipes) =
            rayon::join(|| rows(city, &layers, false, RowReader::node), || rows(city, &layers, true, RowReader::pipe));
        let (nodes, pipes) = (nodes?, pipes?);
        Ok(Self { sewers: Sewers::new(pipes, nodes, joining), layers })
    }

    fn follow(&mut self, delta: &Delta) {
        let Some(row) = self.row(&delta.layer, delta.id) else { return };
        let layer = &self.layers[usize::from(row.layer)];
        let (schema, reader) = (&layer.schema, &layer.reader);
        match (&delta.new, layer.has_pipes) {
            (Some(new), true) => {
                let pipe = reader.pipe(row.id, new.geometry.as_ref(), &reader.pick(schema, &new.values));
                self.sewers.set_pipe(pipe);
            }
            (Some(new), false) => {
                let node = reader.node(row.id, new.geometry.as_ref(), &reader.pick(schema, &new.values));
                self.sewers.set_node(node);
            }
            (None, true) => self.sewers.remove_pipe(row),
            (None, false) => self.sewers.remove_node(row),
        }
    }
}

/// Reads the rows of all layers of one sort.
fn rows<T>(
    city: &City,
    layers: &[SewerLayer],
    pipes: bool,
    make: impl Fn(&RowReader, i64, Option<&Geometry>, &[crate::model::value::Value]) -> T,
) -> Result<Vec<T>, StoreError> {
    let reader = city.reader()?;
    let mut found = Vec::new();
    for layer in layers.iter().filter(|layer| layer.has_pipes == pipes) {
        reader.scan(&layer.schema.table, None, layer.reader.fields(), &mut |id, wkb, values| {
            found.push(make(&layer.reader, id, Geometry::from_wkb(wkb).ok().as_ref(), values));
            ControlFlow::Continue(())
        })?;
    }
    Ok(found)
}

/// Shared by all who ask and by the one who follows the commits.
#[derive(Clone, Debug, Default)]
pub(in crate::session) struct LiveSewers(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    stage: Mutex<Stage>,
    changed: Condvar,
    network: RwLock<LiveNetwork>,
}

#[derive(Debug, Default)]
enum Stage {
    /// Nobody has asked yet, or the layers are others now.
    #[default]
    Unread,
    /// Somebody reads; what is committed meanwhile waits here. Read again if layers came or went.
    Reading { late: Vec<Delta>, is_spoilt: bool },
    /// It stands, but for what was committed while somebody looked at it.
    Ready { late: Vec<Delta> },
}

impl LiveSewers {
    /// The network as it is now, read first if it has to be.
    pub(super) fn get(&self, city: &City, task: &Task<'_>) -> Result<RwLockReadGuard<'_, LiveNetwork>, Failure> {
        let mut stage = self.stage();
        loop {
            task.check()?;
            match &mut *stage {
                Stage::Ready { late } if late.is_empty() => {
                    return Ok(self.0.network.read().unwrap_or_else(PoisonError::into_inner));
                }
                Stage::Ready { late } => {
                    if let Ok(mut network) = self.0.network.try_write() {
                        std::mem::take(late).iter().for_each(|delta| network.follow(delta));
                        continue;
                    }
                    let wait = Duration::from_millis(2);
                    stage = self.0.changed.wait_timeout(stage, wait).unwrap_or_else(PoisonError::into_inner).0;
                }
                Stage::Reading { .. } => {
                    let wait = Duration::from_millis(100);
                    stage = self.0.changed.wait_timeout(stage, wait).unwrap_or_else(PoisonError::into_inner).0;
                }
                Stage::Unread => {
                    *stage = Stage::Reading { late: Vec::new(), is_spoilt: false };
                    drop(stage);
                    let read = LiveNetwork::read(city, Joining::default());
                    stage = self.stage();
                    self.settle(&mut stage, read)?;
                }
            }
        }
    }

    fn settle(&self, stage: &mut Stage, read: Result<LiveNetwork, StoreError>) -> Result<(), Failure> {
        let before = std::mem::take(stage);
        self.0.changed.notify_all();
        let network = read?;
        if let Stage::Reading { late, is_spoilt: false } = before {
            *self.0.network.write().unwrap_or_else(PoisonError::into_inner) = network;
            *stage = Stage::Ready { late };
        }
        Ok(())
    }

    /// Works in what was committed: at once, or before the next question if somebody looks at the network now. A
    /// commit never waits for a question.
    pub(in crate::session) fn follow(&self, deltas: &[Delta]) {
        match &mut *self.stage() {
            Stage::Unread => {}
            Stage::Reading { late, .. } => late.extend_from_slice(deltas),
            Stage::Ready { late } => match self.0.network.try_write() {
                Ok(mut network) if late.is_empty() => deltas.iter().for_each(|delta| network.follow(delta)),
                _ => late.extend_from_slice(deltas),
            },
        }
    }

    /// A layer came, went or was filled: the network is read anew at the next question.
    pub(in crate::session) fn forget(&self) {
        match &mut *self.stage() {
            Stage::Reading { is_spoilt, .. } => *is_spoilt = true,
            stage => *stage = Stage::Unread,
        }
    }

    fn stage(&self) -> MutexGuard<'_, Stage> {
        self.0.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
