//! What is known of the values of a layer's fields: asked for one field at a time, and kept while the layer is looked at.

use std::collections::{BTreeMap, BTreeSet};

use crate::session::state::LayerView;
use crate::session::style::edit::FieldSurvey;

/// So long an answer is awaited before it is asked for again, seconds.
const PATIENCE_S: f64 = 8.0;

/// Values of fields, as far as they are known.
#[derive(Debug, Default)]
pub(super) struct Surveys {
    /// Layer and its rows: another count is another layer.
    of: (String, u64),
    known: BTreeMap<String, FieldSurvey>,
    wanted: BTreeSet<String>,
    asked: Option<(String, f64)>,
}

impl Surveys {
    /// Forgets another layer's values, and takes in an answer.
    pub(super) fn follow(&mut self, layer: &LayerView, answer: Option<&FieldSurvey>) {
        let of = (layer.table().to_owned(), layer.count);
        if self.of != of {
            *self = Self { of, ..Self::default() };
        }
        let is_awaited = |answer: &&FieldSurvey| {
            answer.layer == layer.table() && self.asked.as_ref().is_some_and(|(field, _)| *field == answer.field)
        };
        if let Some(answer) = answer.filter(is_awaited) {
            self.known.insert(answer.field.clone(), answer.clone());
            self.wanted.remove(&answer.field);
            self.asked = None;
        }
    }

    /// What is known of a field; asks for it where nothing is.
    pub(super) fn of(&mut self, field: &str) -> Option<&FieldSurvey> {
        if !self.known.contains_key(field) && !field.is_empty() {
            self.wanted.insert(field.to_owned());
        }
        self.known.get(field)
    }

    /// The field to ask for now.
    pub(super) fn ask(&mut self, now_s: f64) -> Option<String> {
        if self.asked.as_ref().is_some_and(|(_, at_s)| now_s - at_s < PATIENCE_S) {
            return None;
        }
        let next = self.wanted.iter().next().cloned()?;
        self.asked = Some((next.clone(), now_s));
        Some(next)
    }
}
