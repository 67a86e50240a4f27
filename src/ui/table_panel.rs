//! The attribute table in the dock: only the rows on the screen are read, so a million are as quick as ten.

use std::collections::BTreeSet;
use std::sync::Arc;

use egui::{Align, Label, Layout, Margin, RichText, Role, Sense, Stroke, Ui, Vec2, WidgetInfo, vec2};
use egui_table::{CellInfo, Column, HeaderCellInfo, HeaderRow, Table, TableDelegate, TableState as TableWidths};

use super::ask::{Asks, UiAsk};
use super::expr_field::{Condition, field_menu};
use super::icons::icon;
use super::show;
use super::table_rows::{CopyRows, pick, sort};
use super::theme::{self, ROW, Tokens};
use super::visit;
use super::widgets::{button, choice_chip, empty, field_error, filter_field, icon_button};
use crate::model::feature::Feature;
use crate::model::schema::Field;
use crate::model::value::{FieldType, Value};
use crate::session::Session;
use crate::session::action::{ActionId, action};
use crate::session::command::{LookCommand, TableCommand};
use crate::session::state::{CityView, FeatureRef, LayerView, Selection, TableView};
use crate::text::Lang;

/// Narrower than this the head takes two lines.
const ONE_LINE: f32 = 760.0;

/// What the table remembers between frames.
#[derive(Debug, Default)]
pub struct TableState {
    /// The layer whose filter is in the field.
    layer: String,
    /// The filter as typed; it is followed when Enter is pressed.
    filter: String,
    /// The row clicked last without Shift.
    anchor: Option<usize>,
    copy: Option<CopyRows>,
    /// A row to scroll to.
    scroll_to: Option<usize>,
}

impl TableState {
    /// Scrolls to a row by its id, if it is in the table.
    pub fn reveal(&mut self, table: &TableView, id: i64) {
        self.scroll_to = table.ids.iter().position(|each| *each == id);
    }
}

/// What the table shows.
struct Shown<'a> {
    lang: Lang,
    layer: &'a LayerView,
    table: &'a TableView,
    selection: &'a Selection,
}

/// Draws the table.
pub fn table_ui(ui: &mut Ui, session: &mut Session, state: &mut TableState, asks: &mut Asks) {
    let lang = session.lang();
    let Some((table, layer)) = opened(session) else {
        return nothing(ui, session, asks);
    };
    let selection = session.selection().clone();
    let shown = Shown { lang, layer: &layer, table: &table, selection: &selection };
    dock_ui(ui, &shown, state, &mut |row| session.table_row(row), asks);
}

/// The open table with its layer, as cheap copies: the rows are read through the session meanwhile.
fn opened(session: &Session) -> Option<(TableView, LayerView)> {
    let table = session.table()?.clone();
    let layer = session.city()?.layer(&table.layer)?.clone();
    Some((table, layer))
}

fn nothing(ui: &mut Ui, session: &Session, asks: &mut Asks) {
    let lang = session.lang();
    let words = lang.pick("选一个图层，这里逐行列出它的要素。", "Choose a layer: its features stand here, one a row.");
    let first = session.city().and_then(first_layer);
    let name = first.map(|layer| layer.name.get(lang));
    let table = action(ActionId::AttributeTable);
    if empty(ui, words, name.map(|name| (table.icon, name)))
        && let Some(layer) = first
    {
        visit::table(asks, TableCommand::Open(layer.table().to_owned()));
    }
}

fn first_layer(city: &CityView) -> Option<&LayerView> {
    city.layers.iter().find(|layer| layer.count > 0)
}

fn dock_ui(
    ui: &mut Ui,
    shown: &Shown<'_>,
    state: &mut TableState,
    read: &mut dyn FnMut(usize) -> Option<Arc<Feature>>,
    asks: &mut Asks,
) {
    if state.layer != shown.table.layer {
        let scroll_to = state.scroll_to.take();
        *state = TableState { scroll_to, ..TableState::default() };
        state.layer.clone_from(&shown.table.layer);
        state.filter.clone_from(&shown.table.filter);
    }
    head(ui, shown, state, asks);
    go_on_copying(ui, shown, state, read, asks);
    if shown.table.ids.is_empty() && !shown.table.loading {
        no_rows(ui, shown, state, asks);
    } else {
        rows_ui(ui, shown, state, read, asks);
    }
}

/// One line: layer, counts, filter, tools. In a narrow dock the filter takes a line of its own, so that nothing is pushed
/// out at the right.
fn head(ui: &mut Ui, shown: &Shown<'_>, state: &mut TableState, asks: &mut Asks) {
    let frame = egui::Frame::new().inner_margin(Margin::symmetric(8, 4));
    frame.show(ui, |ui| {
        let is_wide = ui.available_width() >= ONE_LINE;
        ui.horizontal(|ui| {
            ui.label(icon("TABLE").color(Tokens::of(ui).text2));
            if is_wide {
                names(ui, shown);
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                tools(ui, shown, state, asks);
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    if is_wide { filter(ui, shown, state, asks) } else { names(ui, shown) }
                });
            });
        });
        if !is_wide {
            ui.horizontal(|ui| filter(ui, shown, state, asks));
        }
        if let Some(what) = filter_problem(shown, state) {
            field_error(ui, &what);
        }
    });
}

fn names(ui: &mut Ui, shown: &Shown<'_>) {
    ui.label(RichText::new(shown.layer.name.get(shown.lang)).font(theme::medium(14.0)));
    let counts = RichText::new(counts(shown)).font(theme::note()).color(Tokens::of(ui).text2);
    ui.add(Label::new(counts).truncate());
}

fn counts(shown: &Shown<'_>) -> String {
    let (total, listed) = (show::count(shown.table.total), show::count(shown.table.ids.len() as u64));
    let selected = shown.selection.rows.get(&shown.table.layer).map_or(0, BTreeSet::len);
    let selected = show::count(selected as u64);
    let words = match shown.lang {
        Lang::Zh => format!("共 {total} · 显示 {listed} · 已选 {selected}"),
        Lang::En => format!("{total} in all · {listed} shown · {selected} selected"),
    };
    if shown.table.loading { format!("{words} · {}", shown.lang.pick("正在排列…", "Sorting…")) } else { words }
}

fn filter_problem(shown: &Shown<'_>, state: &TableState) -> Option<String> {
    let lang = shown.lang;
    let is_typing = state.filter != shown.table.filter;
    match Condition::read(&state.filter, &shown.layer.schema) {
        Condition::Bad(what) => Some(what.get(lang).to_owned()),
        _ if is_typing => None,
        _ => shown.table.filter_error.as_ref().map(|what| what.get(lang).to_owned()),
    }
}

fn filter(ui: &mut Ui, shown: &Shown<'_>, state: &mut TableState, asks: &mut Asks) {
    let lang = shown.lang;
    let fields = icon_button(ui, "FUNCTION", lang.pick("插入字段", "Insert a field"));
    egui::Popup::menu(&fields).show(|ui| field_menu(ui, lang, &shown.layer.schema, &mut state.filter));
    let field = filter_field(ui, &mut state.filter, lang.pick("筛选条件，回车生效", "Condition, Enter to follow it"));
    let entered = field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
    let emptied = field.changed() && state.filter.is_empty();
    if (entered || emptied) && state.filter != shown.table.filter {
        visit::table(asks, TableCommand::Filter(state.filter.clone()));
    }
}

/// From right to left.
fn tools(ui: &mut Ui, shown: &Shown<'_>, state: &mut TableState, asks: &mut Asks) {
    let lang = shown.lang;
    ui.spacing_mut().item_spacing.x = 4.0;
    if icon_button(ui, "X", lang.pick("关闭属性表", "Close the table")).clicked() {
        visit::table(asks, TableCommand::Close);
    }
    if icon_button(ui, "EXPORT", lang.pick("导出这个图层…", "Export this layer…")).clicked() {
        asks.push(UiAsk::ExportLayer(shown.table.layer.clone()));
    }
    let copy = lang.pick("复制所选行（未选时复制全部）", "Copy the selected rows (all, if none is selected)");
    let is_free = !ui.ctx().text_edit_focused();
    let by_key = is_free && ui.input(|input| input.events.iter().any(|event| matches!(event, egui::Event::Copy)));
    if icon_button(ui, "COPY", copy).clicked() || by_key {
        let none = BTreeSet::new();
        let selected = shown.selection.rows.get(&shown.table.layer).unwrap_or(&none);
        state.copy = Some(CopyRows::new(shown.table, selected, &shown.layer.schema, lang));
    }
    let has_selection = shown.selection.rows.contains_key(&shown.table.layer);
    let zoom = |ui: &mut Ui| icon_button(ui, "FRAME_CORNERS", action(ActionId::ZoomSelection).name.get(lang));
    if ui.add_enabled_ui(has_selection, zoom).inner.clicked() {
        asks.push(UiAsk::Act(ActionId::ZoomSelection));
    }
    let only = shown.table.selected_only;
    if choice_chip(ui, lang.pick("仅所选", "Selected only"), only).clicked() {
        visit::table(asks, TableCommand::SelectedOnly(!only));
    }
}

fn go_on_copying(
    ui: &mut Ui,
    shown: &Shown<'_>,
    state: &mut TableState,
    read: &mut dyn FnMut(usize) -> Option<Arc<Feature>>,
    asks: &mut Asks,
) {
    let Some(copy) = &mut state.copy else { return };
    let lang = shown.lang;
    if let Some(text) = copy.go_on(&shown.layer.schema, lang, read) {
        asks.push(UiAsk::Copy(text));
        state.copy = None;
        return;
    }
    let ((done, total), is_cut) = (copy.progress(), copy.is_cut());
    let mut stop = false;
    ui.horizontal(|ui| {
        let cut = if is_cut { lang.pick("（太多，只取前面的）", " (too many: the first ones)") } else { "" };
        ui.label(match lang {
            Lang::Zh => format!("正在复制 {done} / {total} 行{cut}"),
            Lang::En => format!("Copying {done} of {total} rows{cut}"),
        });
        stop = button(ui, "X", lang.pick("取消", "Cancel")).clicked();
    });
    if stop {
        state.copy = None;
    }
}

fn no_rows(ui: &mut Ui, shown: &Shown<'_>, state: &mut TableState, asks: &mut Asks) {
    let lang = shown.lang;
    if shown.table.filter.is_empty() && !shown.table.selected_only {
        empty(ui, lang.pick("这个图层还没有要素。", "This layer has no features yet."), None);
    } else if empty(
        ui,
        lang.pick("没有符合的行。", "No row passes."),
        Some(("FUNNEL_X", lang.pick("显示全部", "Show all"))),
    ) {
        state.filter.clear();
        visit::table(asks, TableCommand::Filter(String::new()));
        visit::table(asks, TableCommand::SelectedOnly(false));
    }
}

fn rows_ui(
    ui: &mut Ui,
    shown: &Shown<'_>,
    state: &mut TableState,
    read: &mut dyn FnMut(usize) -> Option<Arc<Feature>>,
    asks: &mut Asks,
) {
    let fields = &shown.layer.schema.fields;
    let columns: Vec<Column> = fields.iter().map(|field| column(field, shown.lang)).collect();
    let mut table = Table::new()
        .id_salt(("rows", &shown.table.layer))
        .num_rows(shown.table.ids.len() as u64)
        .columns(columns.clone())
        .headers([HeaderRow::new(ROW)])
        .auto_size_mode(egui_table::AutoSizeMode::Never);
    first_widths(ui, table.get_id(ui), &columns);
    if let Some(row) = state.scroll_to.take() {
        table = table.scroll_to_row(row as u64, Some(Align::Center));
    }
    let mut rows = Rows { shown, state, read, asks, row: None };
    ui.spacing_mut().item_spacing = Vec2::ZERO;
    table.show(ui, &mut rows);
}

fn column(field: &Field, lang: Lang) -> Column {
    let for_values: f32 = match field.field_type {
        FieldType::Bool => 56.0,
        FieldType::Int | FieldType::Real => 72.0,
        FieldType::Date => 96.0,
        FieldType::DateTime => 128.0,
        FieldType::Text if !field.codes.is_empty() => 96.0,
        _ if matches!(field.id.as_ref(), "text" | "name" | "remark" | "address" | "description") => 200.0,
        _ => 136.0,
    };
    let letters = |words: &str| words.chars().map(|letter| if letter.is_ascii() { 7.0 } else { 12.0 }).sum::<f32>();
    let for_head = letters(field.name.get(lang)) + letters(&field.unit) + 36.0;
    Column::new(for_values.max(for_head).min(280.0)).range(48.0..=600.0).id(egui::Id::unique(field.id.as_ref()))
}

/// Widths before a person has changed any. Without them the table would measure its first rows, which are still being
/// read then.
fn first_widths(ui: &Ui, id: egui::Id, columns: &[Column]) {
    if TableWidths::load(ui, id).is_none() {
        let col_widths = columns.iter().enumerate().map(|(place, column)| (column.id_for(place), column.current));
        TableWidths { col_widths: col_widths.collect(), parent_width: None }.store(ui, id);
    }
}

/// Draws cells for `egui_table`.
struct Rows<'a, 'b> {
    shown: &'a Shown<'a>,
    state: &'a mut TableState,
    read: &'a mut dyn FnMut(usize) -> Option<Arc<Feature>>,
    asks: &'b mut Asks,
    /// The row being drawn, if it has been read.
    row: Option<Arc<Feature>>,
}

impl TableDelegate for Rows<'_, '_> {
    fn default_row_height(&self) -> f32 {
        ROW
    }

    fn header_cell_ui(&mut self, ui: &mut Ui, cell: &HeaderCellInfo) {
        let Some(field) = self.shown.layer.schema.fields.get(cell.col_range.start) else { return };
        if head_cell(ui, self.shown, field) {
            visit::table(self.asks, sort(self.shown.table, &field.id));
        }
    }

    fn row_ui(&mut self, ui: &mut Ui, row: u64) {
        if !ui.clip_rect().is_positive() {
            return; // The sticky columns' share of the row; there are none.
        }
        let row = row as usize;
        self.row = (self.read)(row);
        let Some(&id) = self.shown.table.ids.get(row) else { return };
        let chosen = self.shown.selection.contains(&self.shown.table.layer, id);
        let response = ui.interact(ui.max_rect(), ui.scope_id().with("row"), Sense::click());
        let name = row_name(self.shown, self.row.as_deref(), id);
        response.widget_info(|| WidgetInfo::selected(Role::Row, true, chosen, &name));
        paint_row(ui, &response, chosen);
        self.clicked(&response, row, id);
    }

    fn cell_ui(&mut self, ui: &mut Ui, cell: &CellInfo) {
        let Some(field) = self.shown.layer.schema.fields.get(cell.col_nr) else { return };
        match self.row.as_ref().map(|row| row.values.get(cell.col_nr).unwrap_or(&Value::Null)) {
            Some(value) => value_cell(ui, field, value, self.shown.lang),
            None => placeholder(ui),
        }
    }
}

impl Rows<'_, '_> {
    fn clicked(&mut self, response: &egui::Response, row: usize, id: i64) {
        let at = FeatureRef { layer: self.shown.table.layer.clone(), id };
        if response.double_clicked() {
            visit::show(self.asks, &at);
            self.asks.push(UiAsk::Act(ActionId::ZoomSelection));
        } else if response.clicked() {
            let keys = response.ctx.input(|input| input.modifiers);
            let is_selected = |id| self.shown.selection.contains(&self.shown.table.layer, id);
            if let Some(select) = pick(self.shown.table, &is_selected, row, self.state.anchor, keys) {
                visit::look(self.asks, select);
            }
            if !keys.shift {
                self.state.anchor = Some(row);
            }
        }
        let lang = self.shown.lang;
        response.context_menu(|ui| {
            if ui.button((icon("INFO"), lang.pick("在详情里打开", "Open in the details"))).clicked() {
                visit::show(self.asks, &at);
            }
            if ui.button((icon("FRAME_CORNERS"), lang.pick("缩放到这一行", "Zoom to this row"))).clicked() {
                let ids = vec![id];
                let mode = crate::session::command::SelectMode::Replace;
                visit::look(self.asks, LookCommand::Select { layer: at.layer.clone(), ids, mode });
                self.asks.push(UiAsk::Act(ActionId::ZoomSelection));
            }
        });
    }
}

/// A row read aloud: its first values.
fn row_name(shown: &Shown<'_>, row: Option<&Feature>, id: i64) -> String {
    let Some(row) = row else { return format!("{id}") };
    let cells = shown.layer.schema.fields.iter().zip(&row.values);
    let words = cells.map(|(field, value)| show::value_text(field, value, shown.lang));
    let words: Vec<String> = words.filter(|words| !words.is_empty()).take(3).collect();
    if words.is_empty() { format!("{id}") } else { words.join(" ") }
}

fn paint_row(ui: &Ui, response: &egui::Response, chosen: bool) {
    let tokens = Tokens::of(ui);
    let room = ui.max_rect();
    if chosen {
        ui.painter().rect_filled(room, 0, tokens.selected);
    } else if response.hovered() {
        ui.painter().rect_filled(room, 0, tokens.hover);
    }
    ui.painter().hline(room.x_range(), room.bottom(), Stroke::new(1.0, tokens.line));
    if response.has_focus() {
        ui.painter().rect_stroke(room, 0, Stroke::new(2.0, tokens.accent), egui::StrokeKind::Inside);
    }
}

/// The head of a column; whether it was clicked.
fn head_cell(ui: &mut Ui, shown: &Shown<'_>, field: &Field) -> bool {
    let tokens = Tokens::of(ui);
    let name = field.name.get(shown.lang);
    let room = ui.max_rect();
    ui.painter().rect_filled(room, 0, tokens.sunk);
    let response = ui.interact(room, ui.scope_id().with("sort"), Sense::click());
    let sorted = shown.table.sort.as_ref().filter(|(sorted, _)| *sorted == field.id).map(|(_, down)| *down);
    ui.add_space(8.0);
    let color = if response.hovered() { tokens.text } else { tokens.text2 };
    ui.add(clipped(ui, RichText::new(name).font(theme::medium(12.0)).color(color)));
    if !field.unit.is_empty() {
        ui.add_space(4.0);
        ui.label(RichText::new(field.unit.as_ref()).font(theme::note()).color(tokens.text3));
    }
    if let Some(down) = sorted {
        let arrow = if down { "CARET_DOWN" } else { "CARET_UP" };
        ui.label(icon(arrow).size(12.0).color(tokens.accent));
    }
    ui.add_space(8.0);
    super::widgets::focus_ring(ui, &response);
    response.widget_info(|| WidgetInfo::labeled(Role::ColumnHeader, true, name));
    let tip = match &field.codes {
        codes if codes.is_empty() => field.id.to_string(),
        codes => format!(
            "{} · {}",
            field.id,
            codes.iter().map(|code| code.name.get(shown.lang)).collect::<Vec<_>>().join(" / ")
        ),
    };
    response.on_hover_text(tip).clicked()
}

fn value_cell(ui: &mut Ui, field: &Field, value: &Value, lang: Lang) {
    let words = field_words(field, value, lang);
    let words = RichText::new(words).font(theme::note());
    let label = clipped(ui, words);
    if matches!(field.field_type, FieldType::Int | FieldType::Real) && field.codes.is_empty() {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.add_space(8.0);
            ui.add(label);
        });
    } else {
        ui.add_space(8.0);
        ui.add(label);
    }
}

/// The unit stands in the head, not in each row; line breaks would leave the row.
fn field_words(field: &Field, value: &Value, lang: Lang) -> String {
    let words = if field.unit.is_empty() { show::value_text(field, value, lang) } else { field.display(value, lang) };
    match words.char_indices().nth(80) {
        Some((end, _)) => words[..end].replace(['\n', '\r'], " ") + "…",
        None => words.replace(['\n', '\r'], " "),
    }
}

/// Clipped to its cell, except while columns measure how wide they want to be.
fn clipped(ui: &Ui, words: RichText) -> Label {
    let label = Label::new(words).selectable(false);
    if ui.is_sizing_pass() { label.extend() } else { label.truncate() }
}

/// A row that is still being read.
fn placeholder(ui: &mut Ui) {
    let room = ui.max_rect();
    let bar = egui::Rect::from_center_size(room.center(), vec2((room.width() - 16.0).max(0.0), 8.0));
    ui.painter().rect_filled(bar, theme::RADIUS, Tokens::of(ui).line);
}

/// A layer's schema is enough to say what a table of it would show.
#[cfg(test)]
fn heads(schema: &crate::model::schema::Schema, lang: Lang) -> Vec<String> {
    schema.fields.iter().map(|field| field.name.get(lang).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::command::{Command, SelectMode};
    use crate::ui::sample;
    use egui_kittest::{Harness, kittest::Queryable as _};

    struct Dock {
        layer: LayerView,
        table: TableView,
        selection: Selection,
        state: TableState,
        asks: Asks,
    }

    #[test]
    fn a_click_on_a_head_sorts_by_that_column() {
        let mut harness = harness(3);
        for name in heads(&sample::manhole_schema(), Lang::En) {
            harness.get_by_role_and_label(Role::ColumnHeader, &name);
        }
        harness.get_by_role_and_label(Role::ColumnHeader, "Depth").click();
        harness.run();
        let [UiAsk::Run(Command::Look(LookCommand::Table(TableCommand::Sort(sort))))] = &harness.state().asks[..]
        else {
            panic!("{:?}", harness.state().asks);
        };
        assert_eq!(*sort, Some(("depth_m".to_owned(), false)));
    }

    #[test]
    fn a_click_on_a_row_selects_it_in_the_city() {
        let mut harness = harness(3);
        harness.get_by_label("WS-2 2.5 m Foul").click();
        harness.run();
        let [UiAsk::Run(Command::Look(LookCommand::Select { layer, ids, mode }))] = &harness.state().asks[..] else {
            panic!("{:?}", harness.state().asks);
        };
        assert_eq!((layer.as_str(), ids.as_slice(), *mode), ("manhole", &[2][..], SelectMode::Replace));
    }

    #[test]
    fn a_broken_condition_is_said_below_the_field_with_its_place() {
        let mut harness = harness(3);
        harness.get_by_label("Condition, Enter to follow it").focus();
        harness.run();
        harness.get_by_label("Condition, Enter to follow it").type_text("depth_m >");
        harness.run();
        assert!(harness.query_by_label_contains("Character ").is_some());
    }

    #[test]
    fn a_million_rows_cost_as_much_as_a_screenful() {
        let mut harness = harness(1_000_000);
        harness.get_by_label("1,000,000 in all · 1,000,000 shown · 0 selected");
        harness.run_steps(3);
    }

    #[test]
    fn in_a_narrow_dock_filter_and_close_button_are_within_reach() {
        let harness = harness_of(3, 500.0);
        for name in ["Condition, Enter to follow it", "Close the table", "Export this layer…"] {
            let place = harness.get_by_label(name).rect();
            assert!(place.left() >= 0.0 && place.right() <= 500.0, "{name} {place:?}");
        }
    }

    fn harness(rows: i64) -> Harness<'static, Dock> {
        harness_of(rows, 900.0)
    }

    fn harness_of(rows: i64, width: f32) -> Harness<'static, Dock> {
        let dock = Dock {
            layer: sample::layer(sample::manhole_schema(), "plain"),
            table: sample::table((1..=rows).collect()),
            selection: Selection::default(),
            state: TableState::default(),
            asks: Asks::new(),
        };
        let builder = Harness::builder().with_size(vec2(width, 300.0)).with_context_setup(theme::install);
        builder.build_ui_state(
            move |ui, dock: &mut Dock| {
                let shown =
                    Shown { lang: Lang::En, layer: &dock.layer, table: &dock.table, selection: &dock.selection };
                let mut read = 0_usize;
                let mut row = |place: usize| {
                    read += 1;
                    assert!(read < 200, "rows are read that nobody sees");
                    let values = vec![format!("WS-{}", place + 1).into(), Value::Real(2.5), "ws".into(), Value::Null];
                    Some(Arc::new(Feature { id: place as i64 + 1, geometry: None, values }))
                };
                dock_ui(ui, &shown, &mut dock.state, &mut row, &mut dock.asks);
            },
            dock,
        )
    }
}
