//! The thread that looks things up: details, search, table, notes, photos. One reader, requests in order; a request
//! that a newer one has made pointless is dropped unread.

use std::collections::BTreeMap;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use crate::store::city::City;
use crate::store::error::StoreError;
use crate::store::reader::Reader;

use crate::session::answer::Failure;
use crate::session::events::{Event, Post};

/// What a request is about. A newer request of the same topic replaces an older one that has not begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::session) enum Topic {
    Details,
    Search,
    TableIds,
    TableRows,
    Notes,
    History,
    ExportCount,
    FieldSurvey,
    Selection,
    Box,
    Photo,
}

type Work = Box<dyn FnOnce(&Reader) -> Result<Event, StoreError> + Send>;

/// The librarian of one open city.
pub(in crate::session) struct Librarian {
    inbox: Option<Sender<(Topic, u64, Work)>>,
    newest: Arc<Mutex<BTreeMap<Topic, u64>>>,
    count: u64,
    thread: Option<JoinHandle<()>>,
}

impl Librarian {
    /// Starts it.
    pub(in crate::session) fn start(city: &Arc<City>, post: Post) -> Result<Self, StoreError> {
        let reader = city.reader()?;
        let (inbox, requests) = channel::<(Topic, u64, Work)>();
        let newest: Arc<Mutex<BTreeMap<Topic, u64>>> = Arc::default();
        let known = Arc::clone(&newest);
        let work = move || {
            for (topic, number, work) in requests {
                let newer = known.lock().unwrap_or_else(PoisonError::into_inner).get(&topic).copied();
                if !matches!(topic, Topic::Photo | Topic::Box) && newer.is_some_and(|newest| newest > number) {
                    continue;
                }
                post.send(work(&reader).unwrap_or_else(|error| Event::Trouble(Failure::from(error))));
            }
        };
        let thread = std::thread::Builder::new().name("librarian".into()).spawn(work);
        let thread = thread.map_err(|source| StoreError::Io { path: city.path().to_owned(), source })?;
        Ok(Self { inbox: Some(inbox), newest, count: 0, thread: Some(thread) })
    }

    /// Queues a request; its number comes back.
    pub(in crate::session) fn ask(
        &mut self,
        topic: Topic,
        work: impl FnOnce(&Reader, u64) -> Result<Event, StoreError> + Send + 'static,
    ) -> u64 {
        self.count += 1;
        let number = self.count;
        self.newest.lock().unwrap_or_else(PoisonError::into_inner).insert(topic, number);
        if let Some(inbox) = &self.inbox {
            let _ = inbox.send((topic, number, Box::new(move |reader| work(reader, number))));
        }
        number
    }
}

impl Drop for Librarian {
    fn drop(&mut self) {
        self.inbox = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
