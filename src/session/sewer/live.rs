//! The sewer network of the open city, read at the first question and right after every edit from then on.
//!
//! Whoever asks gets the network of that moment and keeps it for as long as the question takes; nobody waits for a long
//! question, neither a commit nor another question. What was committed is worked in by the next who asks: in place if
//! nobody looks any more, else in a copy. An edit says what a row is now, so that it does no harm to work in one that was
//! read already.

use std::ops::ControlFlow;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rayon::prelude::*;

use crate::model::feature::Delta;
use crate::model::geometry::Geometry;
use crate::model::schema::Schema;
use crate::model::value::Value;
use crate::store::city::City;
use crate::store::error::StoreError;
use crate::store::query::Query;
use crate::task::{Cancel, Task};
use crate::trades::sewer::pipe::{RowReader, RowRef};
use crate::trades::sewer::sewers::{Joining, Sewers};

use super::beside::KeptBeside;
use crate::session::answer::Failure;
use crate::session::state::FeatureRef;

/// Kinds of the layers that the network is made of.
const PIPES: &str = "sewer_pipe";
const NODES: &str = "sewer_node";

/// The network and the layers that it is made of.
#[derive(Clone, Debug, Default)]
pub struct LiveNetwork {
    /// The network; `RowRef::layer` counts the layers below.
    pub sewers: Sewers,
    /// Layers of pipes and of nodes, in the order of their numbers.
    pub layers: Arc<[SewerLayer]>,
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

    /// A row of the network as the rest of the program names it.
    pub fn feature(&self, row: RowRef) -> FeatureRef {
        FeatureRef { layer: self.table(row).to_owned(), id: row.id }
    }

    fn read(city: &City, joining: Joining, task: &Task<'_>) -> Result<Self, Failure> {
        let mut layers = Vec::new();
        for info in city.reader()?.layers()? {
            let number = layers.len() as u16;
            let (has_pipes, reader) = match info.schema.kind.as_ref() {
                PIPES => (true, RowReader::pipes(number, &info.schema)),
                NODES => (false, RowReader::nodes(number, &info.schema)),
                _ => continue,
            };
            layers.push(SewerLayer { schema: info.schema, has_pipes, reader });
        }
        // Several looks at the file may fall before and after a commit: what it changed is worked in again afterwards.
        let (cancel, all) = (task.cancel(), layers.as_slice());
        let (sewers, pipes) = rayon::join(
            || {
                rows(city, all, false, RowReader::node, cancel)
                    .map(|nodes| Sewers::of_nodes(nodes.into_iter().flatten().collect(), joining))
            },
            || rows(city, all, true, RowReader::pipe, cancel),
        );
        let (mut sewers, pipes) = (sewers?, pipes?);
        task.check()?;
        sewers.lay(pipes);
        Ok(Self { sewers, layers: layers.into() })
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

/// Ids that are read in one go; others read the next ones meanwhile.
const IDS_AT_ONCE: i64 = 16_384;

/// Reads the rows of all layers of one sort, in lists that follow each other; once cancelled, some of them.
fn rows<T: Send>(
    city: &City,
    layers: &[SewerLayer],
    pipes: bool,
    make: impl Fn(&RowReader, i64, Option<&Geometry>, &[Value]) -> T + Sync,
    cancel: &Cancel,
) -> Result<Vec<Vec<T>>, StoreError> {
    let reader = city.reader()?;
    let mut parts = Vec::new();
    for layer in layers.iter().filter(|layer| layer.has_pipes == pipes) {
        let Some([least, greatest]) = reader.id_range(&layer.schema.table)? else { continue };
        // Ids may lie far apart: no more parts than there are rows to fill them.
        let count = i64::try_from(reader.count(&layer.schema.table, &Query::default())?).unwrap_or(i64::MAX);
        let span = greatest.saturating_sub(least).saturating_add(1);
        let step = (span / (count / IDS_AT_ONCE + 1)).max(1);
        let mut first = least;
        loop {
            let last = first.saturating_add(step - 1).min(greatest);
            parts.push((layer, [first, last]));
            if last == greatest {
                break;
            }
            first = last + 1;
        }
    }
    drop(reader);
    let read = |(layer, ids): (&SewerLayer, [i64; 2])| {
        let mut found = Vec::new();
        city.reader()?.scan_ids(&layer.schema.table, ids, layer.reader.fields(), &mut |id, wkb, values| {
            found.push(make(&layer.reader, id, Geometry::from_wkb(wkb).ok().as_ref(), values));
            if cancel.is_cancelled() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        Ok(found)
    };
    parts.into_par_iter().map(read).collect()
}

/// Shared by all who ask and by the one who follows the commits.
#[derive(Clone, Debug, Default)]
pub(in crate::session) struct LiveSewers(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    stage: Mutex<Stage>,
    changed: Condvar,
    beside: KeptBeside,
}

#[derive(Debug, Default)]
struct Stage {
    /// The network as it was when somebody asked last; `None` until then, and while somebody works on it.
    network: Option<Arc<LiveNetwork>>,
    /// What was committed since.
    late: Vec<Delta>,
    /// Whether commits have to be kept: somebody has asked.
    is_followed: bool,
    /// Whether layers came, went or were filled: read it again.
    is_spoilt: bool,
    /// Whether somebody reads it or works commits in.
    is_busy: bool,
}

/// More commits than this that nobody asked after are not worth keeping: the network is read again.
const MOST_LATE: usize = 200_000;

impl LiveSewers {
    /// The network as it is now, joined like this; read first if it has to be.
    pub(super) fn get(&self, city: &City, joining: Joining, task: &Task<'_>) -> Result<Arc<LiveNetwork>, Failure> {
        let mut stage = self.stage();
        loop {
            task.check()?;
            if stage.is_busy {
                let wait = Duration::from_millis(100);
                stage = self.0.changed.wait_timeout(stage, wait).unwrap_or_else(PoisonError::into_inner).0;
                continue;
            }
            let is_right = |network: &&Arc<LiveNetwork>| network.sewers.joining() == joining;
            if let Some(network) = stage.network.as_ref().filter(is_right)
                && stage.late.is_empty()
                && !stage.is_spoilt
            {
                return Ok(Arc::clone(network));
            }
            let before = stage.network.take().filter(|network| is_right(&network) && !stage.is_spoilt);
            let late = std::mem::take(&mut stage.late);
            (stage.is_busy, stage.is_followed, stage.is_spoilt) = (true, true, false);
            drop(stage);
            let busy = Busy(self);
            let network = match before {
                Some(mut network) => {
                    let live = Arc::make_mut(&mut network);
                    late.iter().for_each(|delta| live.follow(delta));
                    network
                }
                None => Arc::new(LiveNetwork::read(city, joining, task)?),
            };
            self.stage().network = Some(network);
            drop(busy);
            stage = self.stage();
        }
    }

    /// Keeps what was committed for the next who asks.
    pub(in crate::session) fn follow(&self, deltas: &[Delta]) {
        let mut stage = self.stage();
        if stage.is_followed && !stage.is_spoilt {
            stage.late.extend_from_slice(deltas);
            if stage.late.len() > MOST_LATE {
                stage.spoil();
            }
        }
    }

    /// A layer came, was filled, or has gone (`kind` is `None` then): if it is one of the network, that is read anew at
    /// the next question.
    pub(in crate::session) fn forget(&self, table: &str, kind: Option<&str>) {
        let mut stage = self.stage();
        let is_held = |network: &Arc<LiveNetwork>| network.layers.iter().any(|layer| layer.schema.table == table);
        let was_held = stage.network.as_ref().is_none_or(is_held);
        if was_held || kind.is_some_and(|kind| [PIPES, NODES].contains(&kind)) {
            stage.spoil();
        }
    }

    /// What users and inspections said of the network when somebody asked last.
    pub(super) fn beside(&self) -> &KeptBeside {
        &self.0.beside
    }

    fn stage(&self) -> MutexGuard<'_, Stage> {
        self.0.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Stage {
    fn spoil(&mut self) {
        self.is_spoilt = true;
        self.late = Vec::new();
        self.network = None;
    }
}

/// Somebody works on the network; whatever becomes of him, others may go on afterwards.
struct Busy<'a>(&'a LiveSewers);

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.stage().is_busy = false;
        self.0.0.changed.notify_all();
    }
}
