//! Choosing a colour: one for the light map, and one for the dark map that follows it until it is set by itself.

use egui::epaint::{Hsva, Mesh};
use egui::{Color32, Popup, PopupCloseBehavior, Rect, Response, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

use super::fields;
use crate::model::style::{Ink, Rgba};
use crate::text::Lang;
use crate::ui::icons::icon_char;
use crate::ui::theme::{self, CONTROL, RADIUS, Tokens, color_of};
use crate::ui::widgets;

/// Width of the square and the strip.
const PICKER: f32 = 216.0;
/// Colours that hold their own on the light map and under the common kinds of colour blindness.
const OFFERED: [u32; 18] = [
    0x1F_77B4, 0x2E_5E8C, 0x0A_716C, 0x17_713F, 0x5C_8A2E, 0xB9_7A00, 0xD9_6C1A, 0xB3_261E, 0x9C_2F5F,
    0x63_278A, //
    0x5B_3E8F, 0xA0_522D, 0x4C_3926, 0x3C_4043, 0x6B_7280, 0xB8_D4E8, 0xD4_E3C8, 0xE2_DCD0,
];

/// A row with both colours.
pub(super) fn ink_row(ui: &mut Ui, lang: Lang, label: &str, name: &str, ink: &mut Ink) {
    fields::row(ui, label, |ui| ink_buttons(ui, lang, name, ink));
}

/// Both colours, side by side; whether one of them changed.
pub(super) fn ink_buttons(ui: &mut Ui, lang: Lang, name: &str, ink: &mut Ink) -> bool {
    let before = *ink;
    let mut light = ink.light;
    color_button(ui, lang, name, ("SUN", 64.0), &mut light);
    if light != ink.light {
        *ink = paired(light);
    }
    let on_dark = match lang {
        Lang::Zh => format!("{name}（深色地图）"),
        Lang::En => format!("{name} (dark map)"),
    };
    color_button(ui, lang, &on_dark, ("MOON", 44.0), &mut ink.dark);
    *ink != before
}

/// One button for lists, with the colour of the map that is seen; the light map's takes the dark one with it.
pub(super) fn ink_dot(ui: &mut Ui, lang: Lang, name: &str, ink: &mut Ink) -> bool {
    let dark = ui.visuals().dark_mode;
    let mut color = ink.on(dark);
    color_button(ui, lang, name, ("", 28.0), &mut color);
    let changed = color != ink.on(dark);
    if changed {
        *ink = if dark { Ink { dark: color, ..*ink } } else { paired(color) };
    }
    changed
}

/// What a colour of the light map is on the dark one: a pale ground becomes a deep one, a strong line a lighter one.
pub(super) fn paired(light: Rgba) -> Ink {
    let brightness = luminance(light);
    if brightness < 0.55 {
        return Ink::from_light(light);
    }
    let [red, green, blue, alpha] = light.0;
    let mut hsva = Hsva::from_srgb([red, green, blue]);
    hsva.v *= 0.06 + (1.0 - brightness) * 0.2;
    hsva.s = (hsva.s * 1.8).min(0.7);
    let [red, green, blue] = hsva.to_srgb();
    Ink { light, dark: Rgba([red, green, blue, alpha]) }
}

/// Relative luminance, 0 to 1.
fn luminance(color: Rgba) -> f32 {
    let part = |byte: u8| {
        let share = f32::from(byte) / 255.0;
        if share <= 0.040_45 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
    };
    let [red, green, blue, _] = color.0.map(part);
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

fn color_button(ui: &mut Ui, lang: Lang, name: &str, (mark, width): (&str, f32), color: &mut Rgba) -> Response {
    let (rect, response) = ui.allocate_exact_size(vec2(width, CONTROL), Sense::click());
    let tokens = Tokens::of(ui);
    ui.painter().rect_filled(rect.shrink(2.0), RADIUS, color_of(*color));
    let edge = if response.hovered() { tokens.text2 } else { tokens.line_strong };
    ui.painter().rect_stroke(rect.shrink(2.0), RADIUS, Stroke::new(1.0, edge), egui::StrokeKind::Inside);
    if !mark.is_empty() {
        let words = if luminance(*color) > 0.3 { Color32::BLACK } else { Color32::WHITE };
        let font = theme::icon_font(12.0);
        ui.painter().text(rect.center(), egui::Align2::CENTER_CENTER, icon_char(mark), font, words);
    }
    widgets::focus_ring(ui, &response);
    let hex = hex(*color);
    response.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::ColorWell, true, name);
        info.current_text_value = Some(hex.clone());
        info
    });
    let popup = Popup::menu(&response).close_behavior(PopupCloseBehavior::CloseOnClickOutside);
    popup.show(|ui| {
        ui.set_width(PICKER);
        picker(ui, lang, name, color);
    });
    response.on_hover_text(format!("{name} {hex}"))
}

fn hex(color: Rgba) -> String {
    let [red, green, blue, _] = color.0;
    format!("#{red:02X}{green:02X}{blue:02X}")
}

/// Reads `#1F77B4`, with or without the sign.
fn from_hex(words: &str) -> Option<Rgba> {
    let digits = words.trim().trim_start_matches('#');
    let number = u32::from_str_radix(digits, 16).ok()?;
    (digits.len() == 6).then(|| Rgba::hex(number))
}

fn picker(ui: &mut Ui, lang: Lang, name: &str, color: &mut Rgba) {
    let id = ui.scope_id().with("hsv");
    // A grey has no hue of its own: the one that was chosen last is kept beside it.
    let known: Option<(Rgba, [f32; 3])> = ui.data(|data| data.get_temp(id));
    let mut hsv = known.filter(|(of, _)| of == color).map_or_else(|| hsv_of(*color), |(_, hsv)| hsv);
    let before = hsv;
    square(ui, &mut hsv);
    ui.add_space(4.0);
    strip(ui, &mut hsv);
    if hsv != before {
        let [red, green, blue] = Hsva::new(hsv[0], hsv[1], hsv[2] * hsv[2], 1.0).to_srgb();
        color.0 = [red, green, blue, color.0[3]];
        ui.data_mut(|data| data.insert_temp(id, (*color, hsv)));
    }
    ui.add_space(4.0);
    offered(ui, color);
    hex_field(ui, lang, name, color);
}

/// Hue, saturation, and the root of the value: even to the eye.
fn hsv_of(color: Rgba) -> [f32; 3] {
    let [red, green, blue, _] = color.0;
    let Hsva { h, s, v, .. } = Hsva::from_srgb([red, green, blue]);
    [h, s, v.max(0.0).sqrt()]
}

fn square(ui: &mut Ui, [hue, saturation, value]: &mut [f32; 3]) {
    let (rect, response) = ui.allocate_exact_size(vec2(PICKER, 120.0), Sense::click_and_drag());
    if let Some(at) = response.interact_pointer_pos() {
        *saturation = ((at.x - rect.left()) / rect.width()).clamp(0.0, 1.0);
        *value = ((rect.bottom() - at.y) / rect.height()).clamp(0.0, 1.0);
    }
    let pure: Color32 = Hsva::new(*hue, 1.0, 1.0, 1.0).into();
    let mut across = Mesh::default();
    quad(&mut across, rect, [Color32::WHITE, pure, pure, Color32::WHITE]);
    let mut down = Mesh::default();
    quad(&mut down, rect, [Color32::TRANSPARENT, Color32::TRANSPARENT, Color32::BLACK, Color32::BLACK]);
    ui.painter().add(across);
    ui.painter().add(down);
    let at = pos2(rect.left() + *saturation * rect.width(), rect.bottom() - *value * rect.height());
    knob(ui, at);
}

fn strip(ui: &mut Ui, [hue, ..]: &mut [f32; 3]) {
    let (rect, response) = ui.allocate_exact_size(vec2(PICKER, 18.0), Sense::click_and_drag());
    if let Some(at) = response.interact_pointer_pos() {
        *hue = ((at.x - rect.left()) / rect.width()).clamp(0.0, 0.999);
    }
    let mut mesh = Mesh::default();
    let color = |step: u8| -> Color32 { Hsva::new(f32::from(step) / 6.0, 1.0, 1.0, 1.0).into() };
    for step in 0..6_u8 {
        let x = |step: u8| rect.left() + rect.width() * f32::from(step) / 6.0;
        let part = Rect::from_x_y_ranges(x(step)..=x(step + 1), rect.y_range());
        quad(&mut mesh, part, [color(step), color(step + 1), color(step + 1), color(step)]);
    }
    ui.painter().add(mesh);
    knob(ui, pos2(rect.left() + *hue * rect.width(), rect.center().y));
}

/// A rectangle with a colour at each corner, from the top left round.
fn quad(mesh: &mut Mesh, rect: Rect, colors: [Color32; 4]) {
    let first = mesh.vertices.len() as u32;
    let corners = [rect.left_top(), rect.right_top(), rect.right_bottom(), rect.left_bottom()];
    corners.into_iter().zip(colors).for_each(|(at, color)| mesh.colored_vertex(at, color));
    mesh.add_triangle(first, first + 1, first + 2);
    mesh.add_triangle(first, first + 2, first + 3);
}

fn knob(ui: &Ui, at: egui::Pos2) {
    ui.painter().circle_stroke(at, 6.0, Stroke::new(3.0, Color32::BLACK));
    ui.painter().circle_stroke(at, 6.0, Stroke::new(1.5, Color32::WHITE));
}

fn offered(ui: &mut Ui, color: &mut Rgba) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(3.0, 3.0);
        for offer in OFFERED.map(Rgba::hex) {
            let (rect, response) = ui.allocate_exact_size(vec2(20.0, 20.0), Sense::click());
            ui.painter().rect_filled(rect, 2, color_of(offer));
            if offer == *color || response.hovered() {
                let ring = Stroke::new(2.0, Tokens::of(ui).text);
                ui.painter().rect_stroke(rect, 2, ring, egui::StrokeKind::Inside);
            }
            widgets::focus_ring(ui, &response);
            response.widget_info(|| WidgetInfo::labeled(Role::Button, true, hex(offer)));
            if response.clicked() {
                *color = Rgba([offer.0[0], offer.0[1], offer.0[2], color.0[3]]);
            }
        }
    });
}

/// The figures of the colour: what is typed counts as soon as it is whole.
fn hex_field(ui: &mut Ui, lang: Lang, name: &str, color: &mut Rgba) {
    let id = ui.scope_id().with("hex");
    let typed: Option<String> = ui.data(|data| data.get_temp(id));
    let mut words = typed.unwrap_or_else(|| hex(*color));
    let name = fields::of(name, lang.pick("色值", "Figures"), lang);
    let response = widgets::text_field(ui, &mut words, &name);
    if response.changed() {
        if let Some(typed) = from_hex(&words) {
            color.0 = [typed.0[0], typed.0[1], typed.0[2], color.0[3]];
        }
        ui.data_mut(|data| data.insert_temp(id, words));
    } else if !response.has_focus() {
        ui.data_mut(|data| data.remove_temp::<String>(id));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_lighter_and_a_ground_deeper_on_the_dark_map() {
        for line in [0x1F_77B4, 0x63_278A, 0xB3_261E, 0x17_713F, 0x3C_4043] {
            let dark = luminance(paired(Rgba::hex(line)).dark);
            assert!(dark > luminance(Rgba::hex(line)) + 0.05 && dark > 0.12, "{line:06X}: {dark}");
        }
        for ground in [0xF4_F2EC, 0xB8_D4E8, 0xE2_DCD0] {
            assert!(luminance(paired(Rgba::hex(ground)).dark) < 0.1, "{ground:06X}");
        }
    }

    #[test]
    fn figures_are_read_with_and_without_their_sign() {
        assert_eq!(from_hex(" #1f77B4 "), Some(Rgba::hex(0x1F_77B4)));
        assert_eq!(from_hex("1F77B4"), Some(Rgba::hex(0x1F_77B4)));
        assert_eq!([from_hex("#1F77B"), from_hex("blue"), from_hex("")], [None; 3]);
    }
}
