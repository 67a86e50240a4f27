//! What goes out as GeoJSON: which rows, which form, which file; says beforehand how many.

use std::path::PathBuf;

use egui::{Align2, ComboBox, Context, DragValue, RichText, Sense, Ui, pos2, vec2};

use super::ask::{Asks, FilePurpose, UiAsk};
use super::expr_field::{Condition, expr_field};
use super::icons::icon;
use super::sheet::{Sheet, foot, sheet};
use super::show;
use super::theme::{self, LABEL_WIDTH, Tokens};
use super::widgets::{Tone, button, choice_chip, hint_bar, primary_button, text_button, text_field};
use crate::model::geometry::Bounds;
use crate::session::Session;
use crate::session::command::{Command, ExchangeCommand, ExportRequest, RowFilter};
use crate::session::place;
use crate::session::state::{CityView, LayerView, Selection};
use crate::text::{Lang, Text};

/// Which rows go out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Rows {
    #[default]
    All,
    Selected,
    InView,
    Where,
}

impl Rows {
    const ALL: [Self; 4] = [Self::All, Self::Selected, Self::InView, Self::Where];

    fn name(self) -> Text {
        match self {
            Self::All => Text::new("整个图层", "Whole layer"),
            Self::Selected => Text::new("所选", "Selected"),
            Self::InView => Text::new("当前视图", "In view"),
            Self::Where => Text::new("按条件", "By condition"),
        }
    }
}

/// What the dialog remembers.
#[derive(Debug)]
pub struct ExportState {
    is_open: bool,
    layer: String,
    rows: Rows,
    condition: String,
    decimals: u8,
    labels: bool,
    bbox: bool,
    /// One feature a line (`.geojsonl`) rather than one collection.
    lines: bool,
    path: String,
    /// The path a file dialog has already asked about: it may be replaced.
    agreed: Option<String>,
    /// Which rows, made once for each change: ids of a large selection are many.
    prepared: Option<(Prepared, RowFilter)>,
}

/// What a row filter was made from.
#[derive(Clone, Debug, PartialEq)]
struct Prepared {
    layer: String,
    rows: Rows,
    condition: String,
    selection: u64,
    view: Option<Bounds>,
}

impl Default for ExportState {
    fn default() -> Self {
        Self {
            is_open: false,
            layer: String::new(),
            rows: Rows::All,
            condition: String::new(),
            decimals: 8,
            labels: false,
            bbox: true,
            lines: false,
            path: String::new(),
            agreed: None,
            prepared: None,
        }
    }
}

impl ExportState {
    /// Opens the dialog for a layer. With something of it selected, that is proposed.
    pub fn open(&mut self, session: &Session, layer: &str) {
        let has_selection = session.selection().rows.get(layer).is_some_and(|rows| !rows.is_empty());
        let rows = if has_selection { Rows::Selected } else { Rows::All };
        *self = Self { is_open: true, layer: layer.to_owned(), rows, ..Self::default() };
    }

    /// Whether it is on the screen.
    pub fn is_open(&self) -> bool {
        self.is_open
    }

    /// The file chosen in a dialog that has asked before replacing one.
    pub fn take_path(&mut self, path: PathBuf) {
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_lowercase();
        match ending.as_str() {
            "geojsonl" | "ndjson" | "geojsons" => self.lines = true,
            "geojson" | "json" => self.lines = false,
            _ => {}
        }
        self.path = path.display().to_string();
        self.agreed = Some(self.path.clone());
    }

    /// A file name to propose.
    pub fn file_name(&self, session: &Session) -> String {
        let layer = session.city().and_then(|city| city.layer(&self.layer));
        let name = layer.map_or(self.layer.as_str(), |layer| layer.name.get(session.lang()));
        let safe = name.replace(['/', '\\', ':', '*', '?', '"', '<', '>', '|'], "_");
        format!("{safe}.{}", self.ending())
    }

    fn ending(&self) -> &'static str {
        if self.lines { "geojsonl" } else { "geojson" }
    }

    /// Puts the ending that belongs to the form behind the path.
    fn set_lines(&mut self, lines: bool) {
        self.lines = lines;
        if !self.path.is_empty() {
            self.path = PathBuf::from(&self.path).with_extension(self.ending()).display().to_string();
        }
    }

    fn request(&self, rows: RowFilter) -> ExportRequest {
        ExportRequest {
            layer: self.layer.clone(),
            rows,
            path: PathBuf::from(self.path.trim()),
            overwrite: self.agreed.as_deref() == Some(self.path.trim()),
            crs: None,
            decimals: self.decimals,
            labels: self.labels,
            bbox: self.bbox,
        }
    }
}

/// What the dialog knows of the city.
struct Input<'a> {
    lang: Lang,
    city: &'a CityView,
    layer: &'a LayerView,
    selected: usize,
    /// Rows that would go out; `None` while they are counted or cannot be.
    count: Option<u64>,
}

/// Draws the dialog while it is open. `view_world` is what the map shows, Web Mercator metres.
pub fn export_ui(ctx: &Context, session: &mut Session, view_world: Bounds, state: &mut ExportState, asks: &mut Asks) {
    let Some(layer) = session.city().and_then(|city| city.layer(&state.layer)).filter(|_| state.is_open).cloned()
    else {
        state.is_open = false;
        return;
    };
    prepare(state, &layer, session.selection(), view_world);
    let count = state.prepared.as_ref().and_then(|(_, rows)| session.export_count(&state.layer, rows));
    let Some(city) = session.city() else { return };
    let selected = session.selection().rows.get(&state.layer).map_or(0, std::collections::BTreeSet::len);
    let lang = session.lang();
    let input = Input { lang, city, layer: &layer, selected, count };
    let title = lang.pick("导出 GeoJSON", "Export GeoJSON");
    let frame = Sheet { id: "export", title, icon: "EXPORT", width: 600.0, lang };
    let mut done = false;
    let closed = sheet(ctx, &frame, |ui| done = contents(ui, &input, state, asks));
    state.is_open = !(closed || done);
}

/// Makes the row filter anew if what it depends on has changed; none while the condition is broken.
fn prepare(state: &mut ExportState, layer: &LayerView, selection: &Selection, view_world: Bounds) {
    let wanted = Prepared {
        layer: state.layer.clone(),
        rows: state.rows,
        condition: state.condition.clone(),
        selection: selection.revision,
        view: (state.rows == Rows::InView).then_some(view_world),
    };
    if state.prepared.as_ref().is_some_and(|(made_from, _)| *made_from == wanted) {
        return;
    }
    let filter = match state.rows {
        Rows::All => Some(RowFilter::default()),
        Rows::Selected => {
            let ids = selection.rows.get(&state.layer).map(|rows| rows.iter().copied().collect());
            Some(RowFilter { ids: Some(ids.unwrap_or_default()), ..RowFilter::default() })
        }
        Rows::InView => {
            let ([west, south], [east, north]) =
                (place::lonlat_from_world(view_world.min), place::lonlat_from_world(view_world.max));
            Some(RowFilter { bounds: Some(Bounds::new(west, south, east, north)), ..RowFilter::default() })
        }
        Rows::Where => match Condition::read(&state.condition, &layer.schema) {
            Condition::None => Some(RowFilter::default()),
            Condition::Good(expr) => Some(RowFilter { filter: Some(expr), ..RowFilter::default() }),
            Condition::Bad(_) => None,
        },
    };
    state.prepared = filter.map(|filter| (wanted, filter));
}

/// Everything in the dialog; whether it has done its work or is given up.
fn contents(ui: &mut Ui, input: &Input<'_>, state: &mut ExportState, asks: &mut Asks) -> bool {
    let lang = input.lang;
    ui.spacing_mut().item_spacing.y = 8.0;
    row(ui, lang.pick("图层", "Layer"), |ui| layer_box(ui, input, state));
    row(ui, lang.pick("范围", "Rows"), |ui| rows_choice(ui, input, state));
    if state.rows == Rows::Where {
        expr_field(ui, lang, &input.layer.schema, &mut state.condition);
    }
    row(ui, lang.pick("数量", "Count"), |ui| ui.label(count_words(input, state)));
    form(ui, lang, state);
    row(ui, lang.pick("文件", "File"), |ui| path_field(ui, lang, state, asks));
    if input.city.is_sample {
        hint_bar(ui, Tone::Warn, lang.pick("这是虚构的示例数据。", "These are invented sample data."));
    }
    foot(ui, |ui| {
        let rows = state.prepared.as_ref().map(|(_, rows)| rows);
        let ready = !state.path.trim().is_empty() && rows.is_some() && input.count != Some(0);
        let export = |ui: &mut Ui| primary_button(ui, Some("EXPORT"), lang.pick("导出", "Export"));
        let why = lang.pick("先选文件，并至少有一个要素", "Choose a file first, and at least one feature");
        let export = ui.add_enabled_ui(ready, export).inner.on_disabled_hover_text(why);
        if let Some(rows) = rows.filter(|_| export.clicked()) {
            let request = state.request(rows.clone());
            asks.push(UiAsk::Run(Command::Exchange(ExchangeCommand::Export(request))));
            return true;
        }
        text_button(ui, lang.pick("取消", "Cancel")).clicked()
    })
}

fn row<R>(ui: &mut Ui, name: &str, add: impl FnOnce(&mut Ui) -> R) -> R {
    ui.horizontal(|ui| {
        let (room, _) = ui.allocate_exact_size(vec2(LABEL_WIDTH - 16.0, theme::CONTROL), Sense::hover());
        let color = Tokens::of(ui).text2;
        ui.painter().text(pos2(room.left(), room.center().y), Align2::LEFT_CENTER, name, theme::body(), color);
        add(ui)
    })
    .inner
}

fn layer_box(ui: &mut Ui, input: &Input<'_>, state: &mut ExportState) {
    let lang = input.lang;
    let list = ComboBox::from_id_salt("layer").width(300.0).height(360.0);
    let list = list.selected_text(input.layer.name.get(lang).to_owned()).show_ui(ui, |ui| {
        for layer in &input.city.layers {
            ui.selectable_value(&mut state.layer, layer.table().to_owned(), layer.name.get(lang));
        }
    });
    list.response.accessible_name(lang.pick("图层", "Layer"));
}

fn rows_choice(ui: &mut Ui, input: &Input<'_>, state: &mut ExportState) {
    ui.spacing_mut().item_spacing.x = 4.0;
    for rows in Rows::ALL {
        let possible = match rows {
            Rows::Selected => input.selected > 0,
            Rows::InView => input.layer.has_geometry(),
            Rows::All | Rows::Where => true,
        };
        let chip = |ui: &mut Ui| choice_chip(ui, rows.name().get(input.lang), state.rows == rows);
        if ui.add_enabled_ui(possible, chip).inner.clicked() {
            state.rows = rows;
        }
    }
}

fn count_words(input: &Input<'_>, state: &ExportState) -> RichText {
    let words = match (input.count, state.prepared.is_some(), input.lang) {
        (Some(count), _, Lang::Zh) => format!("{} 个要素", show::count(count)),
        (Some(count), _, Lang::En) => format!("{} features", show::count(count)),
        (None, true, lang) => lang.pick("正在数…", "Counting…").to_owned(),
        (None, false, _) => "—".to_owned(),
    };
    RichText::new(words).font(theme::medium(14.0))
}

/// Codes or names, decimals, box, lines.
fn form(ui: &mut Ui, lang: Lang, state: &mut ExportState) {
    row(ui, lang.pick("代码", "Codes"), |ui| {
        for (labels, words) in [(false, lang.pick("写代码", "As codes")), (true, lang.pick("写名称", "As names"))]
        {
            if choice_chip(ui, words, state.labels == labels).clicked() {
                state.labels = labels;
            }
        }
    });
    row(ui, lang.pick("形式", "Form"), |ui| {
        let forms = [
            (false, lang.pick("一个集合 .geojson", "One collection .geojson")),
            (true, lang.pick("一行一个 .geojsonl", "One a line .geojsonl")),
        ];
        for (lines, words) in forms {
            if choice_chip(ui, words, state.lines == lines).clicked() {
                state.set_lines(lines);
            }
        }
    });
    row(ui, lang.pick("小数位", "Decimals"), |ui| {
        let name = lang.pick("坐标小数位", "Decimals of coordinates");
        ui.add(DragValue::new(&mut state.decimals).range(3..=12)).accessible_name(name);
        let about_m = 111_320.0 / 10_f64.powi(i32::from(state.decimals));
        let words =
            if about_m >= 0.01 { format!("≈ {about_m:.2} m") } else { format!("≈ {:.3} mm", about_m * 1000.0) };
        ui.label(RichText::new(words).font(theme::note()).color(Tokens::of(ui).text2));
        if !state.lines {
            ui.checkbox(&mut state.bbox, lang.pick("写范围框 bbox", "Write a bbox"));
        }
    });
}

fn path_field(ui: &mut Ui, lang: Lang, state: &mut ExportState, asks: &mut Asks) {
    let choose = lang.pick("选择…", "Choose…");
    let width = ui.available_width() - 110.0;
    ui.scope(|ui| {
        ui.set_max_width(width);
        text_field(ui, &mut state.path, lang.pick("导出到", "Export to"));
    });
    if button(ui, "FOLDER_OPEN", choose).clicked() {
        asks.push(UiAsk::PickFile(FilePurpose::Export));
    }
    if state.agreed.as_deref() == Some(state.path.trim()) && !state.path.is_empty() {
        ui.label(icon("CHECK").color(Tokens::of(ui).ok));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::sample;
    use egui_kittest::{Harness, kittest::Queryable as _};
    use std::collections::{BTreeMap, BTreeSet};

    type Dialog = (ExportState, Asks);

    #[test]
    fn the_selected_rows_go_out_with_names_into_the_chosen_file() {
        let mut state = open(Rows::Selected);
        state.take_path("out/井.geojson".into());
        let mut harness = harness(state, Some(2));
        harness.get_by_label("2 features");
        harness.get_by_label("As names").click();
        harness.get_by_label("Export").click();
        harness.run();
        let request = exported(&harness).unwrap();
        assert_eq!(request.rows.ids, Some(vec![3, 5]));
        assert_eq!(request.path, PathBuf::from("out/井.geojson"));
        assert!(request.labels && request.overwrite && request.bbox);
    }

    #[test]
    fn a_typed_path_never_replaces_a_file() {
        let mut state = open(Rows::All);
        state.take_path("a.geojson".into());
        state.path = "b.geojson".to_owned();
        assert!(!state.request(RowFilter::default()).overwrite);
    }

    #[test]
    fn nothing_goes_out_without_a_file_or_without_rows() {
        for (path, count) in [("", Some(2)), ("a.geojson", Some(0))] {
            let mut state = open(Rows::Selected);
            path.clone_into(&mut state.path);
            let mut harness = harness(state, count);
            harness.get_by_label("Export").click();
            harness.run();
            assert!(exported(&harness).is_none(), "{path} {count:?}");
        }
    }

    #[test]
    fn the_ending_follows_the_form_and_the_form_the_ending() {
        let mut state = open(Rows::All);
        state.take_path("a.ndjson".into());
        assert!(state.lines);
        state.set_lines(false);
        assert_eq!(state.path, "a.geojson");
    }

    #[test]
    fn a_broken_condition_has_no_rows_and_a_good_one_is_passed_on() {
        for (condition, is_good) in [("depth_m > 2", true), ("depth_m >", false), ("", true)] {
            let mut state = open(Rows::Where);
            condition.clone_into(&mut state.condition);
            let layer = sample::layer(sample::manhole_schema(), "plain");
            prepare(&mut state, &layer, &Selection::default(), Bounds::EMPTY);
            assert_eq!(state.prepared.is_some(), is_good, "{condition}");
        }
    }

    fn open(rows: Rows) -> ExportState {
        ExportState { is_open: true, layer: "manhole".into(), rows, ..ExportState::default() }
    }

    fn exported(harness: &Harness<'_, Dialog>) -> Option<ExportRequest> {
        harness.state().1.iter().find_map(|ask| match ask {
            UiAsk::Run(Command::Exchange(ExchangeCommand::Export(request))) => Some(request.clone()),
            _ => None,
        })
    }

    fn harness(state: ExportState, count: Option<u64>) -> Harness<'static, Dialog> {
        let city = sample::city();
        let layer = sample::layer(sample::manhole_schema(), "plain");
        let rows = BTreeMap::from([("manhole".to_owned(), BTreeSet::from([3, 5]))]);
        let selection = Selection { rows, revision: 1 };
        let builder = Harness::builder().with_size(vec2(640.0, 500.0)).with_context_setup(theme::install);
        let mut harness = builder.build_ui_state(
            move |ui, (state, asks): &mut Dialog| {
                prepare(state, &layer, &selection, Bounds::EMPTY);
                let input = Input { lang: Lang::En, city: &city, layer: &layer, selected: 2, count };
                contents(ui, &input, state, asks);
            },
            (state, Asks::new()),
        );
        harness.run();
        harness
    }
}
