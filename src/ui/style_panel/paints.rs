//! The list of what is painted for a feature: fills, lines, marks, symbols, discs, the topmost first.

use egui::{Color32, Popup, Rect, RichText, Sense, Ui, vec2};

use super::Desk;
use super::fields::{choice_row, number, of, px_row, row, share_row, switch_row};
use super::ink::ink_row;
use super::size::size_rows;
use super::symbol_choice::symbol_row;
use crate::model::geometry::GeometryKind;
use crate::model::style::{Cap, Ink, LineMark, Paint, Size, Stroke};
use crate::model::style_make as make;
use crate::text::{Lang, Text};
use crate::ui::icons::icon;
use crate::ui::legend;
use crate::ui::theme::{self, Tokens};
use crate::ui::widgets::{self, icon_button};

/// What a paint is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PaintKind {
    Fill,
    Hatch,
    Line,
    Casing,
    Marks,
    Symbol,
    Disc,
}

impl PaintKind {
    const ALL: [Self; 7] = [Self::Fill, Self::Hatch, Self::Line, Self::Casing, Self::Marks, Self::Symbol, Self::Disc];

    fn of(paint: &Paint) -> Self {
        match paint {
            Paint::Fill { .. } => Self::Fill,
            Paint::Hatch { .. } => Self::Hatch,
            Paint::Stroke(Stroke { width: Size::Plus(..), .. }) => Self::Casing,
            Paint::Stroke(_) => Self::Line,
            Paint::Marks { .. } => Self::Marks,
            Paint::Symbol { .. } => Self::Symbol,
            Paint::Disc { .. } => Self::Disc,
        }
    }

    fn name(self) -> Text {
        match self {
            Self::Fill => Text::new("填充", "Fill"),
            Self::Hatch => Text::new("晕线", "Hatching"),
            Self::Line => Text::new("线", "Line"),
            Self::Casing => Text::new("外边线", "Casing"),
            Self::Marks => Text::new("线上记号", "Marks along the line"),
            Self::Symbol => Text::new("符号", "Symbol"),
            Self::Disc => Text::new("圆点", "Dot"),
        }
    }

    fn icon(self) -> &'static str {
        match self {
            Self::Fill => "PAINT_BUCKET",
            Self::Hatch => "HASH",
            Self::Line => "LINE_SEGMENT",
            Self::Casing => "ROAD_HORIZON",
            Self::Marks => "FLOW_ARROW",
            Self::Symbol => "MAP_PIN",
            Self::Disc => "CIRCLE",
        }
    }

    /// Whether it can be seen on a geometry.
    fn fits(self, geometry: Option<GeometryKind>) -> bool {
        make::fits(&self.paint(NEW, &[]), geometry)
    }

    /// A new one. `under` is what it goes with.
    fn paint(self, ink: Ink, under: &[Paint]) -> Paint {
        match self {
            Self::Fill => Paint::Fill { ink, opacity: 0.5 },
            Self::Hatch => Paint::Hatch {
                // In the colour of the inside it lies on it could not be seen.
                ink: if under.iter().any(|paint| Self::of(paint) == Self::Fill) { ink.apart() } else { ink },
                opacity: 1.0,
                angle_deg: 45.0,
                spacing_px: 8.0,
                width: Size::Px(1.0),
                crossed: false,
            },
            Self::Line => Paint::Stroke(Stroke::solid(ink, Size::Px(1.5))),
            Self::Casing => {
                let inner = under.iter().find_map(|paint| match paint {
                    Paint::Stroke(stroke) => Some(stroke.width.clone()),
                    _ => None,
                });
                let width = Size::Plus(Box::new(inner.unwrap_or(Size::Px(2.0))), 2.0);
                Paint::Stroke(Stroke::solid(CASING, width))
            }
            Self::Marks => {
                Paint::Marks { mark: LineMark::Arrow, ink, size: Size::Px(8.0), every: 64.0, offset: Size::Px(0.0) }
            }
            Self::Symbol => Paint::Symbol { id: "pole".to_owned(), size: Size::Px(20.0) },
            Self::Disc => {
                let ring = Stroke::solid(Ink::new(0xFF_FFFF, 0x14_171A), Size::Px(1.0));
                Paint::Disc { ink, size: Size::Px(8.0), ring: Some(ring) }
            }
        }
    }
}

/// What a new casing is drawn in.
const CASING: Ink = Ink::new(0x3C_4043, 0x0F_1214);
/// What anything else new is drawn in.
pub(super) const NEW: Ink = Ink::new(0x1F_77B4, 0x5A_A9E6);

/// What becomes of a row.
enum Fate {
    Remove(usize),
    Swap(usize, usize),
}

/// Draws the list.
pub(super) fn paints_ui(ui: &mut Ui, desk: &mut Desk<'_>, paints: &mut Vec<Paint>) {
    let (lang, count) = (desk.lang, paints.len());
    let mut fate = None;
    for at in (0..count).rev() {
        ui.push_id(("paint", at), |ui| {
            let mut numbered = PaintKind::of(&paints[at]).name().get(lang).to_owned();
            let same = |other: &&Paint| PaintKind::of(other) == PaintKind::of(&paints[at]);
            if paints.iter().filter(same).count() > 1 {
                numbered = format!("{numbered} {}", paints[..=at].iter().filter(same).count());
            }
            if head(ui, desk, &paints[at], &numbered, (at, count), &mut fate) {
                paint_rows(ui, desk, &numbered, &mut paints[at]);
                ui.add_space(6.0);
            }
        });
    }
    match fate {
        Some(Fate::Remove(at)) => _ = paints.remove(at),
        Some(Fate::Swap(one, other)) => paints.swap(one, other),
        None => {}
    }
    add_menu(ui, desk, paints);
}

/// The row of one paint; whether what can be set of it is unfolded below.
fn head(
    ui: &mut Ui,
    desk: &mut Desk<'_>,
    paint: &Paint,
    name: &str,
    (at, count): (usize, usize),
    fate: &mut Option<Fate>,
) -> bool {
    let lang = desk.lang;
    let id = ui.scope_id().with("open");
    let mut is_open = ui.data(|data| data.get_temp::<bool>(id)).unwrap_or(count <= 2);
    let is_area = desk.layer.schema.geometry.and_then(GeometryKind::dimension) == Some(2);
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 0.0;
        let caret = if is_open { "CARET_DOWN" } else { "CARET_RIGHT" };
        let word = if is_open { lang.pick("收起", "Fold") } else { lang.pick("展开", "Unfold") };
        if icon_button(ui, caret, &format!("{word} {name}")).clicked() {
            is_open = !is_open;
            ui.data_mut(|data| data.insert_temp(id, is_open));
        }
        let (room, _) = ui.allocate_exact_size(vec2(30.0, 20.0), Sense::hover());
        legend::paint_sign(ui, room, paint, is_area, desk.signs);
        ui.add_space(6.0);
        ui.label(RichText::new(name).font(theme::medium(14.0)));
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = 0.0;
            let named = |zh: &'static str, en: &'static str| format!("{} {name}", lang.pick(zh, en));
            if icon_button(ui, "TRASH_SIMPLE", &named("移除", "Remove")).clicked() {
                *fate = Some(Fate::Remove(at));
            }
            if at > 0 && icon_button(ui, "ARROW_DOWN", &named("下移", "Lower")).clicked() {
                *fate = Some(Fate::Swap(at, at - 1));
            }
            if at + 1 < count && icon_button(ui, "ARROW_UP", &named("上移", "Raise")).clicked() {
                *fate = Some(Fate::Swap(at, at + 1));
            }
        });
    });
    is_open
}

fn add_menu(ui: &mut Ui, desk: &mut Desk<'_>, paints: &mut Vec<Paint>) {
    let lang = desk.lang;
    let button = widgets::button(ui, "PLUS", lang.pick("添加绘制项", "Add a part"));
    let geometry = desk.layer.schema.geometry;
    Popup::menu(&button).show(|ui| {
        for kind in PaintKind::ALL.into_iter().filter(|kind| kind.fits(geometry)) {
            let name = kind.name();
            let name = name.get(lang);
            let quiet = Tokens::of(ui).text2;
            let is_hatch = kind == PaintKind::Hatch;
            let mark = icon(kind.icon()).color(if is_hatch { Color32::TRANSPARENT } else { quiet });
            let entry = ui.button((mark, name)).accessible_name(name);
            if is_hatch {
                // No icon of the font looks like it.
                let middle = entry.rect.left_center() + vec2(ui.spacing().button_padding.x + 8.0, 0.0);
                let room = Rect::from_center_size(middle, vec2(14.0, 14.0));
                legend::hatch_sign(ui, room, 45.0, 4.0, egui::Stroke::new(1.0, quiet));
            }
            if entry.clicked() {
                let paint = kind.paint(desk.ink.unwrap_or(NEW), paints);
                // A casing lies under its line, a fill under everything; the rest comes on top.
                let at = if matches!(kind, PaintKind::Casing | PaintKind::Fill) { 0 } else { paints.len() };
                paints.insert(at, paint);
            }
        }
    });
}

fn paint_rows(ui: &mut Ui, desk: &mut Desk<'_>, name: &str, paint: &mut Paint) {
    let lang = desk.lang;
    match paint {
        Paint::Fill { ink, opacity } => {
            color(ui, lang, name, ink);
            opacity_row(ui, lang, name, opacity);
        }
        Paint::Hatch { ink, opacity, angle_deg, spacing_px, width, crossed } => {
            color(ui, lang, name, ink);
            opacity_row(ui, lang, name, opacity);
            let label = lang.pick("方向", "Angle");
            row(ui, label, |ui| number(ui, &of(name, label, lang), angle_deg, -180.0..=180.0, (1.0, "°")));
            let label = lang.pick("间距", "Spacing");
            px_row(ui, label, &of(name, label, lang), spacing_px, 2.0..=64.0);
            width_rows(ui, desk, name, width);
            let label = lang.pick("交叉", "Crossed");
            switch_row(ui, label, &of(name, label, lang), crossed);
        }
        Paint::Stroke(stroke) => stroke_rows(ui, desk, name, stroke),
        Paint::Marks { mark, ink, size, every, offset } => {
            let marks = [LineMark::Arrow, LineMark::Cross, LineMark::Tick];
            let marks = marks.map(|mark| (mark, mark_name(mark).get(lang).to_owned()));
            let label = lang.pick("记号", "Mark");
            choice_row(ui, label, &of(name, label, lang), mark, &marks);
            color(ui, lang, name, ink);
            size_row(ui, desk, name, size);
            let label = lang.pick("间隔", "Every");
            px_row(ui, label, &of(name, label, lang), every, 8.0..=1000.0);
            offset_row(ui, desk, name, offset);
        }
        Paint::Symbol { id, size } => {
            symbol_row(ui, desk, name, id);
            size_row(ui, desk, name, size);
        }
        Paint::Disc { ink, size, ring } => {
            color(ui, lang, name, ink);
            size_row(ui, desk, name, size);
            ring_rows(ui, desk, name, ring);
        }
    }
}

fn stroke_rows(ui: &mut Ui, desk: &mut Desk<'_>, name: &str, stroke: &mut Stroke) {
    let lang = desk.lang;
    color(ui, lang, name, &mut stroke.ink);
    opacity_row(ui, lang, name, &mut stroke.opacity);
    width_rows(ui, desk, name, &mut stroke.width);
    dash_rows(ui, lang, name, &mut stroke.dash);
    let label = lang.pick("线端", "Ends");
    let ends = [(Cap::Butt, lang.pick("平", "Flat")), (Cap::Round, lang.pick("圆", "Round"))];
    let ends = ends.map(|(cap, word)| (cap, word.to_owned()));
    choice_row(ui, label, &of(name, label, lang), &mut stroke.cap, &ends);
    offset_row(ui, desk, name, &mut stroke.offset);
}

/// Runs of on and off that are offered by name.
const DASHES: [(&[f32], Text); 5] = [
    (&[], Text::new("实线", "Solid")),
    (&[6.0, 4.0], Text::new("虚线", "Dashed")),
    (&[12.0, 5.0], Text::new("长虚线", "Long dashes")),
    (&[1.5, 3.0], Text::new("点线", "Dotted")),
    (&[9.0, 4.0, 1.5, 4.0], Text::new("点划线", "Dash and dot")),
];

fn dash_rows(ui: &mut Ui, lang: Lang, name: &str, dash: &mut Vec<f32>) {
    let label = lang.pick("线型", "Pattern");
    let mut all: Vec<(Vec<f32>, String)> =
        DASHES.iter().map(|(runs, word)| (runs.to_vec(), word.get(lang).to_owned())).collect();
    if !all.iter().any(|(runs, _)| runs == dash) {
        all.push((dash.clone(), lang.pick("自定", "Custom").to_owned()));
    }
    let name = of(name, label, lang);
    choice_row(ui, label, &name, dash, &all);
    if dash.is_empty() {
        return;
    }
    row(ui, "", |ui| {
        ui.spacing_mut().interact_size.x = 30.0;
        for (at, run) in dash.iter_mut().enumerate() {
            let part = if at % 2 == 0 { lang.pick("画", "on") } else { lang.pick("空", "off") };
            number(ui, &format!("{name} {part} {}", at / 2 + 1), run, 0.0..=100.0, (0.1, ""));
        }
    });
}

fn ring_rows(ui: &mut Ui, desk: &mut Desk<'_>, name: &str, ring: &mut Option<Stroke>) {
    let lang = desk.lang;
    let label = lang.pick("外圈", "Ring");
    let name = of(name, label, lang);
    let mut on = ring.is_some();
    if switch_row(ui, label, &name, &mut on).changed() {
        let new = || Stroke::solid(Ink::new(0xFF_FFFF, 0x14_171A), Size::Px(1.0));
        *ring = on.then(new);
    }
    if let Some(ring) = ring {
        color(ui, lang, &name, &mut ring.ink);
        width_rows(ui, desk, &name, &mut ring.width);
    }
}

fn color(ui: &mut Ui, lang: Lang, name: &str, ink: &mut Ink) {
    let label = lang.pick("颜色", "Colour");
    ink_row(ui, lang, label, &of(name, label, lang), ink);
}

fn opacity_row(ui: &mut Ui, lang: Lang, name: &str, opacity: &mut f32) {
    let label = lang.pick("不透明度", "Opacity");
    share_row(ui, label, &of(name, label, lang), opacity);
}

fn width_rows(ui: &mut Ui, desk: &mut Desk<'_>, name: &str, width: &mut Size) {
    let label = desk.lang.pick("宽度", "Width");
    size_rows(ui, desk, label, &of(name, label, desk.lang), width);
}

fn size_row(ui: &mut Ui, desk: &mut Desk<'_>, name: &str, size: &mut Size) {
    let label = desk.lang.pick("大小", "Size");
    size_rows(ui, desk, label, &of(name, label, desk.lang), size);
}

/// To the right of the line's direction; to the left is less than nothing.
fn offset_row(ui: &mut Ui, desk: &mut Desk<'_>, name: &str, offset: &mut Size) {
    let label = desk.lang.pick("偏移", "Offset");
    let name = of(name, label, desk.lang);
    match offset {
        Size::Px(px) => px_row(ui, label, &name, px, -40.0..=40.0),
        _ => size_rows(ui, desk, label, &name, offset),
    }
}

fn mark_name(mark: LineMark) -> Text {
    match mark {
        LineMark::Arrow => Text::new("流向箭头", "Flow arrow"),
        LineMark::Cross => Text::new("叉", "Cross"),
        LineMark::Tick => Text::new("短横", "Tick"),
    }
}

/// The sign of some paints at the place of the pointer, as wide as a legend's.
pub(super) fn sign(ui: &mut Ui, desk: &mut Desk<'_>, paints: &[Paint]) -> Rect {
    let (room, _) = ui.allocate_exact_size(vec2(28.0, 20.0), Sense::hover());
    let is_area = desk.layer.schema.geometry.and_then(GeometryKind::dimension) == Some(2);
    legend::paints_sign(ui, room, paints, is_area, desk.signs);
    room
}
