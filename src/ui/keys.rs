//! Keys: which action a key press asks for, read from the one list of actions.

use egui::{Context, Event, Key, Modifiers, Popup};

use crate::session::action::{ACTIONS, ActionId};

/// A key with its modifiers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shortcut {
    /// The key.
    pub key: Key,
    /// Held with it.
    pub modifiers: Modifiers,
}

/// Reads `Ctrl+Shift+I`. A name that egui does not know gives nothing.
pub fn parse(words: &str) -> Option<Shortcut> {
    let mut modifiers = Modifiers::NONE;
    let mut parts = words.split('+').peekable();
    while let Some(part) = parts.next() {
        match part {
            "Ctrl" => modifiers = modifiers.plus(Modifiers::CTRL),
            "Shift" => modifiers = modifiers.plus(Modifiers::SHIFT),
            "Alt" => modifiers = modifiers.plus(Modifiers::ALT),
            _ if parts.peek().is_none() => return key(part).map(|key| Shortcut { key, modifiers }),
            _ => return None,
        }
    }
    None
}

fn key(name: &str) -> Option<Key> {
    match name {
        "[" => Some(Key::OpenBracket),
        "]" => Some(Key::CloseBracket),
        "Left" => Some(Key::ArrowLeft),
        "Right" => Some(Key::ArrowRight),
        _ => Key::from_name(name),
    }
}

/// All shortcuts with their actions.
pub fn shortcuts() -> impl Iterator<Item = (Shortcut, ActionId)> {
    ACTIONS.iter().flat_map(|action| {
        let words = action.keys.split('/').filter(|words| !words.is_empty());
        words.filter_map(|words| Some((parse(words)?, action.id)))
    })
}

/// Esc closes an open list or menu, and that alone; whether it did. Comes before anything else that would take the key.
pub fn close_popup(ctx: &Context) -> bool {
    let closes = Popup::is_any_open(ctx) && ctx.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape));
    if closes {
        Popup::close_all(ctx);
    }
    closes
}

/// The actions whose keys were pressed in this frame. Keys that belong to the text field in focus are left to it.
pub fn pressed(ctx: &Context) -> Vec<ActionId> {
    let typing = ctx.text_edit_focused();
    let composing = ctx.input(|input| input.events.iter().any(|event| matches!(event, Event::Ime(_))));
    if composing {
        return Vec::new();
    }
    // A dialog that has to be answered first keeps the keys from the window behind it.
    if ctx.memory(|memory| memory.top_modal_layer().is_some()) {
        return Vec::new();
    }
    // Any other dialog, and a menu, keeps those of the map and of the city: nobody would expect these to change behind it.
    let in_dialog = super::sheet::holds_keys(ctx) || Popup::is_any_open(ctx);
    let mut found = Vec::new();
    ctx.input_mut(|input| {
        input.events.retain(|event| {
            let Event::Key { key, pressed: true, modifiers, .. } = event else { return true };
            let action = asked(*key, *modifiers).filter(|_| !typing || !belongs_to_text(*key, *modifiers));
            let action = action.filter(|action| !in_dialog || is_of_window(*action));
            found.extend(action);
            action.is_none()
        });
    });
    found
}

/// Words pasted while no text field and no dialog wants them: they are for the map.
pub fn pasted(ctx: &Context) -> Option<String> {
    let is_wanted = ctx.text_edit_focused() || ctx.memory(|memory| memory.top_modal_layer().is_some());
    if is_wanted || Popup::is_any_open(ctx) || super::sheet::holds_keys(ctx) {
        return None;
    }
    ctx.input_mut(|input| {
        let place = input.events.iter().position(|event| matches!(event, Event::Paste(_)))?;
        match input.events.remove(place) {
            Event::Paste(words) => Some(words),
            _ => None,
        }
    })
}

/// Whether an action is about the window alone, and means the same whatever lies over the map.
fn is_of_window(id: ActionId) -> bool {
    use ActionId as A;
    let about = [A::Palette, A::KeySheet, A::OpenSettings, A::PrintMap, A::FullScreen, A::Diagnostics];
    about.contains(&id)
}

fn asked(key: Key, modifiers: Modifiers) -> Option<ActionId> {
    shortcuts().find(|(shortcut, _)| fits(*shortcut, key, modifiers)).map(|(_, action)| action)
}

fn fits(shortcut: Shortcut, key: Key, held: Modifiers) -> bool {
    let plus = shortcut.key == Key::Plus && matches!(key, Key::Plus | Key::Equals);
    let ctrl = held.ctrl || held.command || held.mac_cmd;
    // "+" is a shifted key on many keyboards.
    let shift = held.shift == shortcut.modifiers.shift || plus;
    (shortcut.key == key || plus) && ctrl == shortcut.modifiers.ctrl && held.alt == shortcut.modifiers.alt && shift
}

/// Whether a text field wants this key itself: letters, moving, and its own undo, select all and clipboard.
fn belongs_to_text(key: Key, held: Modifiers) -> bool {
    let ctrl = held.ctrl || held.command;
    if is_function(key) {
        return false;
    }
    if !ctrl && !held.alt {
        return true;
    }
    let editing = [
        Key::A,
        Key::B,
        Key::C,
        Key::E,
        Key::V,
        Key::W,
        Key::X,
        Key::Y,
        Key::Z,
        Key::Delete,
        Key::Backspace,
        Key::ArrowLeft,
        Key::ArrowRight,
        Key::Home,
        Key::End,
    ];
    editing.contains(&key) && !(ctrl && held.shift && key != Key::Z)
}

fn is_function(key: Key) -> bool {
    let name = key.name();
    name.len() > 1 && name.starts_with('F') && name[1..].chars().all(|digit| digit.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_in_the_list_of_actions_is_understood() {
        let words = ACTIONS.iter().flat_map(|action| action.keys.split('/')).filter(|words| !words.is_empty());
        let unknown: Vec<_> = words.filter(|words| parse(words).is_none()).collect();
        assert_eq!(unknown, Vec::<&str>::new());
    }

    #[track_caller]
    fn check(key: Key, held: Modifiers, action: Option<ActionId>) {
        assert_eq!(asked(key, held), action);
    }

    #[test]
    fn keys_lead_to_their_actions_and_modifiers_count() {
        check(Key::Z, Modifiers::CTRL, Some(ActionId::Undo));
        check(Key::Z, Modifiers::CTRL | Modifiers::SHIFT, Some(ActionId::Redo));
        check(Key::Z, Modifiers::NONE, None);
        check(Key::Plus, Modifiers::CTRL | Modifiers::SHIFT, Some(ActionId::ZoomIn));
        check(Key::Equals, Modifiers::CTRL, Some(ActionId::ZoomIn));
        check(Key::I, Modifiers::CTRL, Some(ActionId::ImportFile));
        check(Key::OpenBracket, Modifiers::NONE, Some(ActionId::LeftPanel));
    }

    #[test]
    fn words_are_pasted_on_the_map_unless_a_field_wants_them() {
        let ctx = Context::default();
        let mut found = Vec::new();
        for has_field in [false, true] {
            let mut words = "POINT (116 29.7)".to_owned();
            for events in [Vec::new(), vec![Event::Paste(words.clone())]] {
                let input = egui::RawInput { events, ..egui::RawInput::default() };
                let mut draw = |ui: &mut egui::Ui| {
                    found.extend(pasted(ui.ctx()));
                    if has_field {
                        ui.text_edit_singleline(&mut words).request_focus();
                    }
                };
                ctx.run_ui(input, &mut draw).textures_delta.clear();
            }
        }
        assert_eq!(found, ["POINT (116 29.7)"]);
    }

    #[test]
    fn a_text_field_keeps_letters_and_its_own_undo_but_not_function_keys() {
        assert!(belongs_to_text(Key::Num2, Modifiers::NONE));
        assert!(belongs_to_text(Key::Z, Modifiers::CTRL));
        assert!(!belongs_to_text(Key::K, Modifiers::CTRL));
        assert!(!belongs_to_text(Key::F12, Modifiers::NONE));
    }
}
