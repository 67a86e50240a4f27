//! The base maps at the foot of the layer tree: eye, opacity, datum, order, and the way to a file that is gone.

use egui::{Id, Rect, Response, Role, Sense, Slider, Ui, WidgetInfo, pos2, vec2};

use super::ask::{Asks, FilePurpose, UiAsk};
use super::icons::{icon, icon_char};
use super::layers_state::LayersState;
use super::theme::{self, ROW, Tokens};
use super::widgets;
use crate::geom::crs::Crs;
use crate::session::Session;
use crate::session::action::ActionId;
use crate::session::command::{Command, GroundCommand};
use crate::session::ground::GroundView;
use crate::text::{Lang, Text};

/// Least width of a base map's menu.
const MENU_WIDTH: f32 = 200.0;
/// Middles of the columns, from the panel's left edge.
const EYE_X: f32 = 32.0;
const SIGN_X: f32 = 59.0;

/// An opacity while the hand moves it.
#[derive(Debug)]
pub(super) struct GroundFade {
    name: String,
    percent: f32,
}

/// Shows the group; without base maps there is none.
pub(super) fn grounds_ui(ui: &mut Ui, session: &Session, state: &mut LayersState, asks: &mut Asks) {
    let Some(city) = session.city() else { return };
    if city.grounds.is_empty() {
        show_new(ui, &city.path, 0, 0.0);
        return;
    }
    let top = ui.cursor().top();
    head(ui, session.lang(), asks);
    for (at, ground) in city.grounds.iter().enumerate() {
        row(ui, session, ground, at, state, asks);
    }
    show_new(ui, &city.path, city.grounds.len(), top);
    let is_held = ui.input(|input| input.pointer.any_down() || !input.keys_down.is_empty());
    if !is_held && let Some(GroundFade { name, percent }) = state.ground_fade.take() {
        run(asks, GroundCommand::Opacity { name, opacity: percent / 100.0 });
    }
}

/// Scrolls to the base maps when one has come to them: they stand below all layers, and the new one is their first.
fn show_new(ui: &Ui, city: &std::path::Path, count: usize, top: f32) {
    let key = Id::unique("grounds-shown");
    let before = ui.data_mut(|data| {
        let before = data.get_temp::<(std::path::PathBuf, usize)>(key);
        data.insert_temp(key, (city.to_owned(), count));
        before
    });
    // The first of all is new too, unless it came with its city: then nothing of this city was drawn before.
    let is_new = before.is_some_and(|(path, before)| path == city && count > before);
    if is_new {
        let around = Rect::from_x_y_ranges(ui.max_rect().x_range(), top..=top + 2.0 * ROW);
        ui.scroll_to_rect(around, None);
    }
}

fn head(ui: &mut Ui, lang: Lang, asks: &mut Asks) {
    let name = lang.pick("离线底图", "Offline base maps");
    let (rect, _) = widgets::list_row(ui, ROW, false, name);
    let at = pos2(rect.left() + 14.0, rect.center().y);
    widgets::text_in(ui, at, name, theme::body(), Tokens::of(ui).text, rect.width() - 60.0);
    let plus = Rect::from_center_size(pos2(rect.right() - 18.0, rect.center().y), vec2(24.0, ROW));
    let response = ui.interact(plus, ui.scope_id().with("add-ground"), Sense::click());
    let words = lang.pick("添加离线底图", "Add an offline base map");
    sign(ui, plus.center(), "PLUS", 14.0, Tokens::of(ui).text2);
    widgets::focus_ring(ui, &response);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, words));
    if response.clicked() {
        asks.push(UiAsk::Act(ActionId::AddGround));
    }
}

fn row(ui: &mut Ui, session: &Session, ground: &GroundView, at: usize, state: &mut LayersState, asks: &mut Asks) {
    let (tokens, lang) = (Tokens::of(ui), session.lang());
    let name = ground.name.as_str();
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::hover());
    let response = ui.interact(rect, ui.scope_id().with(("ground", name)), Sense::click());
    if response.hovered() {
        ui.painter().rect_filled(rect, 0, tokens.hover);
    }
    widgets::focus_ring(ui, &response);
    response.widget_info(|| WidgetInfo::selected(Role::TreeItem, true, false, name));
    let middle = rect.center().y;
    let (mark, color) = match (&ground.trouble, ground.visible) {
        (Some(_), _) => ("WARNING", tokens.text2),
        (None, true) => ("IMAGE", tokens.text2),
        (None, false) => ("IMAGE", tokens.text3),
    };
    sign(ui, pos2(rect.left() + SIGN_X, middle), mark, 16.0, color);
    let words = if ground.visible { tokens.text } else { tokens.text3 };
    widgets::text_in(ui, pos2(rect.left() + 78.0, middle), name, theme::body(), words, rect.width() - 86.0);
    if eye(ui, rect, ground, lang).clicked() {
        run(asks, GroundCommand::Visible { name: name.to_owned(), visible: !ground.visible });
    }
    if response.clicked() || response.secondary_clicked() {
        response.request_focus();
    }
    if response.double_clicked() {
        asks.extend(ground.bounds_world.map(UiAsk::ZoomTo));
    }
    response.context_menu(|ui| menu(ui, session, ground, at, state, asks));
    response.on_hover_text_at_pointer(tip(ground, lang));
}

fn eye(ui: &Ui, row: Rect, ground: &GroundView, lang: Lang) -> Response {
    let rect = Rect::from_center_size(pos2(row.left() + EYE_X, row.center().y), vec2(24.0, ROW));
    let response = ui.interact(rect, ui.scope_id().with(("ground-eye", &ground.name)), Sense::click());
    let color = if response.hovered() { Tokens::of(ui).text } else { Tokens::of(ui).text2 };
    sign(ui, rect.center(), if ground.visible { "EYE" } else { "EYE_SLASH" }, 16.0, color);
    widgets::focus_ring(ui, &response);
    let words = match (lang, ground.visible) {
        (Lang::Zh, true) => format!("隐藏底图 {}", ground.name),
        (Lang::Zh, false) => format!("显示底图 {}", ground.name),
        (Lang::En, true) => format!("Hide base map {}", ground.name),
        (Lang::En, false) => format!("Show base map {}", ground.name),
    };
    response.widget_info(|| WidgetInfo::selected(Role::Switch, true, ground.visible, &words));
    response
}

fn menu(ui: &mut Ui, session: &Session, ground: &GroundView, at: usize, state: &mut LayersState, asks: &mut Asks) {
    let (lang, name) = (session.lang(), ground.name.clone());
    let writable = session.city().is_some_and(|city| city.read_only.is_none());
    ui.set_min_width(MENU_WIDTH);
    if menu_row(
        ui,
        "MAGNIFYING_GLASS_PLUS",
        lang.pick("缩放到底图", "Zoom to the base map"),
        ground.bounds_world.is_some(),
    ) {
        asks.extend(ground.bounds_world.map(UiAsk::ZoomTo));
    }
    if menu_row(ui, "FOLDER_OPEN", lang.pick("找一下文件…", "Find the file…"), writable && ground.trouble.is_some())
    {
        state.locating = Some(name.clone());
        asks.push(UiAsk::PickFile(FilePurpose::GroundLocate));
    }
    if menu_row(ui, "CARET_UP", lang.pick("上移", "Move up"), writable && at > 0) {
        run(asks, GroundCommand::Raise(name.clone()));
    }
    ui.separator();
    ui.add_enabled_ui(writable, |ui| {
        opacity_row(ui, lang, ground, state);
        let mut dim = ground.dim;
        if ui.checkbox(&mut dim, lang.pick("深色界面时调暗", "Dim on the dark map")).changed() {
            run(asks, GroundCommand::Dim { name: name.clone(), dim });
        }
        ui.separator();
        datum_rows(ui, lang, ground, asks);
    });
    ui.separator();
    if menu_row(ui, "MINUS_CIRCLE", lang.pick("移除底图", "Remove the base map"), writable) {
        run(asks, GroundCommand::Remove(name));
    }
}

/// The datums of Chinese web maps; another CRS, said when the base map was added, stays to choose.
fn datum_rows(ui: &mut Ui, lang: Lang, ground: &GroundView, asks: &mut Asks) {
    let known = [
        (Crs::WGS84, Text::new("不纠偏（WGS 84 / CGCS2000）", "As it stands (WGS 84, CGCS2000)")),
        (Crs::Gcj02, Text::new("GCJ-02（高德、腾讯）", "GCJ-02 (Amap, Tencent)")),
        (Crs::Bd09, Text::new("BD-09（百度）", "BD-09 (Baidu)")),
    ];
    let other = known.iter().all(|(datum, _)| *datum != ground.datum);
    let other = other.then(|| (ground.datum, Text::same(ground.datum.to_string())));
    for (datum, words) in known.into_iter().chain(other) {
        if ui.radio(ground.datum == datum, words.get(lang)).clicked() && ground.datum != datum {
            run(asks, GroundCommand::Datum { name: ground.name.clone(), datum });
            ui.close();
        }
    }
}

fn opacity_row(ui: &mut Ui, lang: Lang, ground: &GroundView, state: &mut LayersState) {
    let name = lang.pick("不透明度", "Opacity");
    let fading = state.ground_fade.as_ref().filter(|fade| fade.name == ground.name);
    let mut percent = fading.map_or(ground.opacity * 100.0, |fade| fade.percent);
    ui.horizontal(|ui| {
        ui.add_space(8.0);
        ui.label(name);
        let slider = Slider::new(&mut percent, 0.0..=100.0).fixed_decimals(0).suffix("%").trailing_fill(true);
        if ui.add(slider.update_while_editing(false)).accessible_name(name).changed() {
            state.ground_fade = Some(GroundFade { name: ground.name.clone(), percent });
        }
    });
}

fn menu_row(ui: &mut Ui, icon_name: &str, words: &str, enabled: bool) -> bool {
    let mark = icon(icon_name).color(Tokens::of(ui).text2);
    let button = egui::Button::new((mark, words)).min_size(vec2(0.0, ROW));
    let clicked = ui.add_enabled(enabled, button).accessible_name(words).clicked();
    if clicked {
        ui.close();
    }
    clicked
}

fn sign(ui: &Ui, at: egui::Pos2, icon_name: &str, size: f32, color: egui::Color32) {
    ui.painter().text(at, egui::Align2::CENTER_CENTER, icon_char(icon_name), theme::icon_font(size), color);
}

fn tip(ground: &GroundView, lang: Lang) -> String {
    let mut lines = vec![ground.name.clone()];
    lines.extend(ground.trouble.as_ref().map(|trouble| trouble.get(lang).to_owned()));
    if let Some(opened) = ground.ground() {
        let kind = opened.kind().name();
        let zooms = opened.zooms().map(|[least, most]| match lang {
            Lang::Zh => format!("，{least}–{most} 级"),
            Lang::En => format!(", zoom {least}–{most}"),
        });
        lines.push(format!("{}{}", kind.get(lang), zooms.unwrap_or_default()));
        lines.push(format!("{} · {}", ground.datum, opened.crs()));
        lines.extend(Some(opened.attribution().to_owned()).filter(|words| !words.is_empty()));
    }
    lines.push(ground.path.display().to_string());
    lines.join("\n")
}

fn run(asks: &mut Asks, command: GroundCommand) {
    asks.push(UiAsk::Run(Command::Ground(command)));
}

#[cfg(test)]
mod tests {
    use egui_kittest::{Harness, kittest::Queryable as _};

    use super::*;
    use crate::session::test_city::TestCity;

    struct Window {
        session: Session,
        state: LayersState,
        asks: Asks,
    }

    /// A city over a picture in degrees.
    fn city() -> TestCity {
        let mut city = TestCity::new();
        let picture = city.path("航拍.png");
        image::RgbaImage::new(8, 8).save(&picture).expect("written");
        city.write("航拍.pgw", "0.001\n0\n0\n-0.001\n115.9\n29.7\n");
        city.run(Command::Ground(GroundCommand::Add { path: picture, datum: None }));
        city.wait(|session| session.city().is_some_and(|city| !city.grounds.is_empty()));
        city
    }

    #[test]
    fn a_base_map_is_hidden_by_its_eye_and_moved_by_its_menu() {
        let (session, _folder) = city().into_session();
        let window = Window { session, state: LayersState::default(), asks: Asks::new() };
        let lang = window.session.lang();
        let builder = Harness::builder().with_size(vec2(320.0, 600.0)).with_context_setup(theme::install);
        let mut harness = builder.build_ui_state(
            |ui, Window { session, state, asks }: &mut Window| grounds_ui(ui, session, state, asks),
            window,
        );
        harness.get_by_label(lang.pick("隐藏底图 航拍", "Hide base map 航拍")).click();
        harness.run();
        let hidden = |ask: &UiAsk| matches!(ask, UiAsk::Run(Command::Ground(GroundCommand::Visible { name, visible: false })) if name == "航拍");
        assert!(harness.state().asks.iter().any(hidden), "{:?}", harness.state().asks);
        harness.get_by_label("航拍").click_secondary();
        harness.run();
        harness.get_by_label(lang.pick("GCJ-02（高德、腾讯）", "GCJ-02 (Amap, Tencent)")).click();
        harness.run();
        let moved =
            |ask: &UiAsk| matches!(ask, UiAsk::Run(Command::Ground(GroundCommand::Datum { datum: Crs::Gcj02, .. })));
        assert!(harness.state().asks.iter().any(moved), "{:?}", harness.state().asks);
        assert!(harness.query_by_label(lang.pick("添加离线底图", "Add an offline base map")).is_some());
    }
}
