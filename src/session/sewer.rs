//! The sewer workbench without a screen: one desk where everything is asked, by the command line directly, by the window
//! through a job.

mod beside;
pub mod board;
pub mod capacity;
pub mod checks;
pub mod command;
pub mod condition;
mod condition_out;
pub mod cross;
mod defect_look;
pub mod defect_preview;
mod defect_rejects;
mod defect_rows;
mod defect_take;
pub mod defects;
mod fix;
pub mod found;
pub mod kept_rules;
pub mod live;
mod load_layer;
pub mod marks;
mod model_out;
pub mod out;
pub mod pipe_card;
pub mod place;
pub mod plan;
mod plan_out;
pub mod profile;
pub mod progress;
pub mod questions;
pub mod settings;
mod sheet;
pub mod shown;
pub mod swmm;
pub mod users;
mod write;

#[cfg(test)]
mod board_tests;
#[cfg(test)]
mod condition_tests;
#[cfg(test)]
mod users_tests;

use std::sync::Arc;

use crate::store::city::City;
use crate::task::Task;
use crate::trades::sewer::basins::EndsAt;
use crate::trades::sewer::cjj181::Rules;
use crate::trades::sewer::inspected::{By, Inspected};
use crate::trades::sewer::sewers::Joining;
use crate::trades::sewer::users::UserRules;

use crate::trades::sewer::summary::{Summary, summary};

use self::capacity::{CapacityAnswer, CapacityAsk};
use self::checks::{CheckAsk, CheckReport};
use self::command::SewerCommand;
use self::condition::ConditionReport;
use self::cross::CrossReport;
use self::defect_preview::DefectPreview;
use self::defects::DefectImport;
use self::live::{LiveNetwork, LiveSewers};
use self::marks::Progress;
use self::pipe_card::PipeCard;
use self::place::SewerPlace;
use self::plan::{PlanAsk, PlanReport};
use self::questions::{
    BasinsAnswer, CloseAnswer, CourseAnswer, Direction, PathAnswer, ProfileAnswer, ProfileCourse, TraceAnswer,
};
use self::users::{UsersAsk, UsersReport};
use super::Session;
use super::answer::Failure;
use super::command::JobId;
use super::state::FeatureRef;

/// A question about the sewers.
#[derive(Clone, Debug, PartialEq)]
pub enum SewerAsk {
    /// How large the network is and how it was joined.
    Summary,
    /// Everything that is known of one pipe, its condition after CJJ 181 read so.
    Pipe(FeatureRef, Rules),
    /// What lies upstream or downstream of a place.
    Trace {
        /// Where it begins.
        from: SewerPlace,
        /// Which way.
        direction: Direction,
    },
    /// The shortest way from one place to another.
    Path {
        /// Where it begins.
        from: SewerPlace,
        /// Where it ends.
        to: SewerPlace,
        /// Whether it must run with the flow.
        with_flow: bool,
    },
    /// What drains to each plant, pumping station and outfall.
    Basins(EndsAt),
    /// What backs up if these pipes are closed.
    Close(Vec<SewerPlace>),
    /// The longest path to a node, or to any plant or outfall.
    Longest(Option<SewerPlace>),
    /// The long profile along a course.
    Profile(ProfileCourse),
    /// What the checks find.
    Check(CheckAsk),
    /// What has become of findings that were kept under a name.
    Progress {
        /// The name.
        campaign: String,
        /// What is checked.
        ask: CheckAsk,
    },
    /// Where systems are joined that should not be.
    Cross,
    /// The condition of the pipes that were inspected, after CJJ 181 read so.
    Condition(Rules),
    /// What to repair first, and what it costs.
    Plan(PlanAsk),
    /// How much was inspected, each metre once.
    Inspected(By),
    /// Drainage users: how they stand, and who is on which list.
    Users(UsersAsk),
    /// How full the pipes run in dry weather.
    Capacity(CapacityAsk),
    /// What a table of defects would bring.
    Defects(Box<DefectImport>),
}

/// The answer to a [`SewerAsk`].
#[derive(Clone, Debug, PartialEq)]
pub enum SewerAnswer {
    /// See [`SewerAsk::Summary`].
    Summary(Summary),
    /// See [`SewerAsk::Pipe`]; `None` for a row that is gone.
    Pipe(Option<Box<PipeCard>>),
    /// See [`SewerAsk::Trace`].
    Trace(TraceAnswer),
    /// See [`SewerAsk::Path`].
    Path(PathAnswer),
    /// See [`SewerAsk::Basins`].
    Basins(BasinsAnswer),
    /// See [`SewerAsk::Close`].
    Close(CloseAnswer),
    /// See [`SewerAsk::Longest`].
    Longest(CourseAnswer),
    /// See [`SewerAsk::Profile`].
    Profile(ProfileAnswer),
    /// See [`SewerAsk::Check`].
    Check(CheckReport),
    /// See [`SewerAsk::Progress`].
    Progress(Progress),
    /// See [`SewerAsk::Cross`].
    Cross(CrossReport),
    /// See [`SewerAsk::Condition`].
    Condition(ConditionReport),
    /// See [`SewerAsk::Plan`].
    Plan(PlanReport),
    /// See [`SewerAsk::Inspected`].
    Inspected(Inspected),
    /// See [`SewerAsk::Users`].
    Users(UsersReport),
    /// See [`SewerAsk::Capacity`].
    Capacity(CapacityAnswer),
    /// See [`SewerAsk::Defects`].
    Defects(Box<DefectPreview>),
}

/// Where the sewers are asked. Cheap to clone; any thread may ask.
#[derive(Clone)]
pub struct SewerDesk {
    city: Arc<City>,
    live: LiveSewers,
    /// The network of one moment, for questions that belong together.
    pinned: Option<Arc<LiveNetwork>>,
    /// How pipes find their nodes and their direction, as the bureau has it.
    joining: Joining,
    /// How drainage users join and what they discharge, as the bureau has it.
    user_rules: Arc<UserRules>,
    /// How the standard of condition is read, as the bureau has it.
    rules: Rules,
}

impl SewerDesk {
    /// Lets `f` see the network as it is now.
    ///
    /// # Errors
    /// The city cannot be read; cancelled.
    pub fn with<T>(&self, task: &Task<'_>, f: impl FnOnce(&LiveNetwork) -> T) -> Result<T, Failure> {
        Ok(f(&*self.network(task)?))
    }

    fn network(&self, task: &Task<'_>) -> Result<Arc<LiveNetwork>, Failure> {
        match &self.pinned {
            Some(live) => Ok(Arc::clone(live)),
            None => self.live.get(&self.city, self.joining, task),
        }
    }

    /// The same desk with the network of this moment, whatever is edited meanwhile: numbers of pipes and nodes hold from
    /// one question to the next.
    ///
    /// # Errors
    /// The city cannot be read; cancelled.
    pub fn pinned(&self, task: &Task<'_>) -> Result<Self, Failure> {
        let live = self.live.get(&self.city, self.joining, task)?;
        Ok(Self { pinned: Some(live), ..self.clone() })
    }

    /// Answers a question.
    ///
    /// # Errors
    /// The words name nothing; the city cannot be read; cancelled.
    pub fn answer(&self, ask: &SewerAsk, task: &mut Task<'_>) -> Result<SewerAnswer, Failure> {
        match ask {
            SewerAsk::Summary => self.summary(task).map(SewerAnswer::Summary),
            SewerAsk::Pipe(at, rules) => {
                let card = self.pipe_card(at, *rules, task)?;
                Ok(SewerAnswer::Pipe(card.map(Box::new)))
            }
            SewerAsk::Trace { from, direction } => self.trace(from, *direction, task).map(SewerAnswer::Trace),
            SewerAsk::Path { from, to, with_flow } => self.path(from, to, *with_flow, task).map(SewerAnswer::Path),
            SewerAsk::Basins(ends_at) => self.basins(*ends_at, task).map(SewerAnswer::Basins),
            SewerAsk::Close(pipes) => self.close(pipes, task).map(SewerAnswer::Close),
            SewerAsk::Longest(to) => self.longest(to.as_ref(), task).map(SewerAnswer::Longest),
            SewerAsk::Profile(course) => self.profile(course, task).map(SewerAnswer::Profile),
            SewerAsk::Check(ask) => self.check(ask, task).map(SewerAnswer::Check),
            SewerAsk::Progress { campaign, ask } => self.progress(campaign, ask, task).map(SewerAnswer::Progress),
            SewerAsk::Cross => self.cross(task).map(SewerAnswer::Cross),
            SewerAsk::Condition(rules) => self.rate(*rules, None, task).map(SewerAnswer::Condition),
            SewerAsk::Plan(ask) => self.plan(ask, task).map(SewerAnswer::Plan),
            SewerAsk::Inspected(by) => self.inspected(*by, task).map(SewerAnswer::Inspected),
            SewerAsk::Users(ask) => self.users(ask, task).map(SewerAnswer::Users),
            SewerAsk::Capacity(ask) => self.capacity(ask, task).map(SewerAnswer::Capacity),
            SewerAsk::Defects(request) => Ok(SewerAnswer::Defects(Box::new(self.preview_defects(request, task)?))),
        }
    }

    /// How large the network is and how it was joined.
    ///
    /// # Errors
    /// The city cannot be read; cancelled.
    pub fn summary(&self, task: &Task<'_>) -> Result<Summary, Failure> {
        self.with(task, |live| summary(&live.sewers))
    }

    /// The city's file, for what is not in the network.
    pub(super) fn city(&self) -> &City {
        &self.city
    }

    /// How drainage users join and what they discharge, where nobody asks by other rules.
    pub(super) fn user_rules(&self) -> &UserRules {
        &self.user_rules
    }
}

impl Session {
    /// Where the sewers of the open city are asked.
    ///
    /// # Errors
    /// No city is open.
    pub fn sewers(&self) -> Result<SewerDesk, Failure> {
        let open = self.opened()?;
        let kept = &self.settings().sewer;
        Ok(SewerDesk {
            city: Arc::clone(&open.city),
            live: open.sewers.clone(),
            pinned: None,
            joining: self.sewer_joining(),
            user_rules: Arc::new(kept.users.rules()),
            rules: kept.rules(),
        })
    }

    /// Has pipes joined like this for as long as the session lasts, whatever the settings say.
    pub fn join_sewers(&mut self, joining: Joining) {
        self.sewer.joining = Some(joining);
    }

    /// How pipes are joined: as this session was told, else as the settings say.
    pub fn sewer_joining(&self) -> Joining {
        self.sewer.joining.unwrap_or_else(|| self.settings.sewer.joining.joining())
    }

    pub(super) fn run_sewer(&mut self, command: SewerCommand) -> Result<Option<JobId>, Failure> {
        match command {
            SewerCommand::Ask(ask) => self.ask_sewers(ask).map(Some),
            SewerCommand::WriteRatings(rules) => self.write_ratings(rules).map(Some),
            SewerCommand::ImportDefects(request) => {
                self.refuse_the_open_city(&request.path)?;
                self.import_defects(*request).map(Some)
            }
            SewerCommand::Write { ask, out, look } => self.write_sewers(ask, out, look).map(Some),
            SewerCommand::KeepLoads(ask) => self.keep_loads(*ask).map(Some),
            SewerCommand::WriteSwmm(request) => self.write_swmm(*request).map(Some),
            SewerCommand::Keep(topic) => self.keep_sewers(topic).map(Some),
            SewerCommand::Excuse { key, because } => self.excuse_fault(key, because).map(Some),
            SewerCommand::Accuse(key) => self.accuse_fault(key).map(Some),
            SewerCommand::Fix { ask, only } => self.fix_faults(ask, only).map(Some),
            SewerCommand::KeepCheck { campaign, ask } => self.keep_check(campaign, ask).map(Some),
            SewerCommand::Forget(topic) => {
                self.forget_sewer(topic);
                Ok(None)
            }
        }
    }
}
