//! A list of an answer: filtered, sorted by a click on its head, each row leading to its feature on the map and in the
//! details.

use std::cmp::Ordering;

use egui::{Rect, RichText, Role, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo, pos2, vec2};
use egui_table::{AutoSizeMode, CellInfo, Column, HeaderCellInfo, HeaderRow, Table, TableDelegate, TableState};

use crate::model::geometry::Bounds;
use crate::model::schema::Field;
use crate::model::value::{FieldType, Value};
use crate::session::Session;
use crate::session::command::{Command, LookCommand, SelectMode};
use crate::session::sewer::shown::{SewerShown, ShownRow, ShownTable, cell_words};
use crate::session::state::FeatureRef;
use crate::text::Lang;
use crate::ui::ask::{Asks, UiAsk};
use crate::ui::icons::icon;
use crate::ui::theme::{self, ROW, Tokens};
use crate::ui::visit;
use crate::ui::widgets::{filter_field, focus_ring, layout};

/// Widths of columns at first, logical pixels: the least, that of codes at most, of all others at most.
const LEAST_COLUMN: f32 = 36.0;
const MOST_CODE: f32 = 108.0;
const MOST_COLUMN: f32 = 230.0;

/// What the list remembers between frames.
#[derive(Default)]
pub(super) struct RowsState {
    filter: String,
    /// Column and whether the largest comes first.
    sort: Option<(usize, bool)>,
    /// The rows that pass, in their order, and what they were worked out for.
    rows: Vec<u32>,
    known: Option<Known>,
    /// The row that was clicked last, by its place in the whole list.
    pub(super) chosen: Option<usize>,
    /// What the next list is filtered by.
    next_filter: String,
    /// Whether a row was clicked in this frame.
    is_clicked: bool,
    /// The feature that a row brought into the details: the list stays in front of them.
    pub(super) visited: Option<FeatureRef>,
    /// Whether a row was double-clicked: the details come to the front.
    pub(super) wants_details: bool,
}

#[derive(Clone, PartialEq)]
struct Known {
    revision: u64,
    table: &'static str,
    filter: String,
    sort: Option<(usize, bool)>,
    lang: Lang,
}

impl RowsState {
    /// The id of the rule that was clicked in the list of rules.
    pub(super) fn take_rule(&mut self, table: &ShownTable) -> Option<String> {
        let is_clicked = std::mem::take(&mut self.is_clicked) && table.id == "rules";
        let row = self.chosen.filter(|_| is_clicked).and_then(|place| table.rows.get(place))?;
        row.values.first()?.as_str().map(str::to_owned)
    }

    /// The next list begins with a filter.
    pub(super) fn start_with(&mut self, filter: String) {
        self.next_filter = filter;
    }

    /// Works out which rows are shown, if anything about that has changed.
    fn follow(&mut self, revision: u64, table: &ShownTable, lang: Lang) {
        if self.known.as_ref().is_some_and(|known| known.table != table.id) {
            *self =
                Self { filter: std::mem::take(&mut self.next_filter), visited: self.visited.take(), ..Self::default() };
        }
        let (filter, sort) = (self.filter.trim().to_lowercase(), self.sort);
        let now = Known { revision, table: table.id, filter, sort, lang };
        if self.known.as_ref() == Some(&now) {
            return;
        }
        if self.known.as_ref().is_some_and(|known| known.revision != revision) {
            self.chosen = None;
        }
        let passes = |row: &ShownRow| {
            now.filter.is_empty()
                || row
                    .values
                    .iter()
                    .zip(&table.fields)
                    .any(|(value, field)| cell(field, value, lang).to_lowercase().contains(&now.filter))
        };
        let rows = (0..).zip(&table.rows).filter(|(_, row)| passes(row)).map(|(place, _)| place);
        self.rows = rows.collect();
        if let Some((column, is_down)) = sort {
            let value = |place: &u32| table.rows[*place as usize].values.get(column);
            self.rows.sort_by(|a, b| {
                let order = by_value(value(a), value(b));
                if is_down { order.reverse() } else { order }
            });
        }
        self.known = Some(now);
    }
}

/// Numbers by size, words by letters, nothing last.
fn by_value(a: Option<&Value>, b: Option<&Value>) -> Ordering {
    let number = |value: Option<&Value>| value.and_then(Value::as_f64);
    match (number(a), number(b)) {
        (Some(a), Some(b)) => a.total_cmp(&b),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => {
            let words = |value: Option<&Value>| value.filter(|it| !it.is_null()).map(ToString::to_string);
            match (words(a), words(b)) {
                (Some(a), Some(b)) => a.cmp(&b),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (None, None) => Ordering::Equal,
            }
        }
    }
}

/// A cell's words.
pub(super) fn cell(field: &Field, value: &Value, lang: Lang) -> String {
    match value {
        Value::Null => String::new(),
        Value::Text(words) => cell_words(words, lang).to_owned(),
        Value::Bool(true) => lang.pick("是", "yes").to_owned(),
        Value::Bool(false) => lang.pick("否", "no").to_owned(),
        other => field.display(other, lang),
    }
}

pub(super) fn table_ui(
    ui: &mut Ui,
    session: &Session,
    state: &mut RowsState,
    (revision, shown, table): (u64, &SewerShown, &ShownTable),
    asks: &mut Asks,
) {
    let lang = session.lang();
    if table.rows.len() > 8 {
        filter_field(ui, &mut state.filter, lang.pick("筛选这张表", "Filter this list"));
    }
    state.follow(revision, table, lang);
    if state.rows.is_empty() {
        let words = if table.rows.is_empty() {
            lang.pick("没有。", "None.")
        } else {
            lang.pick("没有符合的行。", "No row passes.")
        };
        ui.add_space(8.0);
        ui.label(RichText::new(words).color(Tokens::of(ui).text2));
        return;
    }
    told(ui, lang, state, table);
    let columns: Vec<Column> = table.fields.iter().map(|field| column(table, field, lang)).collect();
    let grid = Table::new()
        .id_salt(("sewer-rows", table.id, lang.code()))
        .num_rows(state.rows.len() as u64)
        .columns(columns.clone())
        .headers([HeaderRow::new(ROW)])
        .auto_size_mode(AutoSizeMode::Never);
    let id = grid.get_id(ui);
    if TableState::load(ui, id).is_none() {
        let widths = columns.iter().enumerate().map(|(place, column)| (column.id_for(place), column.current));
        TableState { col_widths: widths.collect(), parent_width: None }.store(ui, id);
    }
    ui.spacing_mut().item_spacing = Vec2::ZERO;
    let mut rows = Rows { session, state, shown, table, lang, asks, nowhere: Vec::new() };
    grid.show(ui, &mut rows);
    nowhere_tags(ui, lang, &rows.nowhere);
}

fn no_place(lang: Lang) -> &'static str {
    lang.pick("无位置", "no place")
}

/// Says at the right of rows that they have no place on the map.
fn nowhere_tags(ui: &Ui, lang: Lang, rows: &[Rect]) {
    let tokens = Tokens::of(ui);
    for row in rows {
        let words = layout(ui, no_place(lang), theme::note());
        let tag =
            Rect::from_min_size(row.right_center() - vec2(words.size().x + 12.0, 9.0), words.size() + vec2(8.0, 2.0));
        let painter = ui.painter().with_clip_rect(*row);
        painter.rect(tag, 4, tokens.sunk, Stroke::new(1.0, tokens.line), StrokeKind::Inside);
        painter.galley_with_override_text_color(tag.min + vec2(4.0, 1.0), words, tokens.text2);
    }
}

/// How many of how many rows, where that is not plain to see.
fn told(ui: &mut Ui, lang: Lang, state: &RowsState, table: &ShownTable) {
    let (passing, all, omitted) = (state.rows.len(), table.rows.len(), table.omitted);
    let words = match (omitted > 0, passing < all) {
        (false, false) => return,
        (true, _) => match lang {
            Lang::Zh => format!("列出 {passing} / {}，其余见导出的文件", all + omitted),
            Lang::En => format!("{passing} of {} listed; the file has all", all + omitted),
        },
        (false, true) => match lang {
            Lang::Zh => format!("{passing} / {all} 行"),
            Lang::En => format!("{passing} of {all} rows"),
        },
    };
    ui.label(RichText::new(words).font(theme::note()).color(Tokens::of(ui).text2));
}

/// As wide as its head and its first rows need.
fn column(table: &ShownTable, field: &Field, lang: Lang) -> Column {
    let letters = |words: &str| words.chars().map(|letter| if letter.is_ascii() { 7.0 } else { 12.5 }).sum::<f32>();
    let place = table.fields.iter().position(|other| other.id == field.id).unwrap_or_default();
    let values = table.rows.iter().take(40).filter_map(|row| row.values.get(place));
    let widest = values.map(|value| letters(&cell(field, value, lang))).fold(0.0, f32::max);
    let head = letters(field.name.get(lang)) + letters(&field.unit) + 22.0;
    // Sentences take what room there is; numbers of things are cut, the row's tip has them whole.
    let most = if table.fields.len() > 4 && matches!(field.id.as_ref(), "code" | "pipe" | "node" | "name") {
        MOST_CODE
    } else {
        MOST_COLUMN
    };
    Column::new((widest + 18.0).max(head).clamp(LEAST_COLUMN, most))
        .range(LEAST_COLUMN..=600.0)
        .id(egui::Id::unique(field.id.as_ref()))
}

struct Rows<'a, 'b> {
    session: &'a Session,
    state: &'a mut RowsState,
    shown: &'a SewerShown,
    table: &'a ShownTable,
    lang: Lang,
    asks: &'b mut Asks,
    /// Where the rows without a place are, as far as they are seen.
    nowhere: Vec<Rect>,
}

impl TableDelegate for Rows<'_, '_> {
    fn default_row_height(&self) -> f32 {
        ROW
    }

    fn header_cell_ui(&mut self, ui: &mut Ui, info: &HeaderCellInfo) {
        let place = info.col_range.start;
        let Some(field) = self.table.fields.get(place) else { return };
        let (tokens, room, name) = (Tokens::of(ui), ui.max_rect(), field.name.get(self.lang));
        ui.painter().rect_filled(room, 0, tokens.sunk);
        let response = ui.interact(room, ui.scope_id().with("sort"), Sense::click());
        ui.add_space(6.0);
        let color = if response.hovered() { tokens.text } else { tokens.text2 };
        let words = RichText::new(name).font(theme::medium(12.0)).color(color);
        ui.add(egui::Label::new(words).truncate().selectable(false));
        if !field.unit.is_empty() {
            ui.add_space(3.0);
            ui.label(RichText::new(field.unit.as_ref()).font(theme::note()).color(tokens.text3));
        }
        if let Some((_, is_down)) = self.state.sort.filter(|(sorted, _)| *sorted == place) {
            let arrow = if is_down { "CARET_DOWN" } else { "CARET_UP" };
            ui.label(icon(arrow).size(12.0).color(tokens.accent));
        }
        focus_ring(ui, &response);
        response.widget_info(|| WidgetInfo::labeled(Role::ColumnHeader, true, name));
        if response.clicked() {
            self.state.sort = match self.state.sort {
                Some((sorted, false)) if sorted == place => Some((place, true)),
                Some((sorted, true)) if sorted == place => None,
                _ => Some((place, false)),
            };
        }
    }

    fn row_ui(&mut self, ui: &mut Ui, row: u64) {
        if !ui.clip_rect().is_positive() {
            return;
        }
        let Some(place) = self.state.rows.get(row as usize).map(|place| *place as usize) else { return };
        let Some(shown) = self.table.rows.get(place) else { return };
        let tokens = Tokens::of(ui);
        let chosen = self.state.chosen == Some(place);
        let response = ui.interact(ui.max_rect(), ui.scope_id().with("row"), Sense::click());
        let words = shown.values.iter().zip(&self.table.fields).map(|(value, field)| cell(field, value, self.lang));
        let mut words: Vec<String> = words.filter(|words| !words.is_empty()).take(3).collect();
        let is_nowhere = self.is_nowhere(shown);
        if is_nowhere {
            words.push(no_place(self.lang).to_owned());
            self.nowhere.push(ui.max_rect().intersect(ui.clip_rect()));
        }
        response.widget_info(|| WidgetInfo::selected(Role::Row, true, chosen, words.join(" ")));
        let room = ui.max_rect();
        if chosen {
            ui.painter().rect_filled(room, 0, tokens.selected);
        } else if response.hovered() {
            ui.painter().rect_filled(room, 0, tokens.hover);
        }
        if let Some(tone) = shown.tone {
            let bar = Rect::from_min_size(room.min, vec2(3.0, room.height()));
            ui.painter().rect_filled(bar, 0, theme::tone_color(tone, ui.visuals().dark_mode));
        }
        ui.painter().hline(room.x_range(), room.bottom(), Stroke::new(1.0, tokens.line));
        focus_ring(ui, &response);
        let response = response.on_hover_ui_at_pointer(|ui| whole_row(ui, self.table, shown, self.lang));
        if response.clicked() {
            self.state.chosen = Some(place);
            self.state.is_clicked = true;
            self.state.wants_details |= is_nowhere || (response.double_clicked() && shown.at.is_some());
            self.go(shown);
        }
    }

    fn cell_ui(&mut self, ui: &mut Ui, info: &CellInfo) {
        let Some(field) = self.table.fields.get(info.col_nr) else { return };
        let row = self.state.rows.get(info.row_nr as usize).and_then(|place| self.table.rows.get(*place as usize));
        let Some(value) = row.and_then(|row| row.values.get(info.col_nr)) else { return };
        let words = cell(field, value, self.lang);
        if words.is_empty() {
            return;
        }
        let room = ui.max_rect();
        let is_number = matches!(field.field_type, FieldType::Int | FieldType::Real);
        let galley = crate::ui::widgets::layout_clipped(ui, &words, theme::note(), room.width() - 12.0);
        let x = if is_number { room.right() - 6.0 - galley.size().x } else { room.left() + 7.0 };
        let at = pos2(x, room.center().y - galley.size().y / 2.0);
        ui.painter().galley_with_override_text_color(at, galley, Tokens::of(ui).text);
    }
}

/// A row in full, one line a column.
fn whole_row(ui: &mut Ui, table: &ShownTable, row: &ShownRow, lang: Lang) {
    ui.set_max_width(360.0);
    for (field, value) in table.fields.iter().zip(&row.values) {
        let words = cell(field, value, lang);
        if !words.is_empty() {
            let (name, unit) = (field.name.get(lang), &field.unit);
            ui.add(egui::Label::new(format!("{name}: {words} {unit}").trim_end()).wrap());
        }
    }
}

impl Rows<'_, '_> {
    /// What of the map shows a row.
    fn bounds_world(&self, row: &ShownRow) -> Option<Bounds> {
        let place = row.place_world.map(|[x, y]| visit::with_surroundings(&Bounds::new(x, y, x, y)));
        place.or_else(|| visit::bounds_world(self.session, &self.shown.layers.feature(row.at?)?))
    }

    /// Whether a row is about a feature that has no place. Nobody knows while the map's memory of its layer is not there.
    fn is_nowhere(&self, row: &ShownRow) -> bool {
        let Some(at) = row.at.and_then(|at| self.shown.layers.feature(at)) else { return false };
        let layer = self.session.city().and_then(|city| city.layer(&at.layer));
        let is_known = layer.is_none_or(|layer| {
            !layer.has_geometry() || layer.index.as_ref().is_some_and(|index| index.try_read().is_ok())
        });
        is_known && self.bounds_world(row).is_none()
    }

    /// Selects a row's feature, brings it onto the map and into the details, as a click on the map does.
    fn go(&mut self, row: &ShownRow) {
        let at = row.at.and_then(|at| self.shown.layers.feature(at));
        if let Some(at) = &at {
            let select = LookCommand::Select { layer: at.layer.clone(), ids: vec![at.id], mode: SelectMode::Replace };
            self.asks.push(UiAsk::Run(Command::Look(select)));
        }
        self.asks.extend(self.bounds_world(row).map(UiAsk::ZoomTo));
        if let Some(at) = at {
            visit::show(self.asks, &at);
            self.state.visited = Some(at);
        }
    }
}
