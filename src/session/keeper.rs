//! The thread that keeps memory and file together: it reads a city's geometry after opening, waits for each commit and
//! lets indexes and layer list follow, in the order of the commits.

use std::collections::{BTreeSet, VecDeque};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, PoisonError};
use std::thread::JoinHandle;

use crate::model::geometry::Bounds;
use crate::store::city::City;
use crate::store::command::{Changed, Committed, Ticket};
use crate::store::error::StoreError;
use crate::store::reader::Reader;

use super::answer::{Answer, Failure};
use super::command::JobId;
use super::events::{Event, Post};
use super::memory::{Indexes, LayerWords, read_index};
use super::snapshot::{Repaint, Snapshot};

/// What the keeper is asked.
enum Ask {
    /// Wait for a command, then follow it.
    Watch(JobId, Ticket),
    /// Follow a command that a job has waited for.
    Follow(Committed),
    /// Stop.
    Stop,
}

/// The keeper of one open city.
pub(super) struct Keeper {
    inbox: Sender<Ask>,
    thread: Option<JoinHandle<()>>,
}

impl Keeper {
    /// Starts it; with `map` it reads geometry into memory too.
    pub(super) fn start(opening: u64, city: &Arc<City>, map: bool, post: Post) -> Result<Self, StoreError> {
        let reader = city.reader()?;
        let (inbox, asks) = channel();
        let keeping = Keeping {
            opening,
            reader,
            post,
            map,
            indexes: Indexes::default(),
            unread: VecDeque::new(),
            unsummed: BTreeSet::new(),
        };
        let thread = std::thread::Builder::new().name("keeper".into()).spawn(move || keeping.run(&asks));
        let thread = thread.map_err(|source| StoreError::Io { path: city.path().to_owned(), source })?;
        Ok(Self { inbox, thread: Some(thread) })
    }

    /// Hands over a command that is on its way.
    pub(super) fn watch(&self, job: JobId, ticket: Ticket) {
        let _ = self.inbox.send(Ask::Watch(job, ticket));
    }

    /// A way for jobs to say what they have committed.
    pub(super) fn follower(&self) -> Follower {
        Follower(self.inbox.clone())
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        let _ = self.inbox.send(Ask::Stop);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// See [`Keeper::follower`].
#[derive(Clone)]
pub(super) struct Follower(Sender<Ask>);

impl Follower {
    /// Lets memory follow what was committed.
    pub(super) fn follow(&self, committed: Committed) {
        let _ = self.0.send(Ask::Follow(committed));
    }
}

struct Keeping {
    opening: u64,
    reader: Reader,
    post: Post,
    map: bool,
    indexes: Indexes,
    /// Tables whose geometry is to be read, bottom of the map first.
    unread: VecDeque<String>,
    /// Tables whose sums are out of date. They are made when nobody waits: "saved" must not take longer for a larger
    /// layer.
    unsummed: BTreeSet<String>,
}

impl Keeping {
    fn run(mut self, asks: &Receiver<Ask>) {
        self.publish(None, Repaint::All);
        loop {
            // Commands go before reading, so that "saved" never waits for a large layer.
            let is_idle = self.unread.is_empty() && self.unsummed.is_empty();
            let ask = if is_idle { asks.recv().ok() } else { asks.try_recv().ok() };
            match ask {
                Some(Ask::Watch(job, ticket)) => self.watch(job, ticket),
                Some(Ask::Follow(committed)) => self.follow(&committed),
                Some(Ask::Stop) => return,
                None if is_idle => return,
                None if self.unread.is_empty() => self.sum_next(),
                None => self.read_next(),
            }
        }
    }

    fn watch(&mut self, job: JobId, ticket: Ticket) {
        match ticket.wait() {
            Ok(committed) => {
                let answer = answer_of(&committed);
                self.follow(&committed);
                self.post.send(Event::Finished(job, Ok(answer)));
            }
            Err(error) => self.post.send(Event::Finished(job, Err(Failure::from(error)))),
        }
    }

    fn follow(&mut self, committed: &Committed) {
        let mut repaint = Repaint::Nothing;
        for changed in &committed.changed {
            match changed {
                Changed::Rows(deltas) => {
                    let touched = self.follow_rows(deltas);
                    repaint = match repaint {
                        Repaint::Nothing => Repaint::Part(touched),
                        Repaint::Part(before) => Repaint::Part(before.union(&touched)),
                        Repaint::All => Repaint::All,
                    };
                }
                Changed::Layer(table) => {
                    repaint = Repaint::All;
                    if self.map && !self.unread.contains(table) {
                        self.unread.push_back(table.clone());
                    }
                }
                Changed::State(_) => repaint = Repaint::All,
                Changed::Photos { .. } | Changed::Settings | Changed::History => {}
            }
        }
        self.publish(Some(now()), repaint);
    }

    /// Lets indexes follow; the box around all that was and is, Web Mercator metres.
    fn follow_rows(&mut self, deltas: &[crate::model::feature::Delta]) -> Bounds {
        let mut touched = Bounds::EMPTY;
        let Ok(layers) = self.reader.layers() else { return touched };
        let mut rest = deltas;
        while let Some(first) = rest.first() {
            let len = rest.iter().take_while(|delta| delta.layer == first.layer).count();
            if let Some(info) = layers.iter().find(|info| info.schema.table == first.layer) {
                touched = touched.union(&self.indexes.apply(&info.schema, &rest[..len]));
                self.unsummed.insert(info.schema.table.clone());
            }
            rest = &rest[len..];
        }
        touched
    }

    fn publish(&mut self, saved_at: Option<String>, repaint: Repaint) {
        match Snapshot::read(&self.reader, &self.indexes) {
            Ok(mut snapshot) => {
                if self.map && saved_at.is_none() && self.indexes.is_empty() {
                    self.unread = reading_order(&snapshot);
                }
                snapshot.saved_at = saved_at;
                snapshot.repaint = repaint;
                self.post.send(Event::Snapshot(self.opening, snapshot));
            }
            Err(error) => self.post.send(Event::Trouble(Failure::from(error))),
        }
    }

    /// Reads the geometry of one layer, shows it, and only then plants its tree.
    fn read_next(&mut self) {
        let Some(table) = self.unread.pop_front() else { return };
        let Ok(layers) = self.reader.layers() else { return };
        let Some(info) = layers.into_iter().find(|info| info.schema.table == table) else {
            self.indexes.forget(&table);
            return self.publish(None, Repaint::All);
        };
        let kind = super::snapshot::kind_of(&info.schema.kind);
        let style = super::styles::style_of(kind, &info.schema, &info.state);
        match read_index(&self.reader, &info.schema, &style, None) {
            Ok(index) => {
                self.indexes.put(&table, index);
                self.publish(None, if info.visible { Repaint::All } else { Repaint::Nothing });
                self.plant_tree(&table);
                self.unsummed.insert(table);
            }
            Err(error) => self.post.send(Event::Trouble(Failure::from(error))),
        }
    }

    /// Sums up one layer; the last one shows them all.
    fn sum_next(&mut self) {
        let (Some(table), Ok(layers)) = (self.unsummed.pop_first(), self.reader.layers()) else { return };
        if let Some(info) = layers.iter().find(|info| info.schema.table == table) {
            let kind = super::snapshot::kind_of(&info.schema.kind);
            let style = super::styles::style_of(kind, &info.schema, &info.state);
            self.indexes.sum_up(LayerWords { kind, schema: &info.schema, style: &style });
        }
        if self.unsummed.is_empty() && !self.indexes.is_empty() {
            self.publish(None, Repaint::Nothing);
        }
    }

    /// Builds the tree beside the index, so that the painter and the pointer wait for the swap alone.
    fn plant_tree(&self, table: &str) {
        let Some(shared) = self.indexes.get(table) else { return };
        let tree = shared.read().unwrap_or_else(PoisonError::into_inner).make_tree();
        shared.write().unwrap_or_else(PoisonError::into_inner).set_tree(tree);
    }
}

/// What a waiting caller is told of a commit.
fn answer_of(committed: &Committed) -> Answer {
    let first = committed.changed.iter().find_map(|changed| match changed {
        Changed::Rows(deltas) => deltas.first().map(|delta| (delta.layer.clone(), delta.id)),
        Changed::Photos { layer, id } => Some((layer.clone(), *id)),
        _ => None,
    });
    match (committed.step, first) {
        (Some(step), Some((layer, id))) => Answer::Changed { layer, id, step, label: committed.label.clone() },
        (Some(step), None) => Answer::Step { step, label: committed.label.clone() },
        (None, _) => Answer::Done,
    }
}

/// Visible layers first, large before small within them: the map fills from the ground up.
fn reading_order(snapshot: &Snapshot) -> VecDeque<String> {
    let mut layers: Vec<_> = snapshot.layers.iter().filter(|layer| layer.has_geometry()).collect();
    layers.sort_by_key(|layer| (!layer.visible, layer.kind.z_order, layer.count));
    layers.into_iter().map(|layer| layer.table().to_owned()).collect()
}

fn now() -> String {
    jiff::Zoned::now().strftime("%H:%M:%S").to_string()
}
