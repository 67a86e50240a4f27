//! What the window shows of the sewer workbench: of each topic the latest question with its answer, asked anew after
//! every edit so that nothing on the screen is of yesterday.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::kinds;
use crate::kinds::kind::Group;
use crate::task::Task;
use crate::text::Text;
use crate::trades::sewer::inspected::By;
use crate::trades::sewer::sewers::Joining;

use super::shown::SewerShown;
use super::{SewerAnswer, SewerAsk, SewerDesk};
use crate::session::Session;
use crate::session::answer::{Answer, Failure};
use crate::session::command::JobId;
use crate::session::events::Event;
use crate::session::snapshot::Touched;

/// What questions are about: each has a place of its own in the window, so that a profile, a trace and a list of
/// findings stand side by side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SewerTopic {
    /// How large the network is.
    Summary,
    /// The pipe in the details.
    Pipe,
    /// What lies above or below, what backs up, the longest way: one at a time is drawn on the map.
    #[default]
    Trace,
    /// The long profile.
    Profile,
    /// Findings of the checks.
    Checks,
    /// Cross connections.
    Cross,
    /// Ratings after CJJ 181.
    Condition,
    /// The repair plan.
    Plan,
    /// Kilometres inspected.
    Inspected,
    /// What drains where.
    Basins,
    /// Drainage users.
    Users,
    /// Capacity and load.
    Capacity,
    /// A table of defects that is looked at before it comes in.
    Defects,
}

impl SewerTopic {
    /// Whether an answer is there in the blink of an eye, however large the city is.
    fn is_quick(self) -> bool {
        matches!(self, Self::Pipe | Self::Trace | Self::Profile)
    }
}

impl SewerAsk {
    /// What the question is about.
    pub fn topic(&self) -> SewerTopic {
        match self {
            Self::Trace { .. } | Self::Path { .. } | Self::Close(_) | Self::Longest(_) => SewerTopic::Trace,
            Self::Profile(_) => SewerTopic::Profile,
            Self::Basins(_) => SewerTopic::Basins,
            Self::Users(_) => SewerTopic::Users,
            Self::Capacity(_) => SewerTopic::Capacity,
            Self::Pipe(..) => SewerTopic::Pipe,
            Self::Check(_) | Self::Progress { .. } => SewerTopic::Checks,
            Self::Cross => SewerTopic::Cross,
            Self::Condition(_) => SewerTopic::Condition,
            Self::Plan(_) => SewerTopic::Plan,
            Self::Inspected(_) => SewerTopic::Inspected,
            Self::Summary => SewerTopic::Summary,
            Self::Defects(_) => SewerTopic::Defects,
        }
    }

    /// Whether the answer may be another once rows of a kind have changed.
    fn rests_on(&self, kind: &str) -> bool {
        let group = kinds::find(kind).map(|kind| kind.group);
        match self {
            _ if group == Some(Group::Sewer) => true,
            Self::Inspected(By::Street) => kind == "street",
            _ => false,
        }
    }
}

/// A question that the window shows, with what came of it.
#[derive(Debug)]
pub struct SewerSlot {
    /// The question.
    pub asked: SewerAsk,
    /// Its latest answer; the one before stays until the next is there.
    pub answer: Option<Arc<SewerAnswer>>,
    /// The answer as a person reads and sees it.
    pub shown: Option<Arc<SewerShown>>,
    /// Why there is none.
    pub failure: Option<Failure>,
    /// Grows with every answer.
    pub revision: u64,
    /// How long the answer took.
    pub took: Duration,
    /// Local time at which it came, `14:03:27`.
    pub answered_at: String,
    /// The request whose answer is awaited.
    awaited: Option<JobId>,
    /// Whether something changed since it was asked.
    is_stale: bool,
}

impl SewerSlot {
    /// Whether an answer is on its way.
    pub fn is_waiting(&self) -> bool {
        self.awaited.is_some() || self.is_stale
    }
}

/// What the window shows of the workbench.
#[derive(Debug, Default)]
pub struct SewerBoard {
    slots: BTreeMap<SewerTopic, SewerSlot>,
    revisions: u64,
    /// How pipes are joined, where this session was told.
    pub(super) joining: Option<Joining>,
}

/// What a job says of a question.
pub(in crate::session) struct Arrived {
    answer: Result<(SewerAnswer, SewerShown), Failure>,
    took: Duration,
}

impl SewerBoard {
    /// What is shown of a topic.
    pub fn slot(&self, topic: SewerTopic) -> Option<&SewerSlot> {
        self.slots.get(&topic)
    }

    /// What a topic's answer looks like, once there is one.
    pub fn shown(&self, topic: SewerTopic) -> Option<&Arc<SewerShown>> {
        self.slots.get(&topic)?.shown.as_ref()
    }

    /// Everything that is shown.
    pub fn slots(&self) -> impl Iterator<Item = (SewerTopic, &SewerSlot)> {
        self.slots.iter().map(|(topic, slot)| (*topic, slot))
    }
}

impl Session {
    /// What the window shows of the sewer workbench.
    pub fn sewer(&self) -> &SewerBoard {
        &self.sewer
    }

    /// Asks for the window; what was shown of the topic stays until the answer is there.
    pub(super) fn ask_sewers(&mut self, ask: SewerAsk) -> Result<JobId, Failure> {
        let desk = self.sewers()?;
        let topic = ask.topic();
        if let Some(job) = self.sewer.slots.get(&topic).and_then(|slot| slot.awaited) {
            self.jobs.cancel(job);
        }
        let job = self.start_asking(desk, ask.clone());
        let board = &mut self.sewer;
        board.revisions += 1;
        let revision = board.revisions;
        let slot = board.slots.entry(topic).or_insert_with(|| SewerSlot {
            asked: ask.clone(),
            answer: None,
            shown: None,
            failure: None,
            revision,
            took: Duration::ZERO,
            answered_at: String::new(),
            awaited: None,
            is_stale: false,
        });
        slot.asked = ask;
        slot.awaited = Some(job);
        slot.is_stale = false;
        Ok(job)
    }

    fn start_asking(&mut self, desk: SewerDesk, ask: SewerAsk) -> JobId {
        let post = self.post.clone();
        let title = Text::new("查询排水管网", "Asking the sewers");
        self.jobs.start(title, move |job, mut task| {
            let started = Instant::now();
            let answer = shown_answer(&desk, &ask, &mut task);
            let took = started.elapsed();
            post.send(Event::Sewer(job, Box::new(Arrived { answer, took })));
            Ok(Answer::Done)
        })
    }

    /// An answer has come; one that was asked for before another question of its topic is dropped.
    pub(in crate::session) fn arrive_sewer(&mut self, job: JobId, arrived: Arrived) {
        let board = &mut self.sewer;
        let Some(slot) = board.slots.values_mut().find(|slot| slot.awaited == Some(job)) else { return };
        board.revisions += 1;
        slot.awaited = None;
        slot.revision = board.revisions;
        slot.took = arrived.took;
        slot.answered_at = jiff::Zoned::now().strftime("%H:%M:%S").to_string();
        match arrived.answer {
            Ok((answer, shown)) => {
                slot.answer = Some(Arc::new(answer));
                slot.shown = Some(Arc::new(shown));
                slot.failure = None;
            }
            Err(failure) => {
                slot.answer = None;
                slot.shown = None;
                slot.failure = Some(failure);
            }
        }
        self.ask_stale();
    }

    /// Rows have changed: what rests on them is asked again.
    pub(in crate::session) fn refresh_sewer(&mut self, touched: &Touched) {
        let Some(city) = &self.open else { return };
        let layers = city.view.layers.iter().filter(|layer| touched.has(layer.table()));
        let kinds: BTreeSet<&str> = layers.map(|layer| layer.schema.kind.as_str()).collect();
        for slot in self.sewer.slots.values_mut() {
            slot.is_stale |= touched.is_everything || kinds.iter().any(|kind| slot.asked.rests_on(kind));
        }
        self.ask_stale();
    }

    /// Asks again what has become stale and is not awaited. What follows an edit under somebody's eyes goes first; what
    /// takes longer waits until that is there.
    fn ask_stale(&mut self) {
        for is_quick in [true, false] {
            let slots = self.sewer.slots.iter().filter(|(topic, _)| topic.is_quick() == is_quick).map(|(_, slot)| slot);
            let stale = slots.filter(|slot| slot.is_stale && slot.awaited.is_none());
            let again: Vec<SewerAsk> = stale.map(|slot| slot.asked.clone()).collect();
            again.into_iter().for_each(|ask| self.ask_again(ask));
            if self.sewer.slots.iter().any(|(topic, slot)| topic.is_quick() && slot.awaited.is_some()) {
                return;
            }
        }
    }

    /// The job of an answer has broken off without one.
    pub(in crate::session) fn break_off_sewer(&mut self, job: JobId, failure: &Failure) {
        let slot = self.sewer.slots.values_mut().find(|slot| slot.awaited == Some(job));
        if let Some(slot) = slot {
            slot.awaited = None;
            slot.answer = None;
            slot.shown = None;
            slot.failure = Some(failure.clone());
            self.ask_stale();
        }
    }

    fn ask_again(&mut self, ask: SewerAsk) {
        let topic = ask.topic();
        if self.ask_sewers(ask).is_err()
            && let Some(slot) = self.sewer.slots.get_mut(&topic)
        {
            // A city that is being closed has nothing to say.
            slot.is_stale = false;
        }
    }

    /// Takes a topic off the window.
    pub(super) fn forget_sewer(&mut self, topic: SewerTopic) {
        if let Some(slot) = self.sewer.slots.remove(&topic)
            && let Some(job) = slot.awaited
        {
            self.jobs.cancel(job);
            // Others may have waited until this was there.
            self.ask_stale();
        }
    }
}

fn shown_answer(desk: &SewerDesk, ask: &SewerAsk, task: &mut Task<'_>) -> Result<(SewerAnswer, SewerShown), Failure> {
    let desk = desk.pinned(task)?;
    let answer = desk.answer(ask, task)?;
    let shown = SewerShown::of(&desk, &answer, task)?;
    Ok((answer, shown))
}
