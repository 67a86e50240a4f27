//! The thread that keeps memory and file together: it reads a city's geometry after opening, waits for each commit and
//! lets indexes and layer list follow, in the order of the commits.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::model::geometry::Bounds;
use crate::model::style::Style;
use crate::render::levels::Levels;
use crate::store::city::City;
use crate::store::command::{Changed, Committed, Ticket};
use crate::store::error::StoreError;
use crate::store::reader::{LayerInfo, Reader};
use crate::task::Courtesy;

use super::cache::Cache;
use super::levelling::{Levelling, Order};
use super::memory::{Indexes, LayerWords, read_index, tell_time, wanted_fields};
use crate::session::answer::{Answer, Failure};
use crate::session::command::JobId;
use crate::session::events::{Event, Post};
use crate::session::sewer::live::LiveSewers;
use crate::session::snapshot::{Commit, Repaint, Snapshot, Touched};

/// What is in memory goes into the cache after so long without anything else to do.
const KEEP_AFTER: Duration = Duration::from_secs(3);

/// What gets late by itself is looked for this often.
const TELL_TIME_EVERY: Duration = Duration::from_mins(5);

/// Layers that come within this time are shown in one go.
const TOGETHER: Duration = Duration::from_millis(150);

/// What the keeper is asked.
enum Ask {
    /// Wait for a command, then follow it.
    Watch(JobId, Ticket),
    /// Follow a command that a job has waited for.
    Follow(Committed),
    /// Have at hand what a style needs that is tried out on a layer, or no longer.
    Want(String, Option<Arc<Style>>),
    /// Take what the levelling thread has made in a turn.
    Levels(u64, Option<Levels>),
    /// Stop.
    Stop,
}

/// The keeper of one open city.
pub(in crate::session) struct Keeper {
    inbox: Sender<Ask>,
    thread: Option<JoinHandle<()>>,
}

impl Keeper {
    /// Starts it; with the cache of a map it reads geometry into memory too.
    pub(in crate::session) fn start(
        opening: u64,
        city: &Arc<City>,
        map: Option<(Cache, Courtesy)>,
        sewers: LiveSewers,
        post: Post,
    ) -> Result<Self, StoreError> {
        let reader = city.reader()?;
        let (inbox, asks) = channel();
        let (cache, courtesy) = map.unzip();
        let keeping = Keeping {
            opening,
            city: city.path().to_owned(),
            reader,
            post,
            cache,
            sewers,
            inbox: inbox.clone(),
            levelling: Levelling::giving_way(courtesy.unwrap_or_default()),
            unkept: BTreeSet::new(),
            published: Instant::now(),
            told_time: Instant::now(),
            indexes: Indexes::default(),
            unread: VecDeque::new(),
            unsummed: BTreeSet::new(),
            tried: BTreeMap::new(),
            dressed: BTreeMap::new(),
        };
        let thread = std::thread::Builder::new().name("keeper".into()).spawn(move || keeping.run(&asks));
        let thread = thread.map_err(|source| StoreError::Io { path: city.path().to_owned(), source })?;
        Ok(Self { inbox, thread: Some(thread) })
    }

    /// Hands over a command that is on its way.
    pub(in crate::session) fn watch(&self, job: JobId, ticket: Ticket) {
        let _ = self.inbox.send(Ask::Watch(job, ticket));
    }

    /// Has at hand what a style needs that is tried out on a layer; `None` when it is no longer.
    pub(in crate::session) fn want(&self, table: &str, style: Option<Arc<Style>>) {
        let _ = self.inbox.send(Ask::Want(table.to_owned(), style));
    }

    /// A way for jobs to say what they have committed.
    pub(in crate::session) fn follower(&self) -> Follower {
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
pub(in crate::session) struct Follower(Sender<Ask>);

impl Follower {
    /// Lets memory follow what was committed.
    pub(in crate::session) fn follow(&self, committed: Committed) {
        let _ = self.0.send(Ask::Follow(committed));
    }
}

struct Keeping {
    opening: u64,
    /// The city's file: base maps lie beside it.
    city: PathBuf,
    reader: Reader,
    post: Post,
    /// Follows the commits.
    sewers: LiveSewers,
    /// Only where there is a map.
    cache: Option<Cache>,
    /// The way for the levelling thread.
    inbox: Sender<Ask>,
    levelling: Levelling,
    /// Tables whose memory differs from what the cache keeps.
    unkept: BTreeSet<String>,
    /// When the last news went out.
    published: Instant,
    /// When was last looked for what has got late.
    told_time: Instant,
    indexes: Indexes,
    /// Tables whose geometry is to be read, bottom of the map first.
    unread: VecDeque<String>,
    /// Tables whose sums are out of date. They are made when nobody waits: "saved" must not take longer for a larger
    /// layer.
    unsummed: BTreeSet<String>,
    /// Styles that are tried out, by table.
    tried: BTreeMap<String, Arc<Style>>,
    /// The style of its own that each layer was last seen in.
    dressed: BTreeMap<String, Option<String>>,
}

impl Keeping {
    fn run(mut self, asks: &Receiver<Ask>) {
        self.publish(None, Repaint::All);
        self.recall_look();
        self.recall_levels();
        loop {
            // Commands go before reading, so that "saved" never waits for a large layer.
            let has_work = !self.unread.is_empty() || !self.unsummed.is_empty();
            let ask = match self.levelling.pause() {
                _ if has_work => asks.try_recv().ok(),
                Some(pause) => asks.recv_timeout(pause).ok(),
                None if self.unkept.is_empty() => asks.recv_timeout(TELL_TIME_EVERY).ok(),
                None => asks.recv_timeout(KEEP_AFTER).ok(),
            };
            match ask {
                Some(Ask::Watch(job, ticket)) => self.watch(job, ticket),
                Some(Ask::Follow(committed)) => self.follow(&committed),
                Some(Ask::Want(table, style)) => self.want(table, style),
                Some(Ask::Levels(turn, levels)) => self.take_levels(turn, levels),
                Some(Ask::Stop) => break,
                None if !self.unread.is_empty() => self.read_next(),
                None if self.told_time.elapsed() >= TELL_TIME_EVERY => self.tell_time(),
                None => match self.levelling.next() {
                    Some(table) => self.level(&table),
                    None if !self.unsummed.is_empty() => self.sum_next(),
                    None => self.keep_next(),
                },
            }
        }
        while !self.unkept.is_empty() {
            self.keep_next();
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
        let (mut repaint, mut touched) = (Repaint::Nothing, Touched::default());
        for changed in &committed.changed {
            touched.add(changed);
            match changed {
                Changed::Rows(deltas) => {
                    self.sewers.follow(deltas);
                    let around = self.follow_rows(deltas);
                    repaint = match repaint {
                        Repaint::Nothing => Repaint::Part(around),
                        Repaint::Part(before) => Repaint::Part(before.union(&around)),
                        all => all,
                    };
                }
                Changed::Layer(table) => {
                    let kind = self.kind_of(table);
                    touched.add_layer(table, kind.is_some());
                    self.sewers.forget(table, kind.as_deref());
                    repaint = Repaint::All;
                    if self.cache.is_some() && !self.unread.contains(table) {
                        self.unread.push_back(table.clone());
                    }
                }
                Changed::State(table) => {
                    repaint = Repaint::All;
                    self.follow_style(table);
                }
                Changed::Photos { .. } | Changed::Settings | Changed::History => {}
            }
        }
        self.publish(Some(Commit { saved_at: now(), touched }), repaint);
    }

    /// The kind of a layer; `None` for one that is gone.
    fn kind_of(&self, table: &str) -> Option<String> {
        let layers = self.reader.layers().ok()?;
        layers.into_iter().find(|info| info.schema.table == table).map(|info| info.schema.kind)
    }

    /// Lets indexes follow; the box around all that was and is, Web Mercator metres.
    fn follow_rows(&mut self, deltas: &[crate::model::feature::Delta]) -> Bounds {
        let mut touched = Bounds::EMPTY;
        let Ok(layers) = self.reader.layers() else { return touched };
        let mut rest = deltas;
        while let Some(first) = rest.first() {
            let len = rest.iter().take_while(|delta| delta.layer == first.layer).count();
            if let Some(info) = layers.iter().find(|info| info.schema.table == first.layer) {
                let table = &info.schema.table;
                self.levelling.leave(table);
                let edited = self.indexes.apply(&info.schema, &rest[..len]);
                touched = touched.union(&edited);
                self.unsummed.insert(table.clone());
                if self.cache.is_some() {
                    self.levelling.edited(table, edited);
                    self.unkept.insert(table.clone());
                }
            }
            rest = &rest[len..];
        }
        touched
    }

    /// Marks what has got late since, and shows it.
    fn tell_time(&mut self) {
        self.told_time = Instant::now();
        let Ok(layers) = self.reader.layers() else { return };
        let mut touched = Bounds::EMPTY;
        for info in &layers {
            let late = self.indexes.tell_time(&info.schema);
            if !late.is_empty() {
                self.unsummed.insert(info.schema.table.clone());
                touched = touched.union(&late);
            }
        }
        if !touched.is_empty() {
            self.publish(None, Repaint::Part(touched));
        }
    }

    fn want(&mut self, table: String, style: Option<Arc<Style>>) {
        match style {
            Some(style) => _ = self.tried.insert(table.clone(), style),
            None => _ = self.tried.remove(&table),
        }
        self.have_columns(&table);
    }

    /// Another style has other rows in its legend, and may need other fields in memory.
    fn follow_style(&mut self, table: &str) {
        let Ok(layers) = self.reader.layers() else { return };
        let Some(info) = layers.into_iter().find(|info| info.schema.table == table) else { return };
        let before = self.dressed.insert(table.to_owned(), info.state.style.clone());
        if before != Some(info.state.style) {
            self.indexes.forget_counts(table);
            self.unsummed.insert(table.to_owned());
            self.have_columns(table);
            self.levelling.want(table);
        }
    }

    /// Has a layer read again whose styles need a field that is not in memory.
    fn have_columns(&mut self, table: &str) {
        let Ok(layers) = self.reader.layers() else { return };
        let Some(info) = layers.into_iter().find(|info| info.schema.table == table) else { return };
        let style = self.style_in_use(&info);
        if self.indexes.lacks(&info.schema, &style) && !self.unread.iter().any(|other| other == table) {
            self.unread.push_front(table.to_owned());
        }
    }

    /// The style that a layer has and the one that is tried out on it, as one that needs the fields of both.
    fn style_in_use(&self, info: &LayerInfo) -> Style {
        let kind = crate::session::snapshot::kind_of(&info.schema.kind);
        let mut style = crate::session::style::style_of(kind, &info.schema, &info.state);
        if let Some(tried) = self.tried.get(&info.schema.table) {
            style.rules.extend(tried.rules.iter().cloned());
            style.labels.extend(tried.labels.iter().cloned());
            style.crowd.clone_from(&tried.crowd);
        }
        style
    }

    fn publish(&mut self, commit: Option<Commit>, repaint: Repaint) {
        match Snapshot::read(&self.reader, &self.indexes) {
            Ok(mut snapshot) => {
                if self.cache.is_some() && commit.is_none() && self.indexes.is_empty() {
                    self.unread = reading_order(&snapshot);
                }
                snapshot.grounds = crate::session::ground::read(&self.reader, &self.city);
                snapshot.commit = commit;
                snapshot.repaint = repaint;
                self.published = Instant::now();
                self.post.send(Event::Snapshot(self.opening, snapshot));
            }
            Err(error) => self.post.send(Event::Trouble(Failure::from(error))),
        }
    }

    /// Reads the geometry of one layer, shows it, and only then plants its tree.
    fn read_next(&mut self) {
        let Some(table) = self.unread.pop_front() else { return };
        let Ok(layers) = self.reader.layers() else { return };
        self.levelling.leave(&table);
        let Some(info) = layers.into_iter().find(|info| info.schema.table == table) else {
            self.indexes.forget(&table);
            self.levelling.forget(&table);
            self.unkept.remove(&table);
            return self.publish(None, Repaint::All);
        };
        let style = self.style_in_use(&info);
        self.dressed.insert(table.clone(), info.state.style.clone());
        let kept = self.cache.as_ref().and_then(|cache| cache.index(&info, &style));
        let is_kept = kept.is_some();
        match kept.map_or_else(|| read_index(&self.reader, &info.schema, &style, None), Ok) {
            Ok(mut index) => {
                // What comes from the cache may be of yesterday.
                tell_time(&mut index, &info.schema, &jiff::Zoned::now());
                let has_tree = index.has_tree();
                self.indexes.put(&table, index, is_kept);
                // What comes quickly is shown together.
                if self.unread.is_empty() || self.published.elapsed() > TOGETHER {
                    self.publish(None, Repaint::Unread);
                }
                if !has_tree {
                    self.plant_tree(&table);
                }
                if !is_kept {
                    self.unkept.insert(table.clone());
                }
                if self.indexes.levels(&table).is_none() {
                    self.levelling.want(&table);
                }
                self.unsummed.insert(table);
            }
            Err(error) => self.post.send(Event::Trouble(Failure::from(error))),
        }
    }

    /// Shows what was last on the screen before anything is read.
    fn recall_look(&mut self) {
        let (Some(cache), Ok(layers)) = (&self.cache, self.reader.layers()) else { return };
        if crate::session::ground::any_visible(&self.reader) {
            return;
        }
        for piece in cache.last_look(&layers).into_iter().flat_map(|last| last.pieces) {
            self.post.send(Event::Map(self.opening, piece));
        }
    }

    /// Shows the city at small scales before its geometry is read, as far as the cache remembers it.
    fn recall_levels(&mut self) {
        let (Some(cache), Ok(layers)) = (&self.cache, self.reader.layers()) else { return };
        let mut any = false;
        for info in layers {
            let kind = crate::session::snapshot::kind_of(&info.schema.kind);
            let style = crate::session::style::style_of(kind, &info.schema, &info.state);
            if let Some(levels) = cache.levels(&info, &style) {
                self.indexes.put_levels(&info.schema.table, Some(Arc::new(levels)));
                any = true;
            }
        }
        if any {
            self.publish(None, Repaint::Unread);
        }
    }

    /// Has the levels of a layer made, unless it has those of its style already.
    fn level(&mut self, table: &str) {
        let order = self.reader.layers().ok().and_then(|layers| {
            let info = layers.into_iter().find(|info| info.schema.table == table)?;
            let style = crate::session::style::style_of(
                crate::session::snapshot::kind_of(&info.schema.kind),
                &info.schema,
                &info.state,
            );
            Some(Order { index: self.indexes.get(table)?, schema: info.schema, style })
        });
        let Some(order) = order else { return self.levelling.forget(table) };
        let inbox = self.inbox.clone();
        self.levelling.begin(table, order, move |turn, levels| {
            let _ = inbox.send(Ask::Levels(turn, levels));
        });
    }

    fn take_levels(&mut self, turn: u64, levels: Option<Levels>) {
        let Some((table, touched)) = self.levelling.end(turn) else { return };
        if levels.is_some() || self.indexes.levels(&table).is_some() {
            self.unkept.insert(table.clone());
            self.indexes.put_levels(&table, levels.map(Arc::new));
            self.publish(None, if touched.is_empty() { Repaint::Nothing } else { Repaint::Part(touched) });
        }
    }

    /// Lets the cache follow one layer.
    fn keep_next(&mut self) {
        let (Some(table), Ok(layers)) = (self.unkept.pop_first(), self.reader.layers()) else { return };
        let (Some(cache), Some(shared)) = (&self.cache, self.indexes.get(&table)) else { return };
        let Some(info) = layers.into_iter().find(|info| info.schema.table == table) else { return };
        let kind = crate::session::snapshot::kind_of(&info.schema.kind);
        let style = crate::session::style::style_of(kind, &info.schema, &info.state);
        // Levels that wait for an edit to be worked in would be taken for the truth by the next start.
        let levels = self.indexes.levels(&table).filter(|_| !self.levelling.is_behind(&table));
        if let Some(levels) = levels.filter(|levels| levels.serve(&style)) {
            cache.keep_levels(&info, &style, &levels);
        }
        let index = shared.read().unwrap_or_else(PoisonError::into_inner);
        if index.fields() == wanted_fields(&info.schema, &style) {
            cache.keep_index(&info, &style, &index);
        }
    }

    /// Sums up one layer; the last one shows them all.
    fn sum_next(&mut self) {
        let (Some(table), Ok(layers)) = (self.unsummed.pop_first(), self.reader.layers()) else { return };
        if let Some(info) = layers.iter().find(|info| info.schema.table == table) {
            let kind = crate::session::snapshot::kind_of(&info.schema.kind);
            let style = crate::session::style::style_of(kind, &info.schema, &info.state);
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
