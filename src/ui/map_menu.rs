//! The menu of a place on the map: its coordinates in several systems, what is there, a note.

use egui::{Button, Ui, vec2};

use super::ask::UiAsk;
use super::icons::icon;
use super::map_panel::MapAsk;
use super::theme::Tokens;
use crate::session::Session;
use crate::session::command::{Command, LookCommand};
use crate::session::place;
use crate::session::settings::CoordinateStyle;
use crate::session::shown::Shown;
use crate::text::Lang;

/// The place that was right-clicked.
#[derive(Clone, Copy, Debug)]
pub struct MenuPlace<'a> {
    /// Web Mercator metres.
    pub world: [f64; 2],
    /// World metres that a thing may be away.
    pub tolerance_m: f64,
    /// Map scale's denominator.
    pub denominator: f64,
    /// The layers there.
    pub shown: &'a Shown,
}

/// Shows the menu.
pub fn map_menu_ui(ui: &mut Ui, session: &Session, at: MenuPlace<'_>, out: &mut Vec<MapAsk>) {
    let lang = session.lang();
    ui.set_width(400.0);
    if row(ui, "CURSOR_CLICK", lang.pick("识别此处", "Identify here"), true) {
        let MenuPlace { world: at_world, tolerance_m, denominator, shown } = at;
        let look = LookCommand::Identify { at_world, tolerance_m, denominator, shown: shown.clone() };
        out.push(MapAsk::Ask(UiAsk::Run(Command::Look(look))));
    }
    let is_writable = session.city().is_some_and(|city| city.read_only.is_none());
    if row(ui, "MAP_PIN_PLUS", lang.pick("在此添加标注", "Add a note here"), is_writable) {
        out.push(MapAsk::Note(vec![at.world], false));
    }
    if row(ui, "CROSSHAIR", lang.pick("以此为中心", "Centre the map here"), true) {
        out.push(MapAsk::Ask(UiAsk::GoTo(at.world)));
    }
    ui.separator();
    for (name, words) in coordinates(at.world, session.settings().coordinates, lang) {
        let said = words.strip_prefix("GCJ-02 ").unwrap_or(&words);
        let copies = match lang {
            Lang::Zh => format!("复制 {name}：{said}"),
            Lang::En => format!("Copy {name}: {said}"),
        };
        if row(ui, "COPY", &copies, true) {
            out.push(MapAsk::Ask(UiAsk::Copy(words)));
        }
    }
}

fn row(ui: &mut Ui, icon_name: &str, words: &str, enabled: bool) -> bool {
    let mark = icon(icon_name).color(Tokens::of(ui).text2);
    let button = Button::new((mark, words)).min_size(vec2(ui.available_width(), 28.0));
    let clicked = ui.add_enabled(enabled, button).accessible_name(words).clicked();
    if clicked {
        ui.close();
    }
    clicked
}

/// Names and words of the coordinates that can be copied; the shown system comes first, none twice.
fn coordinates(world: [f64; 2], shown: CoordinateStyle, lang: Lang) -> Vec<(String, String)> {
    let [longitude, latitude] = place::lonlat_from_world(world);
    let styled = |style| {
        let name = super::status_bar::style_name(style);
        let name = name.get(lang).split(" 经纬度").next().unwrap_or_default().trim_end_matches(" lat/lon");
        (name.to_owned(), place::format_place(world, style))
    };
    let wgs84 = ("WGS 84".to_owned(), format!("{longitude:.6}, {latitude:.6}"));
    let mut all = vec![styled(shown), wgs84];
    for style in [CoordinateStyle::GaussKruger117, CoordinateStyle::Gcj02] {
        if style != shown {
            all.push(styled(style));
        }
    }
    all
}
