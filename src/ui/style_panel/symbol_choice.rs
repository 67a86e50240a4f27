//! Choosing a symbol by its picture.

use egui::{Popup, ScrollArea, Sense, Stroke, StrokeKind, Ui, WidgetInfo, vec2};

use super::Desk;
use super::fields::{of, row};
use crate::render::symbol_list::SYMBOLS;
use crate::text::{Lang, Text};
use crate::ui::signs::Signs;
use crate::ui::theme::{CONTROL, RADIUS, Tokens};
use crate::ui::widgets;

/// Side of one picture in the list.
const SIDE: f32 = 34.0;

/// What the symbols are called.
const NAMES: &[(&str, &str, &str)] = &[
    ("bridge", "桥梁", "Bridge"),
    ("bulky-plant", "大件垃圾处理", "Bulky waste works"),
    ("camera-offline", "摄像头离线", "Camera offline"),
    ("camera-online", "摄像头在线", "Camera online"),
    ("case-checking", "案件核查", "Case being checked"),
    ("case-closed", "案件结案", "Case closed"),
    ("case-collected", "案件上报", "Case reported"),
    ("case-dispatched", "案件派遣", "Case dispatched"),
    ("case-filed", "案件立案", "Case filed"),
    ("case-handling", "案件处置", "Case in hand"),
    ("case-overdue", "案件超期", "Case overdue"),
    ("case-rejected", "案件不立", "Case rejected"),
    ("case-suspended", "案件挂起", "Case suspended"),
    ("handhole", "手孔井", "Handhole"),
    ("incinerator", "焚烧厂", "Incinerator"),
    ("inlet", "雨水口", "Gully"),
    ("kiosk-check", "投放亭待查", "Kiosk to be checked"),
    ("kiosk-closed", "投放亭关闭", "Kiosk closed"),
    ("kiosk-missing", "投放亭缺失", "Kiosk missing"),
    ("kiosk-ok", "投放亭正常", "Kiosk in order"),
    ("kitchen-plant", "厨余处理厂", "Kitchen waste works"),
    ("lamp-fault", "路灯故障", "Lamp at fault"),
    ("lamp-on", "路灯正常", "Lamp in order"),
    ("manhole-combined", "合流检查井", "Combined manhole"),
    ("manhole-foul", "污水检查井", "Foul manhole"),
    ("manhole-storm", "雨水检查井", "Storm manhole"),
    ("manhole-unknown", "不明检查井", "Unknown manhole"),
    ("note-high-done", "紧急标注办结", "Urgent note, done"),
    ("note-high-open", "紧急标注待办", "Urgent note, open"),
    ("note-high-overdue", "紧急标注超期", "Urgent note, overdue"),
    ("note-high-work", "紧急标注在办", "Urgent note, in work"),
    ("note-low-done", "一般标注办结", "Minor note, done"),
    ("note-low-open", "一般标注待办", "Minor note, open"),
    ("note-low-overdue", "一般标注超期", "Minor note, overdue"),
    ("note-low-work", "一般标注在办", "Minor note, in work"),
    ("note-mid-done", "较重标注办结", "Medium note, done"),
    ("note-mid-open", "较重标注待办", "Medium note, open"),
    ("note-mid-overdue", "较重标注超期", "Medium note, overdue"),
    ("note-mid-work", "较重标注在办", "Medium note, in work"),
    ("outfall", "排放口", "Outfall"),
    ("plant", "处理厂", "Treatment works"),
    ("pole", "杆", "Pole"),
    ("pump", "泵站", "Pumping station"),
    ("sensor-alarm", "传感器报警", "Sensor alarm"),
    ("sensor-ok", "传感器正常", "Sensor in order"),
    ("user-home", "居民排水户", "Homes as a drainage user"),
    ("user-licensed", "持证排水户", "Licensed drainage user"),
    ("user-unlicensed", "无证排水户", "Unlicensed drainage user"),
];

/// What a symbol is called; its file's name where it has none.
fn name_of(id: &str) -> Text {
    let named = NAMES.iter().find(|(known, ..)| *known == id);
    named.map_or_else(|| Text::same(id), |(_, zh, en)| Text::new(zh, en))
}

/// A row with the chosen picture; a click shows all of them.
pub(super) fn symbol_row(ui: &mut Ui, desk: &mut Desk<'_>, name: &str, id: &mut String) {
    let lang = desk.lang;
    let label = lang.pick("图案", "Picture");
    row(ui, label, |ui| {
        let (rect, response) = ui.allocate_exact_size(vec2(44.0, CONTROL + 4.0), Sense::click());
        frame(ui, rect, response.hovered());
        desk.signs.paint(ui, rect, id, 22.0);
        widgets::focus_ring(ui, &response);
        let name = of(name, label, lang);
        response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, &name));
        ui.label(name_of(id).get(lang));
        Popup::menu(&response).show(|ui| pictures(ui, lang, desk.signs, id));
    });
}

fn pictures(ui: &mut Ui, lang: Lang, signs: &mut Signs, id: &mut String) {
    ui.set_width(SIDE * 8.0 + 16.0);
    ScrollArea::vertical().max_height(SIDE * 7.0).show(ui, |ui| {
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing = vec2(0.0, 0.0);
            for (other, ..) in SYMBOLS {
                if picture(ui, lang, signs, other, other == id).clicked() {
                    (*other).clone_into(id);
                    ui.close();
                }
            }
        });
    });
}

fn picture(ui: &mut Ui, lang: Lang, signs: &mut Signs, id: &str, chosen: bool) -> egui::Response {
    let (rect, response) = ui.allocate_exact_size(vec2(SIDE, SIDE), Sense::click());
    let tokens = Tokens::of(ui);
    if chosen || response.hovered() {
        ui.painter().rect_filled(rect.shrink(1.0), RADIUS, if chosen { tokens.selected } else { tokens.hover });
    }
    signs.paint(ui, rect, id, 22.0);
    widgets::focus_ring(ui, &response);
    let name = name_of(id);
    let name = name.get(lang);
    response.widget_info(|| WidgetInfo::selected(egui::Role::RadioButton, true, chosen, name));
    response.on_hover_text(name)
}

fn frame(ui: &Ui, rect: egui::Rect, is_lit: bool) {
    let tokens = Tokens::of(ui);
    let fill = if is_lit { tokens.hover } else { tokens.raised };
    ui.painter().rect(rect, RADIUS, fill, Stroke::new(1.0, tokens.line_strong), StrokeKind::Inside);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_symbol_has_a_name_in_both_languages() {
        let nameless: Vec<&str> =
            SYMBOLS.iter().map(|(id, ..)| *id).filter(|id| !NAMES.iter().any(|(named, ..)| named == id)).collect();
        assert_eq!(nameless, Vec::<&str>::new());
    }
}
