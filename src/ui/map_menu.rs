//! The menu of a place on the map: its coordinates in several systems, what is there, a note.

use egui::{Button, RichText, Ui, vec2};

use super::ask::UiAsk;
use super::icons::icon;
use super::map_panel::MapAsk;
use super::sewer;
use super::theme::{self, Tokens};
use crate::session::Session;
use crate::session::command::{Command, LookCommand};
use crate::session::map::clusters::Glance;
use crate::session::place;
use crate::session::settings::CoordinateStyle;
use crate::session::sewer::SewerAsk;
use crate::session::sewer::place::SewerPlace;
use crate::session::sewer::questions::{Direction, ProfileCourse};
use crate::text::Lang;

/// Shows the menu of the place that was right-clicked.
pub fn map_menu_ui(ui: &mut Ui, session: &Session, at: &Glance, out: &mut Vec<MapAsk>) {
    let lang = session.lang();
    ui.set_width(400.0);
    if row(ui, "CURSOR_CLICK", lang.pick("识别此处", "Identify here"), true) {
        out.push(MapAsk::Ask(UiAsk::Run(Command::Look(LookCommand::Identify(at.clone())))));
    }
    let is_writable = session.city().is_some_and(|city| city.read_only.is_none());
    if row(ui, "MAP_PIN_PLUS", lang.pick("在此添加标注", "Add a note here"), is_writable) {
        out.push(MapAsk::Note(vec![at.at_world], false));
    }
    if row(ui, "CROSSHAIR", lang.pick("以此为中心", "Centre the map here"), true) {
        out.push(MapAsk::Ask(UiAsk::GoTo(at.at_world)));
    }
    sewer_rows(ui, session, at, out);
    ui.separator();
    for (name, words) in coordinates(at.at_world, session.settings().coordinates, lang) {
        let said = words.strip_prefix("GCJ-02 ").or_else(|| words.strip_prefix("BD-09 ")).unwrap_or(&words);
        let copies = match lang {
            Lang::Zh => format!("复制 {name}：{said}"),
            Lang::En => format!("Copy {name}: {said}"),
        };
        if row(ui, "COPY", &copies, true) {
            out.push(MapAsk::Ask(UiAsk::Copy(words)));
        }
    }
}

/// Questions about the pipe or node that is there.
fn sewer_rows(ui: &mut Ui, session: &Session, at: &Glance, out: &mut Vec<MapAsk>) {
    let Some(feature) = sewer::ask::at(session, at) else { return };
    let lang = session.lang();
    let is_pipe = session.city().and_then(|city| city.layer(&feature.layer)).is_some_and(sewer::ask::is_pipes);
    let place = || SewerPlace::Row { layer: feature.layer.clone(), id: feature.id };
    ui.separator();
    if let Some(words) = session.hover_words(&feature) {
        ui.label(RichText::new(words).font(theme::note()).color(Tokens::of(ui).text2));
    }
    let mut ask = |ui: &mut Ui, icon: &str, words: &str, ask: &dyn Fn() -> SewerAsk| {
        if row(ui, icon, words, true) {
            out.push(MapAsk::Ask(UiAsk::Sewer(ask())));
        }
    };
    let trace = |direction| sewer::ask::trace(place(), direction);
    ask(ui, "ARROW_LINE_UP", lang.pick("追溯上游", "Trace upstream"), &|| trace(Direction::Up));
    ask(ui, "ARROW_LINE_DOWN", lang.pick("追溯下游", "Trace downstream"), &|| trace(Direction::Down));
    let down = lang.pick("到出口的纵断面", "Profile down to the outlet");
    ask(ui, "CHART_LINE", down, &|| SewerAsk::Profile(ProfileCourse::Down(place())));
    if is_pipe {
        let close = lang.pick("如果关闭这段管", "What if this pipe is closed");
        ask(ui, "PROHIBIT", close, &|| SewerAsk::Close(vec![place()]));
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
