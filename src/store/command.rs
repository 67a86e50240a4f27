//! What may be asked of the city file, and what comes back: plain values between the session and the writer.

use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::Duration;

use crate::model::feature::Delta;
use crate::model::schema::Schema;
use crate::text::Text;

use super::error::StoreError;
use super::import::Import;

/// One command: one transaction, and one step of the journal if its action is undoable.
pub struct Write {
    /// What the undo menu says.
    pub label: Text,
    /// Who did it, for the journal.
    pub author: String,
    /// What to do.
    pub action: Action,
}

/// What a command does to the file.
pub enum Action {
    /// Adds, changes and deletes rows. A delta with id 0 and no `old` is an insert that lets the file choose the id;
    /// where `old` is given the row must still be like that, otherwise the command is refused as a conflict.
    Edit {
        /// The rows, before and after.
        deltas: Vec<Delta>,
        /// Photos that come with them.
        photos: Vec<NewPhoto>,
    },
    /// Adds an empty layer.
    CreateLayer(Schema),
    /// Takes a layer out of the city; undo brings it back.
    RemoveLayer(String),
    /// Changes name, place, opacity or style of a layer.
    LayerState {
        /// The layer's table name.
        table: String,
        /// The new state.
        state: LayerState,
    },
    /// The same for several layers, as one step: by table name.
    LayerStates(Vec<(String, LayerState)>),
    /// Shows or hides a layer. Kept in the file, no step of the journal.
    Visibility {
        /// The layer's table name.
        table: String,
        /// Whether it is drawn.
        visible: bool,
    },
    /// Adds many rows, to new layers or to old ones: one step of the journal.
    Import(Box<dyn Import>),
    /// Adds photos to a row that is there already. The photos' `delta` is not looked at.
    AddPhotos {
        /// The layer's table name.
        layer: String,
        /// The row.
        id: i64,
        /// The photos.
        photos: Vec<NewPhoto>,
    },
    /// Takes a photo off a row; the picture stays in the file until the journal forgets the step.
    RemovePhoto {
        /// The layer's table name.
        layer: String,
        /// The row.
        id: i64,
        /// The photo, by [`PhotoInfo::id`](super::media::PhotoInfo::id).
        photo: i64,
    },
    /// Keeps a value under a key, or forgets it. No step of the journal.
    Setting {
        /// The key.
        key: String,
        /// The value; `None` forgets the key.
        value: Option<String>,
    },
    /// Takes back the last step that is not undone. With nothing to undo, nothing happens.
    Undo,
    /// Does the first undone step again. With nothing to redo, nothing happens.
    Redo,
    /// Forgets all but the newest steps, and with them rows, layers and photos that only those steps kept.
    TrimJournal {
        /// How many steps stay.
        keep: usize,
    },
}

/// A photo on its way into the file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NewPhoto {
    /// Which of the command's deltas it belongs to.
    pub delta: usize,
    /// File name.
    pub name: String,
    /// Media type, `image/jpeg`.
    pub mime: String,
    /// The picture as it came.
    pub bytes: Vec<u8>,
    /// A small picture for lists; empty for none.
    pub thumbnail: Vec<u8>,
}

/// How a layer stands in the layer tree and on the map.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerState {
    /// What a person reads.
    pub name: Text,
    /// 0 is clear, 1 is solid.
    pub opacity: f32,
    /// Place among the layers, ascending from the top.
    pub position: i64,
    /// The group of the layer tree; empty for the kind's own.
    pub group: String,
    /// A style of the layer's own, as the session writes it; `None` for the kind's.
    pub style: Option<String>,
}

/// A command that is durable now.
#[derive(Clone, Debug, PartialEq)]
pub struct Committed {
    /// The step of the journal that was made, undone or redone, if there was one.
    pub step: Option<i64>,
    /// That step's label.
    pub label: Text,
    /// What is different now.
    pub changed: Vec<Changed>,
}

/// One thing that a command changed.
#[derive(Clone, Debug, PartialEq)]
pub enum Changed {
    /// These rows, as they were and are stored.
    Rows(Vec<Delta>),
    /// A layer came, went or changed in bulk: read it again.
    Layer(String),
    /// A layer's name, place, visibility or style.
    State(String),
    /// The photos of a row.
    Photos {
        /// The layer's table name.
        layer: String,
        /// The row.
        id: i64,
    },
    /// A setting.
    Settings,
    /// The journal alone.
    History,
}

/// The answer to a [`Write`], when it comes.
#[derive(Debug)]
pub struct Ticket {
    pub(super) answer: Receiver<Result<Committed, StoreError>>,
}

impl Ticket {
    /// Waits until the command is durable, or refused.
    ///
    /// # Errors
    /// Why it was refused; the file is as it was.
    pub fn wait(self) -> Result<Committed, StoreError> {
        self.answer.recv().unwrap_or(Err(StoreError::Closed))
    }

    /// As [`Ticket::wait`], for so long at most; `None` if the answer is not there yet.
    pub fn wait_for(&self, time: Duration) -> Option<Result<Committed, StoreError>> {
        self.answer.recv_timeout(time).ok()
    }

    /// The answer, once, if it is there.
    pub fn try_get(&self) -> Option<Result<Committed, StoreError>> {
        match self.answer.try_recv() {
            Ok(answer) => Some(answer),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => Some(Err(StoreError::Closed)),
        }
    }
}
