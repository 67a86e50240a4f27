//! Numbers of an answer: one a line, amounts as bars, and what they rest on.

use egui::{Align, Label, Layout, RichText, Sense, Stroke, Ui, pos2, vec2};

use crate::session::sewer::shown::{Bar, Bars, SewerShown, Sum};
use crate::text::Lang;
use crate::ui::theme::{self, RADIUS, Tokens};
use crate::ui::widgets::{self, section};

/// Height of a bar's row.
const BAR_ROW: f32 = 22.0;
/// Most width of a bar's name, and of its words.
const NAME: f32 = 120.0;
const WORDS: f32 = 150.0;

pub(super) fn sums_ui(ui: &mut Ui, lang: Lang, shown: &SewerShown) {
    for sum in &shown.sums {
        sum_row(ui, lang, sum);
    }
    for bars in &shown.bars {
        bars_ui(ui, lang, bars);
    }
    if !shown.notes.is_empty() {
        section(ui, lang.pick("依据", "What it rests on"), "");
        for note in &shown.notes {
            let words = RichText::new(note.get(lang)).font(theme::note()).color(Tokens::of(ui).text2);
            ui.add(Label::new(words).wrap().selectable(true));
        }
    }
}

fn sum_row(ui: &mut Ui, lang: Lang, sum: &Sum) {
    let tokens = Tokens::of(ui);
    let color = if sum.is_bad { tokens.err } else { tokens.text };
    let row = ui.horizontal(|ui| {
        ui.set_min_height(24.0);
        if sum.is_part {
            ui.add_space(14.0);
        }
        let value = sum.value.get(lang);
        let value_width = widgets::layout(ui, value, theme::body()).size().x.min(ui.available_width() * 0.6);
        let name = RichText::new(sum.name.get(lang)).color(if sum.is_part { tokens.text2 } else { tokens.text });
        let room = (ui.available_width() - value_width - 12.0).max(40.0);
        ui.allocate_ui_with_layout(vec2(room, 20.0), Layout::left_to_right(Align::Center), |ui| {
            ui.set_min_width(room);
            ui.add(Label::new(name).truncate());
        });
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.add(Label::new(RichText::new(value).color(color)).truncate().selectable(true));
        });
    });
    let rect = row.response.rect;
    ui.painter().hline(ui.max_rect().x_range(), rect.bottom() + 1.0, Stroke::new(1.0, tokens.line));
}

fn bars_ui(ui: &mut Ui, lang: Lang, bars: &Bars) {
    section(ui, bars.name.get(lang), "");
    let most = bars.bars.iter().map(|bar| bar.amount).fold(0.0, f64::max);
    let (tokens, dark) = (Tokens::of(ui), ui.visuals().dark_mode);
    let width = |words: &str| widgets::layout(ui, words, theme::note()).size().x;
    let widest = |of: &dyn Fn(&Bar) -> f32, most: f32| bars.bars.iter().map(of).fold(0.0, f32::max).min(most) + 8.0;
    let name_width = widest(&|bar| width(bar.name.get(lang)), NAME);
    let words_width = widest(&|bar| width(bar.words.get(lang)), WORDS);
    for bar in &bars.bars {
        let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), BAR_ROW), Sense::hover());
        let middle = rect.center().y;
        let name = bar.name.get(lang);
        widgets::text_in(ui, pos2(rect.left(), middle), name, theme::note(), tokens.text, name_width - 8.0);
        let room = (rect.width() - name_width - words_width).max(20.0);
        let share = if most > 0.0 { (bar.amount / most) as f32 } else { 0.0 };
        let width = (room * share).max(if bar.amount > 0.0 { 2.0 } else { 0.0 });
        let filled = egui::Rect::from_min_size(pos2(rect.left() + name_width, middle - 5.0), vec2(width, 10.0));
        ui.painter().rect(
            filled,
            RADIUS / 2,
            theme::tone_color(bar.tone, dark),
            Stroke::new(1.0, tokens.line_strong),
            egui::StrokeKind::Inside,
        );
        let words = bar.words.get(lang);
        let galley = widgets::layout_clipped(ui, words, theme::note(), words_width - 6.0);
        let at = pos2(rect.right() - galley.size().x, middle - galley.size().y / 2.0);
        ui.painter().galley_with_override_text_color(at, galley, tokens.text2);
        let said = format!("{name} {words}");
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, &said));
        response.on_hover_text(said);
    }
}
