//! Colours, fonts and measures of the window: the tokens of the look, once for light and once for dark.
//!
//! Panels take colours from [`Tokens::of`] and fonts from [`body`], [`note`], [`title`] and [`medium`]; nothing else in the
//! window names a colour.

use std::sync::Arc;

use egui::style::ScrollStyle;
use egui::{
    Color32, Context, CornerRadius, FontData, FontDefinitions, FontFamily, FontId, Margin, Shadow, Stroke, Style,
    TextStyle, Ui, Vec2, Visuals, vec2,
};

use crate::render::font;
use crate::session::sewer::shown::Tone;

/// Corner radius of controls and chips.
pub const RADIUS: u8 = 4;
/// Corner radius of panels on the map, and of cards.
pub const RADIUS_CARD: u8 = 6;
/// Height of one row in trees and tables.
pub const ROW: f32 = 28.0;
/// Width of the label column in forms and details.
pub const LABEL_WIDTH: f32 = 96.0;
/// Height of a label and its value.
pub const VALUE_ROW: f32 = 26.0;
/// Height of buttons and fields.
pub const CONTROL: f32 = 28.0;

/// Name of the family of medium weight.
const MEDIUM: &str = "medium";
/// Name of the family of outlined icons.
const ICONS: &str = "icons";
/// Name of the family of filled icons.
const ICONS_FILL: &str = "icons-fill";

/// The colours of the interface.
#[derive(Debug, PartialEq, Eq)]
pub struct Tokens {
    /// Ground of panels and bars.
    pub panel: Color32,
    /// Fields, buttons, cards.
    pub raised: Color32,
    /// Table heads, hints.
    pub sunk: Color32,
    /// Dividers.
    pub line: Color32,
    /// Borders of things that can be touched.
    pub line_strong: Color32,
    /// Words.
    pub text: Color32,
    /// Labels, units, icons.
    pub text2: Color32,
    /// What matters least.
    pub text3: Color32,
    /// The one colour that says "act here", and the ring of keyboard focus.
    pub accent: Color32,
    /// Words on the accent.
    pub on_accent: Color32,
    /// All is well.
    pub ok: Color32,
    /// Ground under it.
    pub ok_bg: Color32,
    /// Look at this.
    pub warn: Color32,
    /// Ground under it.
    pub warn_bg: Color32,
    /// This is wrong.
    pub err: Color32,
    /// Ground under it.
    pub err_bg: Color32,
    /// Worth knowing.
    pub info: Color32,
    /// Ground under it.
    pub info_bg: Color32,
    /// A row under the pointer.
    pub hover: Color32,
    /// A chosen row.
    pub selected: Color32,
    /// Land of the map, seen before the first picture comes.
    pub land: Color32,
    /// Selection on the map.
    pub pick: Color32,
    /// Outline around it.
    pub pick_edge: Color32,
    /// Lines drawn by a tool that measures or notes.
    pub draft: Color32,
}

/// A colour from `0xRRGGBB`.
const fn hex(rgb: u32) -> Color32 {
    Color32::from_rgb((rgb >> 16) as u8, (rgb >> 8) as u8, rgb as u8)
}

static LIGHT: Tokens = Tokens {
    panel: hex(0x00FB_FAF7),
    raised: hex(0x00FF_FFFF),
    sunk: hex(0x00F3_F1EB),
    line: hex(0x00DE_DAD0),
    line_strong: hex(0x00C9_C4B8),
    text: hex(0x001E_2328),
    text2: hex(0x0057_5E66),
    text3: hex(0x005F_666D),
    accent: hex(0x000A_716C),
    on_accent: hex(0x00FF_FFFF),
    ok: hex(0x0017_713F),
    ok_bg: hex(0x00E3_F2E9),
    warn: hex(0x008A_5800),
    warn_bg: hex(0x00FB_F0D9),
    err: hex(0x00B3_261E),
    err_bg: hex(0x00FB_E6E3),
    info: hex(0x001D_5F9E),
    info_bg: hex(0x00E3_EEF8),
    hover: hex(0x00EF_ECE4),
    selected: hex(0x00DC_EEEC),
    land: hex(0x00F4_F2EC),
    pick: hex(0x00FF_D400),
    pick_edge: hex(0x003A_3000),
    draft: hex(0x00C2_1F1F),
};

static DARK: Tokens = Tokens {
    panel: hex(0x001B_1F23),
    raised: hex(0x0024_292E),
    sunk: hex(0x0015_181B),
    line: hex(0x0031_373D),
    line_strong: hex(0x0045_4C54),
    text: hex(0x00E8_EAEC),
    text2: hex(0x00AE_B6BE),
    text3: hex(0x009A_A3AC),
    accent: hex(0x0045_BDB3),
    on_accent: hex(0x0006_211F),
    ok: hex(0x005C_CB8F),
    ok_bg: hex(0x001B_3326),
    warn: hex(0x00E9_B44C),
    warn_bg: hex(0x0037_2C14),
    err: hex(0x00FF_8A7A),
    err_bg: hex(0x003E_211E),
    info: hex(0x007D_B8EC),
    info_bg: hex(0x001A_2D40),
    hover: hex(0x0028_2E33),
    selected: hex(0x0017_3C3A),
    land: hex(0x0020_252A),
    pick: hex(0x00FF_E14D),
    pick_edge: hex(0x001A_1600),
    draft: hex(0x00FF_8A7A),
};

impl Tokens {
    /// The colours of the theme that is on.
    pub fn of(ui: &Ui) -> &'static Self {
        Self::dark(ui.visuals().dark_mode)
    }

    /// The same where there is no [`Ui`] yet.
    pub fn of_ctx(ctx: &Context) -> &'static Self {
        Self::dark(ctx.global_style().visuals.dark_mode)
    }

    /// The colours of the dark or the light theme.
    pub fn dark(dark: bool) -> &'static Self {
        if dark { &DARK } else { &LIGHT }
    }
}

/// Body text, 14.
pub fn body() -> FontId {
    FontId::proportional(14.0)
}

/// Notes, tables, status: 12.
pub fn note() -> FontId {
    FontId::proportional(12.0)
}

/// Titles: 18.
pub fn title() -> FontId {
    FontId::proportional(18.0)
}

/// Text of medium weight.
pub fn medium(size: f32) -> FontId {
    FontId::new(size, FontFamily::Name(MEDIUM.into()))
}

/// An icon's outline.
pub fn icon_font(size: f32) -> FontId {
    FontId::new(size, FontFamily::Name(ICONS.into()))
}

/// A filled icon.
pub fn icon_fill_font(size: f32) -> FontId {
    FontId::new(size, FontFamily::Name(ICONS_FILL.into()))
}

/// Puts fonts and both themes in place: once, when the window starts.
pub fn install(ctx: &Context) {
    ctx.set_fonts(fonts());
    ctx.set_style_of(egui::Theme::Light, style(false));
    ctx.set_style_of(egui::Theme::Dark, style(true));
}

/// Switches between the two themes.
pub fn set_dark(ctx: &Context, dark: bool) {
    ctx.set_theme(if dark { egui::Theme::Dark } else { egui::Theme::Light });
}

fn fonts() -> FontDefinitions {
    let files: [(&str, &'static [u8]); 4] = [
        ("noto", font::REGULAR),
        ("noto-medium", font::MEDIUM),
        ("phosphor", include_bytes!("../../assets/fonts/Phosphor-Regular.ttf")),
        ("phosphor-fill", include_bytes!("../../assets/fonts/Phosphor-Fill.ttf")),
    ];
    let mut fonts = FontDefinitions::default();
    for (name, bytes) in files {
        fonts.font_data.insert(name.to_owned(), Arc::new(FontData::from_static(bytes)));
    }
    let rest = fonts.families.get(&FontFamily::Proportional).cloned().unwrap_or_default();
    let with = |first: &[&str]| first.iter().map(|&name| name.to_owned()).chain(rest.clone()).collect::<Vec<_>>();
    let families = [
        (FontFamily::Proportional, with(&["noto", "phosphor"])),
        // Noto's digits are all one width: columns line up without a second face.
        (FontFamily::Monospace, with(&["noto", "phosphor"])),
        (FontFamily::Name(MEDIUM.into()), with(&["noto-medium", "phosphor"])),
        (FontFamily::Name(ICONS.into()), with(&["phosphor", "noto"])),
        (FontFamily::Name(ICONS_FILL.into()), with(&["phosphor-fill", "phosphor", "noto"])),
    ];
    fonts.families.extend(families);
    fonts
}

fn style(dark: bool) -> Style {
    let mut style = Style { visuals: visuals(dark), animation_time: 0.12, ..Style::default() };
    style.text_styles = [
        (TextStyle::Small, note()),
        (TextStyle::Body, body()),
        (TextStyle::Button, body()),
        (TextStyle::Monospace, body()),
        (TextStyle::Heading, title()),
    ]
    .into();
    style.drag_value_text_style = TextStyle::Body;
    let spacing = &mut style.spacing;
    spacing.item_spacing = vec2(8.0, 4.0);
    spacing.button_padding = vec2(8.0, 4.0);
    spacing.interact_size = Vec2::new(CONTROL, CONTROL);
    spacing.window_margin = Margin::same(16);
    spacing.menu_margin = Margin::same(4);
    spacing.indent = 16.0;
    spacing.text_edit_width = 200.0;
    spacing.slider_width = 120.0;
    spacing.slider_rail_height = 4.0;
    spacing.menu_spacing = 2.0;
    spacing.tooltip_width = 360.0;
    spacing.scroll = ScrollStyle { bar_width: 8.0, foreground_color: true, ..ScrollStyle::thin() };
    style.interaction.tooltip_delay = 0.3;
    style.interaction.selectable_labels = false;
    style.explanation_tooltips = false;
    style
}

fn visuals(dark: bool) -> Visuals {
    let tokens = Tokens::dark(dark);
    let mut visuals = if dark { Visuals::dark() } else { Visuals::light() };
    visuals.panel_fill = tokens.panel;
    visuals.window_fill = tokens.raised;
    visuals.window_stroke = Stroke::new(1.0, tokens.line_strong);
    visuals.window_corner_radius = CornerRadius::same(RADIUS_CARD);
    visuals.menu_corner_radius = CornerRadius::same(RADIUS_CARD);
    visuals.window_shadow = floating_shadow(dark);
    visuals.popup_shadow = floating_shadow(dark);
    visuals.extreme_bg_color = tokens.raised;
    visuals.text_edit_bg_color = Some(tokens.raised);
    visuals.faint_bg_color = tokens.sunk;
    visuals.code_bg_color = tokens.sunk;
    visuals.hyperlink_color = tokens.accent;
    visuals.warn_fg_color = tokens.warn;
    visuals.error_fg_color = tokens.err;
    visuals.weak_text_color = Some(tokens.text2);
    visuals.selection.bg_fill = tokens.selected;
    visuals.selection.stroke = Stroke::new(2.0, tokens.accent);
    visuals.text_cursor.stroke = Stroke::new(2.0, tokens.accent);
    visuals.striped = false;
    visuals.slider_trailing_fill = true;
    visuals.disabled_alpha = 0.45;
    set_widgets(&mut visuals, tokens);
    visuals
}

fn set_widgets(visuals: &mut Visuals, tokens: &Tokens) {
    let widgets = &mut visuals.widgets;
    let all = [
        (&mut widgets.noninteractive, tokens.panel, Stroke::new(1.0, tokens.line), tokens.text),
        (&mut widgets.inactive, tokens.raised, Stroke::new(1.0, tokens.line_strong), tokens.text),
        (&mut widgets.hovered, tokens.hover, Stroke::new(1.0, tokens.line_strong), tokens.text),
        // Keyboard focus shows as "active": the ring is the focus ring.
        (&mut widgets.active, tokens.selected, Stroke::new(2.0, tokens.accent), tokens.text),
        (&mut widgets.open, tokens.selected, Stroke::new(1.0, tokens.line_strong), tokens.text),
    ];
    for (widget, fill, border, words) in all {
        widget.bg_fill = fill;
        widget.weak_bg_fill = fill;
        widget.bg_stroke = border;
        widget.fg_stroke = Stroke::new(1.0, words);
        widget.corner_radius = CornerRadius::same(RADIUS);
        widget.expansion = 0.0;
    }
}

/// The solid edge below panels that float; the look knows no blur.
pub fn floating_shadow(dark: bool) -> Shadow {
    let alpha = if dark { 90 } else { 28 };
    Shadow { offset: [0, 2], blur: 0, spread: 0, color: Color32::from_black_alpha(alpha) }
}

/// A colour of the map's styles on the screen.
pub fn color_of(rgba: crate::model::style::Rgba) -> Color32 {
    let [red, green, blue, alpha] = rgba.0;
    Color32::from_rgba_unmultiplied(red, green, blue, alpha)
}

/// What a colour of the sewer workbench stands for, on the light or the dark map.
pub fn tone_color(tone: Tone, dark: bool) -> Color32 {
    let tokens = Tokens::dark(dark);
    match tone {
        Tone::Storm => hex([0x001F_77B4, 0x005A_A9E6][usize::from(dark)]),
        Tone::Foul => hex([0x00A0_522D, 0x00D6_905F][usize::from(dark)]),
        Tone::Combined => hex([0x0063_278A, 0x00F0_B0E0][usize::from(dark)]),
        Tone::Unknown => hex([0x006B_7280, 0x009A_A3AE][usize::from(dark)]),
        Tone::Grade(grade) => hex(GRADES[usize::from(grade.clamp(1, 4)) - 1]),
        Tone::Step(step) => hex(STEPS[usize::from(dark)][usize::from(step.min(4))]),
        Tone::Accent => tokens.accent,
        Tone::Good => tokens.ok,
        Tone::Warn => tokens.warn,
        Tone::Bad => tokens.err,
        Tone::Info => tokens.info,
    }
}

/// The grades of CJJ 181, alike on both maps.
const GRADES: [u32; 4] = [0x002C_7BB6, 0x00AB_D9E9, 0x00FD_AE61, 0x00D7_191C];
/// Numbers in five steps, for the light and the dark map. The first of the light ones is darker than for areas: a line of
/// it has to be seen on the land.
const STEPS: [[u32; 5]; 2] = [
    [0x00E9_C46A, 0x00FD_C274, 0x00EC_8238, 0x00C4_3E24, 0x007F_0E1F],
    [0x0055_4E8F, 0x0098_508F, 0x00D4_5A6E, 0x00F5_8A52, 0x00FF_D873],
];
/// What lies under a traced pipe, on both maps.
pub const TRACE: Color32 = hex(0x00FF_C21A);

/// The same colour with another alpha: 0 is clear, 255 is solid.
pub fn see_through(color: Color32, alpha: u8) -> Color32 {
    Color32::from_rgba_unmultiplied(color.r(), color.g(), color.b(), alpha)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// WCAG relative luminance.
    fn luminance(color: Color32) -> f64 {
        let part = |byte: u8| {
            let share = f64::from(byte) / 255.0;
            if share <= 0.03928 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * part(color.r()) + 0.7152 * part(color.g()) + 0.0722 * part(color.b())
    }

    #[track_caller]
    fn check_contrast(words: Color32, ground: Color32) {
        let (one, two) = (luminance(words), luminance(ground));
        let ratio = (one.max(two) + 0.05) / (one.min(two) + 0.05);
        assert!(ratio >= 4.5, "{words:?} on {ground:?}: {ratio:.2}");
    }

    #[test]
    fn words_can_be_read_on_every_ground_in_both_themes() {
        for tokens in [&LIGHT, &DARK] {
            for words in [tokens.text, tokens.text2, tokens.text3, tokens.accent] {
                for ground in [tokens.panel, tokens.raised, tokens.sunk, tokens.hover, tokens.selected] {
                    check_contrast(words, ground);
                }
            }
            let pairs = [
                (tokens.ok, tokens.ok_bg),
                (tokens.warn, tokens.warn_bg),
                (tokens.err, tokens.err_bg),
                (tokens.info, tokens.info_bg),
                (tokens.on_accent, tokens.accent),
            ];
            pairs.into_iter().for_each(|(words, ground)| check_contrast(words, ground));
        }
    }
}
