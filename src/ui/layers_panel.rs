//! The layer tree: groups with eyes and counts, layers with signs and legends; order by drag, everything else by right click.

use egui::{
    Frame, Key, Margin, Rect, Response, Role, ScrollArea, Sense, Slider, Stroke, TextEdit, Ui, WidgetInfo, pos2, vec2,
};

use super::ask::{Asks, UiAsk};
use super::grounds_panel::grounds_ui;
use super::icons::icon_char;
use super::layers_state::{Fade, LayersState, Rename};
use super::legend;
use super::map_marks::readout;
use super::show::count;
use super::signs::Signs;
use super::theme::{self, ROW, Tokens};
use super::visit;
use super::widgets;
use crate::kinds::kind::Group;
use crate::model::style::Rule;
use crate::session::Session;
use crate::session::action::ActionId;
use crate::session::command::{Command, LayerCommand, LookCommand};
use crate::session::legend as session_legend;
use crate::session::place;
use crate::session::state::{CityView, LayerView};
use crate::text::Lang;

/// Height of a legend row.
const LEGEND_ROW: f32 = 22.0;
/// Least width of a layer's menu; longer words make it wider.
const MENU_WIDTH: f32 = 180.0;
/// Middles of the columns, from the panel's left edge: caret, a group's eye, a layer's eye, its sign.
const CARET_X: f32 = 14.0;
const GROUP_EYE_X: f32 = 33.0;
const EYE_X: f32 = 32.0;
const SIGN_X: f32 = 59.0;

/// Shows the panel.
pub fn layers_ui(ui: &mut Ui, session: &Session, state: &mut LayersState, asks: &mut Asks) {
    let lang = session.lang();
    head(ui, lang, asks);
    let Some(city) = session.city() else {
        ui.horizontal(|ui| {
            ui.add_space(12.0);
            ui.vertical(|ui| {
                let words = lang.pick("打开一座城市后，图层列在这里", "The layers of an open city are listed here");
                if widgets::empty(ui, words, Some(("FOLDER_OPEN", lang.pick("打开城市…", "Open a city…")))) {
                    asks.push(UiAsk::Act(ActionId::OpenCity));
                }
            });
        });
        return;
    };
    state.follow(city);
    ui.add_space(8.0);
    Frame::new().inner_margin(Margin::symmetric(8, 0)).show(ui, |ui| {
        widgets::filter_field(ui, &mut state.filter, lang.pick("筛选图层", "Filter layers"));
    });
    ui.add_space(4.0);
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        ui.spacing_mut().item_spacing = vec2(0.0, 0.0);
        for group in Group::ALL {
            group_ui(ui, session, city, group, state, asks);
        }
        if state.filter.trim().is_empty() {
            grounds_ui(ui, session, state, asks);
        }
        ui.add_space(16.0);
    });
    if let Some(Fade { layer, percent, .. }) = state.faded() {
        run(asks, LayerCommand::Opacity { layer, opacity: percent / 100.0 });
    }
}

fn head(ui: &mut Ui, lang: Lang, asks: &mut Asks) {
    ui.horizontal(|ui| {
        ui.add_space(8.0);
        widgets::tab(ui, "STACK", lang.pick("图层", "Layers"), true);
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            ui.add_space(8.0);
            if widgets::icon_button(ui, "SIDEBAR_SIMPLE", lang.pick("收起左栏", "Close the left panel")).clicked() {
                asks.push(UiAsk::Act(ActionId::LeftPanel));
            }
            if widgets::icon_button(ui, "PLUS", lang.pick("添加图层", "Add a layer")).clicked() {
                asks.push(UiAsk::Act(ActionId::NewLayer));
            }
        });
    });
    let line = Stroke::new(1.0, Tokens::of(ui).line);
    ui.painter().hline(ui.max_rect().x_range(), ui.cursor().top() - 4.0, line);
}

fn passes(layer: &LayerView, filter: &str) -> bool {
    let filter = filter.trim().to_lowercase();
    filter.is_empty()
        || [&*layer.name.zh, &*layer.name.en, layer.table()].iter().any(|name| name.to_lowercase().contains(&filter))
}

fn group_ui(ui: &mut Ui, session: &Session, city: &CityView, group: Group, state: &mut LayersState, asks: &mut Asks) {
    let members: Vec<&LayerView> = city.layers.iter().filter(|layer| layer.group() == group).collect();
    let shown: Vec<&LayerView> = members.iter().copied().filter(|layer| passes(layer, &state.filter)).collect();
    if shown.is_empty() {
        return;
    }
    group_row(ui, session, group, &members, state, asks);
    if state.is_folded(group) && state.filter.trim().is_empty() {
        return;
    }
    for layer in shown {
        layer_ui(ui, session, city, layer, state, asks);
    }
}

fn group_row(
    ui: &mut Ui,
    session: &Session,
    group: Group,
    members: &[&LayerView],
    state: &mut LayersState,
    asks: &mut Asks,
) {
    let (tokens, lang) = (Tokens::of(ui), session.lang());
    let name = group.name();
    let name = name.get(lang);
    let (rect, response) = widgets::list_row(ui, ROW, false, name);
    let caret = if state.is_folded(group) { "CARET_RIGHT" } else { "CARET_DOWN" };
    mark(ui, rect, CARET_X, caret, 12.0, tokens.text2);
    let any = members.iter().any(|layer| layer.visible && layer.has_geometry());
    if eye(ui, rect, GROUP_EYE_X, any, name, lang, ("group", group as usize)).clicked() {
        let (layers, visible) = state.switch_group(group, members);
        run(asks, LayerCommand::Visible { layers, visible });
    }
    let (size, size_tip) = size_words(session, members);
    let right = right_words(ui, rect, &size);
    let at = pos2(rect.left() + 48.0, rect.center().y);
    widgets::text_in(ui, at, name, theme::body(), tokens.text, rect.width() - 56.0 - right);
    if response.clicked() {
        state.toggle(group);
    }
    if !size_tip.is_empty() {
        response.on_hover_text_at_pointer(size_tip);
    }
    let dragged = egui::DragAndDrop::payload::<String>(ui.ctx()).and_then(|table| session.city()?.layer(&table));
    let over = ui.ctx().pointer_interact_pos().filter(|at| rect.contains(*at));
    if let Some((dragged, pointer)) = dragged.zip(over).filter(|(dragged, _)| dragged.group() != group) {
        say_it_stays(ui, lang, dragged, pointer);
    }
}

/// How large a group is, and what of it that is: sewers by the length of all their pipes, the rest by number. A length is
/// not said before all of it is known.
fn size_words(session: &Session, members: &[&LayerView]) -> (String, String) {
    let lang = session.lang();
    let measured = || members.iter().filter(|layer| session_legend::is_measured(layer.kind) && layer.count > 0);
    let layers = measured().count();
    if layers == 0 {
        return (count(members.iter().map(|layer| layer.count).sum()), String::new());
    }
    let Some(length_m) = measured().map(|layer| layer.length_m).sum::<Option<f64>>() else {
        return (String::new(), lang.pick("正在量管线长度…", "Measuring the pipes…").to_owned());
    };
    let words = place::format_length(length_m, session.settings().units, lang);
    let tip = match lang {
        Lang::Zh => format!("{layers} 个排水管图层的管线全长（按图形，含未投用、停用的管段）：{words}"),
        Lang::En => {
            format!("Length of all pipes of {layers} layers of sewers, as drawn, with those out of use: {words}")
        }
    };
    (words, tip)
}

fn layer_ui(
    ui: &mut Ui,
    session: &Session,
    city: &CityView,
    layer: &LayerView,
    state: &mut LayersState,
    asks: &mut Asks,
) {
    if state.rename.as_ref().is_some_and(|rename| rename.layer == layer.table()) {
        rename_row(ui, session.lang(), state, asks);
        return;
    }
    let rows = session_legend::rows_at(&layer.style, state.denominator);
    let crowd = session_legend::crowd(layer);
    layer_row(ui, session, city, layer, state, asks);
    let count = rows.len() + usize::from(crowd.is_some());
    // A layer with one sign has it in its own row; a density is not understood without its ends.
    let has_classes = session_legend::rows(&layer.style).len() > 1;
    if !has_classes && crowd.is_none() {
        return;
    }
    legend_caret(ui, session.lang(), layer, count, state);
    if !state.shows_legend(layer, count) {
        return;
    }
    let crowd = crowd.map(|crowd| legend::crowd_row(ui, session.lang(), &crowd, LEGEND_ROW));
    let is_area = layer.schema.geometry.and_then(crate::model::geometry::GeometryKind::dimension) == Some(2);
    let rows = rows.into_iter().map(|(row, rule)| {
        let features = layer.legend_counts.get(row).copied();
        legend_row(ui, session.lang(), rule, features, is_area, &mut state.signs)
    });
    if crowd.into_iter().chain(rows).any(|row| row.double_clicked()) {
        asks.push(UiAsk::StyleLayer(layer.table().to_owned()));
    }
}

fn layer_row(
    ui: &mut Ui,
    session: &Session,
    city: &CityView,
    layer: &LayerView,
    state: &mut LayersState,
    asks: &mut Asks,
) {
    let (tokens, lang) = (Tokens::of(ui), session.lang());
    let name = layer.name.get(lang);
    let is_current = state.current.as_deref() == Some(layer.table());
    let id = ui.scope_id().with(("layer", layer.table()));
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::hover());
    if state.arrived.take_if(|arrived| arrived == layer.table()).is_some() {
        ui.scroll_to_rect(rect, Some(egui::Align::Center));
    }
    let response = ui.interact(rect, id, Sense::click_and_drag());
    let ground = if is_current { Some(tokens.selected) } else { response.hovered().then_some(tokens.hover) };
    if let Some(ground) = ground {
        ui.painter().rect_filled(rect, 0, ground);
    }
    widgets::focus_ring(ui, &response);
    response.widget_info(|| WidgetInfo::selected(Role::TreeItem, true, is_current, name));
    let color = if layer.visible || !layer.has_geometry() { tokens.text } else { tokens.text3 };
    let sign = Rect::from_center_size(pos2(rect.left() + SIGN_X, rect.center().y), vec2(24.0, 20.0));
    legend::layer_sign(ui, sign, layer, &mut state.signs);
    let right = right_words(ui, rect, &count(layer.count));
    let at = pos2(rect.left() + 78.0, rect.center().y);
    widgets::text_in(ui, at, name, theme::body(), color, rect.width() - 86.0 - right);
    let has_eye = layer.has_geometry();
    if has_eye && eye(ui, rect, EYE_X, layer.visible, name, lang, ("eye", layer.table())).clicked() {
        run(asks, LayerCommand::Visible { layers: vec![layer.table().to_owned()], visible: !layer.visible });
    }
    drag_to_reorder(ui, lang, &response, city, layer, asks);
    clicks(ui, session, layer, &response, state, asks);
    response.on_hover_text_at_pointer(tip(layer, lang));
}

fn clicks(
    ui: &Ui,
    session: &Session,
    layer: &LayerView,
    response: &Response,
    state: &mut LayersState,
    asks: &mut Asks,
) {
    if response.clicked() || response.secondary_clicked() {
        state.current = Some(layer.table().to_owned());
        response.request_focus();
    }
    if response.double_clicked() {
        asks.extend(layer.bounds_world.map(UiAsk::ZoomTo));
    }
    let f2 = response.has_focus() && ui.input_mut(|input| input.consume_key(egui::Modifiers::NONE, Key::F2));
    if f2 && is_writable(session) {
        state.rename(layer, session.lang());
    }
    response.context_menu(|ui| layer_menu(ui, session, layer, state, asks));
}

/// The caret in the row just laid out that folds its legend.
fn legend_caret(ui: &Ui, lang: Lang, layer: &LayerView, rows: usize, state: &mut LayersState) {
    let bottom = ui.cursor().top();
    let row = Rect::from_min_max(pos2(ui.max_rect().left(), bottom - ROW), pos2(ui.max_rect().right(), bottom));
    let rect = Rect::from_center_size(pos2(row.left() + CARET_X, row.center().y), vec2(14.0, ROW));
    let response = ui.interact(rect, ui.scope_id().with(("legend", layer.table())), Sense::click());
    let is_open = state.shows_legend(layer, rows);
    let tokens = Tokens::of(ui);
    let color = if response.hovered() { tokens.text } else { tokens.text3 };
    mark(ui, row, CARET_X, if is_open { "CARET_DOWN" } else { "CARET_RIGHT" }, 10.0, color);
    widgets::focus_ring(ui, &response);
    let name = layer.name.get(lang);
    let words = match lang {
        Lang::Zh => format!("{name} 的图例"),
        Lang::En => format!("Legend of {name}"),
    };
    response.widget_info(|| WidgetInfo::selected(Role::Switch, true, is_open, &words));
    if response.clicked() {
        state.toggle_legend(layer);
    }
}

fn is_writable(session: &Session) -> bool {
    session.city().is_some_and(|city| city.read_only.is_none())
}

fn layer_menu(ui: &mut Ui, session: &Session, layer: &LayerView, state: &mut LayersState, asks: &mut Asks) {
    let lang = session.lang();
    let table = layer.table().to_owned();
    ui.set_min_width(MENU_WIDTH);
    if menu_row(ui, "MAGNIFYING_GLASS_PLUS", lang.pick("缩放到图层", "Zoom to the layer"), layer.bounds_world.is_some())
    {
        asks.extend(layer.bounds_world.map(UiAsk::ZoomTo));
    }
    if menu_row(ui, "TABLE", lang.pick("打开属性表", "Open the attribute table"), true) {
        asks.push(UiAsk::OpenTable(table.clone()));
    }
    if menu_row(ui, "EXPORT", lang.pick("导出图层…", "Export the layer…"), true) {
        asks.push(UiAsk::ExportLayer(table.clone()));
    }
    ui.separator();
    if menu_row(ui, "PALETTE", lang.pick("图层样式…", "Layer style…"), layer.has_geometry()) {
        asks.push(UiAsk::StyleLayer(table.clone()));
    }
    opacity_row(ui, session, layer, state, asks);
    ui.separator();
    let writable = is_writable(session);
    if menu_row(ui, "TEXT_T", lang.pick("重命名", "Rename"), writable) {
        state.rename(layer, lang);
    }
    if menu_row(ui, "MINUS_CIRCLE", lang.pick("移除图层", "Remove the layer"), writable) {
        run(asks, LayerCommand::Remove(table));
    }
}

/// The map shows an opacity while the hand moves it; the file gets one step when the hand lets go.
fn opacity_row(ui: &mut Ui, session: &Session, layer: &LayerView, state: &mut LayersState, asks: &mut Asks) {
    let name = session.lang().pick("不透明度", "Opacity");
    let fading = state.fade.as_ref().filter(|fade| fade.layer == layer.table());
    let mut percent = fading.map_or(layer.opacity * 100.0, |fade| fade.percent);
    let changed = ui.horizontal(|ui| {
        ui.add_space(8.0);
        ui.label(name);
        let slider = Slider::new(&mut percent, 0.0..=100.0).fixed_decimals(0).suffix("%").trailing_fill(true);
        let slider = slider.update_while_editing(false);
        ui.add_enabled(is_writable(session), slider).accessible_name(name).changed()
    });
    let (now_s, is_held) = ui.input(|input| (input.time, input.pointer.any_down() || !input.keys_down.is_empty()));
    if changed.inner {
        state.fade.get_or_insert_with(|| Fade::new(layer.table(), percent)).percent = percent;
    }
    let Some(fade) = &mut state.fade else { return };
    fade.is_held = is_held;
    if let Some(percent) = fade.newly_shown(now_s) {
        visit::look(asks, LookCommand::FadeLayer { layer: fade.layer.clone(), opacity: percent / 100.0 });
    }
    ui.ctx().request_repaint_after_secs(0.1);
}

fn menu_row(ui: &mut Ui, icon_name: &str, words: &str, enabled: bool) -> bool {
    let mark = super::icons::icon(icon_name).color(Tokens::of(ui).text2);
    let button = egui::Button::new((mark, words)).min_size(vec2(0.0, ROW));
    let clicked = ui.add_enabled(enabled, button).accessible_name(words).clicked();
    if clicked {
        ui.close();
    }
    clicked
}

/// A layer is dragged onto another of its group: it comes to lie above or below it.
fn drag_to_reorder(ui: &Ui, lang: Lang, response: &Response, city: &CityView, layer: &LayerView, asks: &mut Asks) {
    if is_dragging(response) {
        response.dnd_set_drag_payload(layer.table().to_owned());
    }
    let Some(pointer) = ui.ctx().pointer_interact_pos().filter(|at| response.rect.contains(*at)) else { return };
    let Some(dragged) = egui::DragAndDrop::payload::<String>(ui.ctx()) else { return };
    let Some(other) = city.layer(&dragged).filter(|other| other.table() != layer.table()) else { return };
    if other.group() != layer.group() {
        return say_it_stays(ui, lang, other, pointer);
    }
    let is_above = pointer.y < response.rect.center().y;
    let y = if is_above { response.rect.top() } else { response.rect.bottom() };
    ui.painter().hline(response.rect.x_range(), y, Stroke::new(2.0, Tokens::of(ui).accent));
    if ui.input(|input| input.pointer.any_released()) {
        let above = if is_above { Some(layer.table().to_owned()) } else { below(city, layer.table(), other.table()) };
        run(asks, LayerCommand::Move { layer: other.table().to_owned(), above });
    }
}

/// A layer dragged over another group: its group follows from its kind, and says so at the pointer.
fn say_it_stays(ui: &Ui, lang: Lang, dragged: &LayerView, pointer: egui::Pos2) {
    let (name, group) = (dragged.name.get(lang), dragged.group().name());
    let group = group.get(lang);
    let words = match lang {
        Lang::Zh => format!("“{name}”属于“{group}”组，由图层种类决定；可在组内上下移动"),
        Lang::En => format!("“{name}” stays in “{group}”: its kind decides that. It can move within the group"),
    };
    let layer = egui::LayerId::new(egui::Order::Tooltip, egui::Id::unique("layer-stays"));
    readout(ui, &ui.ctx().layer_painter(layer), pointer + vec2(14.0, 14.0), &[words]);
    ui.ctx().set_cursor_icon(egui::CursorIcon::NoDrop);
}

fn is_dragging(response: &Response) -> bool {
    response.drag_started() || response.dragged()
}

/// The layer under `table`, the one that moves left out.
fn below(city: &CityView, table: &str, moving: &str) -> Option<String> {
    let rest = city.layers.iter().map(LayerView::table).filter(|other| *other != moving);
    rest.skip_while(|other| *other != table).nth(1).map(str::to_owned)
}

fn tip(layer: &LayerView, lang: Lang) -> String {
    let rows = count(layer.count);
    let (name, table, crs) = (layer.name.get(lang), layer.table(), layer.schema.crs);
    match lang {
        Lang::Zh => format!("{name}（{table}）\n坐标系 {crs}\n{rows} 个要素"),
        Lang::En => format!("{name} ({table})\nCRS {crs}\n{rows} features"),
    }
}

fn rename_row(ui: &mut Ui, lang: Lang, state: &mut LayersState, asks: &mut Asks) {
    let Some(rename) = &mut state.rename else { return };
    let end = ui
        .horizontal(|ui| {
            ui.add_space(48.0);
            ui.set_height(ROW);
            let field = TextEdit::singleline(&mut rename.words).desired_width(ui.available_width() - 12.0);
            let response = ui.add(field).accessible_name(lang.pick("图层名称", "Name of the layer"));
            if response.lost_focus() {
                return Some(!ui.input(|input| input.key_pressed(Key::Escape)));
            }
            response.request_focus();
            None
        })
        .inner;
    let Some(is_kept) = end else { return };
    let Some(Rename { layer, words }) = state.rename.take() else { return };
    let name = words.trim().to_owned();
    if is_kept && !name.is_empty() {
        run(asks, LayerCommand::Rename { layer, name });
    }
}

/// `features` is how many the row stands for, once that is known.
fn legend_row(
    ui: &mut Ui,
    lang: Lang,
    rule: &Rule,
    features: Option<u64>,
    is_area: bool,
    signs: &mut Signs,
) -> Response {
    // It takes clicks but no focus: the way through the tree by keys stays short.
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), LEGEND_ROW), Sense::CLICK);
    let sign = Rect::from_center_size(pos2(rect.left() + 66.0, rect.center().y), vec2(24.0, 18.0));
    legend::rule_sign(ui, sign, rule, is_area, signs);
    let (name, features) = (rule.name.get(lang), features.map(count).unwrap_or_default());
    let right = right_words(ui, rect, &features);
    let at = pos2(rect.left() + 88.0, rect.center().y);
    let room = rect.width() - 96.0 - right;
    widgets::text_in(ui, at, name, theme::note(), Tokens::of(ui).text2, room);
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("{name} {features}").trim_end()));
    let is_cut = widgets::layout(ui, name, theme::note()).size().x > room;
    if is_cut { response.on_hover_text(name) } else { response }
}

fn run(asks: &mut Asks, command: LayerCommand) {
    asks.push(UiAsk::Run(Command::Layer(command)));
}

fn mark(ui: &Ui, row: Rect, x: f32, icon_name: &str, size: f32, color: egui::Color32) {
    let at = pos2(row.left() + x, row.center().y);
    ui.painter().text(at, egui::Align2::CENTER_CENTER, icon_char(icon_name), theme::icon_font(size), color);
}

fn eye(
    ui: &Ui,
    row: Rect,
    x: f32,
    open: bool,
    name: &str,
    lang: Lang,
    salt: impl std::hash::Hash + std::fmt::Debug,
) -> Response {
    let rect = Rect::from_center_size(pos2(row.left() + x, row.center().y), vec2(24.0, ROW));
    let response = ui.interact(rect, ui.scope_id().with(salt), Sense::click());
    let tokens = Tokens::of(ui);
    let color = if response.hovered() { tokens.text } else { tokens.text2 };
    mark(ui, row, x, if open { "EYE" } else { "EYE_SLASH" }, 16.0, color);
    widgets::focus_ring(ui, &response);
    let words = match (lang, open) {
        (Lang::Zh, true) => format!("隐藏 {name}"),
        (Lang::Zh, false) => format!("显示 {name}"),
        (Lang::En, true) => format!("Hide {name}"),
        (Lang::En, false) => format!("Show {name}"),
    };
    response.widget_info(|| WidgetInfo::selected(Role::Switch, true, open, &words));
    response
}

/// Writes a count at the right end of a row; gives its width.
fn right_words(ui: &Ui, row: Rect, words: &str) -> f32 {
    let galley = widgets::layout(ui, words, theme::note());
    let size = galley.size();
    let at = pos2(row.right() - 10.0 - size.x, row.center().y - size.y / 2.0);
    ui.painter().galley_with_override_text_color(at, galley, Tokens::of(ui).text2);
    size.x + 16.0
}
