//! What users and inspections say of the network: worked out at the first question that adds up, and kept until anything
//! is committed.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use crate::store::error::StoreError;
use crate::store::reader::Reader;
use crate::task::Task;
use crate::trades::sewer::cjj181::Rules;
use crate::trades::sewer::condition::{Which, conditions};
use crate::trades::sewer::trace::Beside;
use crate::trades::sewer::users::{UserRules, Users};

use super::SewerDesk;
use super::live::LiveNetwork;
use crate::session::answer::Failure;

/// See the module's head.
#[derive(Default)]
pub(super) struct KeptBeside(Mutex<Option<Kept>>);

struct Kept {
    /// The network that it was worked out for: its numbers of pipes and nodes hold there alone.
    live: Weak<LiveNetwork>,
    /// Sees whether anything was committed since: the file itself knows it first.
    watch: Watch,
    users: Arc<UserRules>,
    rules: Rules,
    beside: Arc<Beside>,
}

/// What a file was like, and a connection that sees whether it still is.
struct Watch {
    reader: Reader,
    version: i64,
}

impl Watch {
    fn new(reader: Reader) -> Result<Self, StoreError> {
        let version = reader.data_version()?;
        Ok(Self { reader, version })
    }

    fn is_still(&self) -> bool {
        self.reader.data_version().is_ok_and(|version| version == self.version)
    }
}

impl fmt::Debug for KeptBeside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeptBeside").finish_non_exhaustive()
    }
}

impl SewerDesk {
    /// Lets `f` see the network, and what users and inspections say of it.
    pub(super) fn with_beside<T>(
        &self,
        task: &Task<'_>,
        f: impl FnOnce(&LiveNetwork, &Beside) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let live = self.network(task)?;
        let beside = self.beside(&live, task)?;
        f(&live, &beside)
    }

    fn beside(&self, live: &Arc<LiveNetwork>, task: &Task<'_>) -> Result<Arc<Beside>, Failure> {
        let KeptBeside(kept) = self.live.beside();
        let is_right = |kept: &&Kept| {
            let is_same = Weak::ptr_eq(&kept.live, &Arc::downgrade(live));
            is_same && kept.users == self.user_rules && kept.rules == self.rules && kept.watch.is_still()
        };
        if let Some(kept) = kept.lock().unwrap_or_else(PoisonError::into_inner).as_ref().filter(is_right) {
            return Ok(Arc::clone(&kept.beside));
        }
        let watch = Watch::new(self.city().reader()?)?;
        let (users, rows) = (self.user_rows(task)?.users, self.condition_rows()?);
        let uses = Users::new(&live.sewers, users, UserRules::clone(&self.user_rules)).node_uses();
        task.check()?;
        let found = conditions(&live.sewers, &rows.inspections, &rows.findings, self.rules, Which::Latest);
        let beside = Arc::new(Beside::new(uses, &found));
        *kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(Kept {
            live: Arc::downgrade(live),
            watch,
            users: Arc::clone(&self.user_rules),
            rules: self.rules,
            beside: Arc::clone(&beside),
        });
        Ok(beside)
    }
}
