//! What is made of many points together: heat maps and clusters.

use egui::{RichText, Ui};

use super::Desk;
use super::draft::Draft;
use super::fields::{choice_row, fields, is_amount, number, px_row, remark, row, switch_row};
use super::ink::ink_row;
use super::paints::paints_ui;
use super::ramp_choice::ramp_box;
use super::rules::rules_ui;
use super::size::size_rows;
use crate::model::ramp::RampKind;
use crate::model::style::Crowd;
use crate::ui::theme;

/// Draws the form of a heat map.
pub(super) fn heat_ui(ui: &mut Ui, desk: &mut Desk<'_>, draft: &mut Draft) {
    let lang = desk.lang;
    let Crowd::Heat { ramp, radius, weight, most } = &mut draft.style.crowd else { return };
    let label = lang.pick("色带", "Ramp");
    row(ui, label, |ui| ramp_box(ui, lang, label, ramp, (&[RampKind::Sequential, RampKind::Diverging], false)));
    let label = lang.pick("半径", "Radius");
    size_rows(ui, desk, label, label, radius);
    let label = lang.pick("权重", "Weight");
    let mut all = vec![(None, lang.pick("每点一份", "Each point counts once").to_owned())];
    all.extend(fields(&desk.layer.schema, lang, is_amount).into_iter().map(|(id, name)| (Some(id), name)));
    choice_row(ui, label, label, weight, &all);
    let label = lang.pick("固定上限", "Fixed top");
    let mut is_fixed = most.is_some();
    if switch_row(ui, label, label, &mut is_fixed).changed() {
        *most = is_fixed.then_some(10.0);
    }
    match most {
        Some(most) => {
            let label = lang.pick("上限", "Top");
            row(ui, label, |ui| number(ui, label, most, 0.001..=1e9, (0.2, "")));
            remark(
                ui,
                lang.pick("半径内的点数达到它时用最后一种颜色", "So many points in a radius have the last colour"),
            );
        }
        None => remark(
            ui,
            lang.pick(
                "最密处用最后一种颜色，随比例尺变化",
                "The densest place has the last colour, at each scale anew",
            ),
        ),
    }
}

/// Draws the form of clusters, with what points look like that stand alone.
pub(super) fn clusters_ui(ui: &mut Ui, desk: &mut Desk<'_>, draft: &mut Draft) {
    let lang = desk.lang;
    let Crowd::Clusters { ink, radius_px, closer_than } = &mut draft.style.crowd else { return };
    let label = lang.pick("颜色", "Colour");
    ink_row(ui, lang, label, lang.pick("聚合点的颜色", "Colour of clusters"), ink);
    let label = lang.pick("距离", "Distance");
    px_row(ui, label, lang.pick("聚合距离", "Distance of clusters"), radius_px, 8.0..=200.0);
    let label = lang.pick("散开", "Alone from");
    row(ui, label, |ui| {
        let drag = egui::DragValue::new(closer_than).range(0.0..=1e7).speed(50.0).max_decimals(0).prefix("1:");
        let name = lang.pick("散开的比例尺", "Scale from which points stand alone");
        ui.add(drag.update_while_editing(false)).accessible_name(name);
    });
    ui.add_space(8.0);
    let words = lang.pick("单独的点", "Points that stand alone");
    ui.label(RichText::new(words).font(theme::medium(14.0)));
    match &mut draft.style.rules[..] {
        [rule] if rule.filter.is_none() => paints_ui(ui, desk, &mut rule.paints),
        _ => rules_ui(ui, desk, draft),
    }
}
