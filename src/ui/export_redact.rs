//! What an export leaves out and blurs: fields as check boxes, the grid that places are put on, and the profiles that keep
//! both for the next time.

use std::collections::BTreeSet;

use egui::{DragValue, RichText, ScrollArea, Ui};

use super::ask::{Asks, FilePurpose, UiAsk};
use super::theme::{self, Tokens};
use super::widgets::button;
use crate::model::schema::Schema;
use crate::session::export::redact::{Profile, WIDEST_M};
use crate::text::Lang;

/// The grid that is proposed, metres.
const USUAL_M: f64 = 100.0;

/// What is chosen.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Redaction {
    /// Whether anything is left out at all.
    is_on: bool,
    /// Fields that stay here, by id.
    left_out: BTreeSet<String>,
    rounds: bool,
    round_m: f64,
}

impl Default for Redaction {
    fn default() -> Self {
        Self { is_on: false, left_out: BTreeSet::new(), rounds: false, round_m: USUAL_M }
    }
}

impl Redaction {
    /// The profile that it comes to for a layer; none if nothing is left out or blurred.
    pub(super) fn profile(&self, schema: &Schema) -> Option<Profile> {
        let goes_out = |id: &&str| !self.left_out.contains(*id);
        let fields: Vec<&str> = schema.fields.iter().map(|field| field.id.as_ref()).collect();
        let kept: Vec<String> = fields.iter().filter(|id| goes_out(id)).map(|id| (*id).to_owned()).collect();
        let fields = (kept.len() < fields.len()).then_some(kept);
        let round_m = self.rounds.then_some(self.round_m);
        let is_something = self.is_on && (fields.is_some() || round_m.is_some());
        is_something.then(|| Profile::new(fields, round_m))
    }

    /// Does what a profile says. Its fields may be named as people name them.
    pub(super) fn follow(&mut self, profile: &Profile, schema: &Schema) {
        self.is_on = true;
        self.rounds = profile.round_m.is_some();
        self.round_m = profile.round_m.unwrap_or(self.round_m);
        let fields = schema.fields.iter();
        self.left_out = profile.fields.as_ref().map_or_else(BTreeSet::new, |kept| {
            let left_out = fields.filter(|field| !kept.iter().any(|word| field.is_named(word)));
            left_out.map(|field| field.id.to_string()).collect()
        });
    }
}

/// Draws the choices below their own check box.
pub(super) fn redact_ui(ui: &mut Ui, lang: Lang, schema: &Schema, state: &mut Redaction, asks: &mut Asks) {
    ui.checkbox(&mut state.is_on, lang.pick("脱敏导出", "Redact")).on_hover_text(
        lang.pick("去掉字段、模糊位置，再交给别人", "Leave fields out and blur places before handing it on"),
    );
    if !state.is_on {
        return;
    }
    ui.horizontal(|ui| {
        ui.checkbox(&mut state.rounds, lang.pick("位置取整到网格", "Places on a grid of"));
        let width = DragValue::new(&mut state.round_m).range(1.0..=WIDEST_M).suffix(" m");
        ui.add_enabled(state.rounds, width).accessible_name(lang.pick("网格宽度", "Width of the grid"));
    });
    ScrollArea::vertical().id_salt("redact-fields").max_height(96.0).show(ui, |ui| {
        ui.horizontal_wrapped(|ui| {
            for field in &schema.fields {
                let id = field.id.as_ref();
                let mut goes_out = !state.left_out.contains(id);
                if ui.checkbox(&mut goes_out, field.name.get(lang)).changed() {
                    if goes_out {
                        state.left_out.remove(id);
                    } else {
                        state.left_out.insert(id.to_owned());
                    }
                }
            }
        });
    });
    ui.horizontal(|ui| {
        if button(ui, "FLOPPY_DISK", lang.pick("存为方案…", "Save as a profile…")).clicked() {
            asks.push(UiAsk::PickFile(FilePurpose::ProfileSave));
        }
        if button(ui, "FOLDER_OPEN", lang.pick("用方案…", "Use a profile…")).clicked() {
            asks.push(UiAsk::PickFile(FilePurpose::ProfileOpen));
        }
        let note =
            lang.pick("要素重新编号，照片不随图层导出", "Rows are numbered anew; photos do not go out with a layer");
        ui.label(RichText::new(note).font(theme::note()).color(Tokens::of(ui).text2));
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::sample;

    #[test]
    fn a_profile_that_is_followed_comes_to_itself() {
        let schema = sample::manhole_schema();
        let first = schema.fields[0].id.to_string();
        let mut redaction = Redaction::default();
        assert_eq!(redaction.profile(&schema), None);
        for (fields, round_m) in [(Some(vec![first.clone()]), None), (None, Some(50.0)), (Some(vec![first]), Some(5.0))]
        {
            let profile = Profile::new(fields, round_m);
            redaction.follow(&profile, &schema);
            assert_eq!(redaction.profile(&schema), Some(profile));
        }
    }
}
