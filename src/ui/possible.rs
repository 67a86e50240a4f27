//! Which actions are possible now, and the words they go by.

use crate::session::Session;
use crate::session::action::{Action, ActionId, Needs};
use crate::session::state::CityView;
use crate::text::Text;

/// Whether an action can be done now.
pub fn is_possible(session: &Session, action: &Action) -> bool {
    let city = session.city();
    let is_writable = city.is_some_and(|city| city.read_only.is_none());
    match action.needs {
        Needs::Nothing => true,
        Needs::City => city.is_some(),
        Needs::Writable => is_writable,
        Needs::Selection if action.id == ActionId::DeleteSelected => is_writable && !session.selection().is_empty(),
        Needs::Selection => !session.selection().is_empty(),
        Needs::Undo => is_writable && city.is_some_and(|city| city.undo.is_some()),
        Needs::Redo => is_writable && city.is_some_and(|city| city.redo.is_some()),
    }
}

/// The action's words; undo and redo say what they would take back or do again.
pub fn name(session: &Session, action: &Action) -> Text {
    let step = |pick: fn(&CityView) -> Option<&Text>| session.city().and_then(pick);
    let step = match action.id {
        ActionId::Undo => step(|city| city.undo.as_ref()),
        ActionId::Redo => step(|city| city.redo.as_ref()),
        _ => None,
    };
    step.map_or_else(
        || action.name.clone(),
        |step| Text::owned(format!("{}：{}", action.name.zh, step.zh), format!("{}: {}", action.name.en, step.en)),
    )
}

/// The first of an action's keys, as people write it: `Ctrl+Shift+I`.
pub fn key_words(action: &Action) -> &'static str {
    action.keys.split('/').next().unwrap_or_default()
}

/// The tip of an action's button: its words and all its keys.
pub fn tip(session: &Session, action: &Action) -> String {
    let name = name(session, action);
    let name = name.get(session.lang());
    if action.keys.is_empty() { name.to_owned() } else { format!("{name}  ({})", action.keys.replace('/', ", ")) }
}
