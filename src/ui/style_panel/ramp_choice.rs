//! Choosing a ramp by its colours.

use egui::{Popup, Rect, RichText, ScrollArea, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};

use crate::model::ramp::{RAMPS, Ramp, RampKind, ramp};
use crate::text::Lang;
use crate::ui::icons::icon_char;
use crate::ui::legend::ramp_sign;
use crate::ui::theme::{self, CONTROL, RADIUS, Tokens};
use crate::ui::widgets;

/// Width of the list.
const LIST: f32 = 280.0;
/// Steps in which a ramp is shown.
const STEPS: usize = 9;

/// A button that shows the chosen ramp; a click shows all of some kinds. Whether another was chosen.
pub(super) fn ramp_box(
    ui: &mut Ui,
    lang: Lang,
    name: &str,
    id: &mut String,
    (kinds, reversed): (&[RampKind], bool),
) -> bool {
    let chosen = ramp(id);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), CONTROL), Sense::click());
    let tokens = Tokens::of(ui);
    let fill = if response.hovered() { tokens.hover } else { tokens.raised };
    ui.painter().rect(rect, RADIUS, fill, Stroke::new(1.0, tokens.line_strong), StrokeKind::Inside);
    let strip = Rect::from_min_max(rect.min + vec2(6.0, 6.0), rect.max - vec2(24.0, 6.0));
    if let Some(chosen) = chosen {
        ramp_sign(ui, strip, chosen, reversed, steps(chosen));
    }
    let caret = pos2(rect.right() - 12.0, rect.center().y);
    let font = theme::icon_font(12.0);
    ui.painter().text(caret, egui::Align2::CENTER_CENTER, icon_char("CARET_DOWN"), font, tokens.text2);
    widgets::focus_ring(ui, &response);
    let words = chosen.map_or("", |chosen| chosen.name.get(lang));
    response.widget_info(|| {
        let mut info = WidgetInfo::labeled(egui::Role::ComboBox, true, name);
        info.current_text_value = Some(words.to_owned());
        info
    });
    let before = id.clone();
    Popup::menu(&response).show(|ui| list(ui, lang, id, kinds));
    response.on_hover_text(words);
    *id != before
}

fn list(ui: &mut Ui, lang: Lang, id: &mut String, kinds: &[RampKind]) {
    ui.set_width(LIST);
    ScrollArea::vertical().max_height(420.0).show(ui, |ui| {
        for kind in kinds {
            ui.label(RichText::new(kind.name().get(lang)).font(theme::note()).color(Tokens::of(ui).text2));
            for one in RAMPS.iter().filter(|ramp| ramp.kind == *kind) {
                let name = one.name.get(lang);
                let (rect, response) = widgets::list_row(ui, 26.0, one.id == id, name);
                let strip = Rect::from_min_size(rect.min + vec2(6.0, 5.0), vec2(130.0, 16.0));
                ramp_sign(ui, strip, one, false, steps(one));
                let at = pos2(strip.right() + 10.0, rect.center().y);
                widgets::text_in(ui, at, name, theme::body(), Tokens::of(ui).text, rect.right() - at.x);
                if response.clicked() {
                    one.id.clone_into(id);
                    ui.close();
                }
            }
        }
    });
}

/// Qualitative ramps have no colours between their own.
fn steps(ramp: &Ramp) -> usize {
    if ramp.kind == RampKind::Qualitative { ramp.stops.len() } else { STEPS }
}
