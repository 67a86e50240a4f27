//! What goes out: which rows, in which format with which of its choices, to which file; says beforehand how many.

use std::path::PathBuf;

use egui::{ComboBox, Context, DragValue, RichText, Ui};

use super::ask::{Asks, FilePurpose, UiAsk};
use super::crs_choice;
use super::export_redact::{Redaction, redact_ui};
use super::expr_field::{Condition, expr_field};
use super::icons::icon;
use super::sheet::{Sheet, foot, sheet};
use super::show;
use super::theme::{self, LABEL_WIDTH, Tokens};
use super::widgets::{Tone, button, choice_chip, dialog_row, hint_bar, primary_button, text_button, text_field};
use crate::geom::crs::Crs;
use crate::model::geometry::Bounds;
use crate::model::schema::Schema;
use crate::session::Session;
use crate::session::command::{Command, ExchangeCommand, ExportRequest, RowFilter};
use crate::session::exchange::formats::{self, FileType};
use crate::session::export::redact::Profile;
use crate::session::place;
use crate::session::state::{CityView, LayerView, Selection};
use crate::text::{Lang, Text};

/// The format that is proposed.
const FIRST: &str = "geojson";
/// Systems that other programs ask for.
const USUAL_CRS: [Crs; 6] = [Crs::CGCS2000, Crs::WGS84, Crs::Epsg(4548), Crs::WEB_MERCATOR, Crs::Gcj02, Crs::Bd09];

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
    passport: bool,
    redaction: Redaction,
    /// The format's word.
    format: &'static str,
    /// CRS of the file, where its format has a choice; `None` for the layer's own.
    crs: Option<Crs>,
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
            passport: false,
            redaction: Redaction::default(),
            format: FIRST,
            crs: None,
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

    /// The file chosen in a dialog that has asked before replacing one. Its ending names the format; one without gets the
    /// ending of the format that is chosen, and then nobody has asked about it.
    pub fn take_path(&mut self, path: PathBuf) {
        if let Some(format) = formats::writable_by_ending(&path) {
            self.format = format.id();
            self.path = path.display().to_string();
            self.agreed = Some(self.path.clone());
        } else {
            self.path = format!("{}.{}", path.display(), self.chosen().map_or("", FileType::ending));
            self.agreed = None;
        }
    }

    /// What the redaction that is chosen comes to, to be kept.
    pub fn profile(&self, session: &Session) -> Option<Profile> {
        self.redaction.profile(&session.city()?.layer(&self.layer)?.schema)
    }

    /// Redacts as a profile says.
    pub fn follow(&mut self, profile: &Profile, session: &Session) {
        if let Some(layer) = session.city().and_then(|city| city.layer(&self.layer)) {
            self.redaction.follow(profile, &layer.schema);
        }
    }

    /// A file name to propose.
    pub fn file_name(&self, session: &Session) -> String {
        let layer = session.city().and_then(|city| city.layer(&self.layer));
        let name = layer.map_or(self.layer.as_str(), |layer| layer.name.get(session.lang()));
        let safe = name.replace(['/', '\\', ':', '*', '?', '"', '<', '>', '|'], "_");
        format!("{safe}.{}", self.chosen().map_or("", FileType::ending))
    }

    fn chosen(&self) -> Option<FileType> {
        formats::writable().find(|format| format.id() == self.format)
    }

    /// Puts the ending that belongs to the format behind the path.
    fn set_format(&mut self, format: FileType) {
        self.format = format.id();
        if !self.path.is_empty() {
            self.path = PathBuf::from(&self.path).with_extension(format.ending()).display().to_string();
        }
    }

    /// Takes the format whose ending was typed.
    fn follow_ending(&mut self) {
        let path = PathBuf::from(self.path.trim());
        let is_chosen = |format: FileType| {
            let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
            ending.is_some_and(|ending| format.endings().contains(&ending.as_str()))
        };
        // Several formats may share an ending: then the one that is chosen stays.
        if !self.chosen().is_some_and(is_chosen)
            && let Some(format) = formats::writable_by_ending(&path)
        {
            self.format = format.id();
        }
    }

    fn request(&self, rows: RowFilter, schema: &Schema) -> ExportRequest {
        ExportRequest {
            layer: self.layer.clone(),
            rows,
            path: PathBuf::from(self.path.trim()),
            overwrite: self.agreed.as_deref() == Some(self.path.trim()),
            crs: self.crs.filter(|_| self.chosen().is_some_and(FileType::has_crs_choice)),
            decimals: self.decimals,
            labels: self.labels,
            bbox: self.bbox && self.chosen().is_some_and(FileType::has_bbox),
            passport: self.passport,
            profile: self.redaction.profile(schema),
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
    let title = lang.pick("导出图层", "Export the layer");
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
    form(ui, lang, input.layer.schema.crs, state);
    row(ui, lang.pick("文件", "File"), |ui| path_field(ui, lang, state, asks));
    let passport =
        lang.pick("旁边写一份数据护照（来源、范围、SHA-256）", "Write a passport beside it (source, extent, SHA-256)");
    ui.checkbox(&mut state.passport, passport);
    redact_ui(ui, lang, &input.layer.schema, &mut state.redaction, asks);
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
            let request = state.request(rows.clone(), &input.layer.schema);
            asks.push(UiAsk::Run(Command::Exchange(ExchangeCommand::Export(request))));
            return true;
        }
        text_button(ui, lang.pick("取消", "Cancel")).clicked()
    })
}

fn row<R>(ui: &mut Ui, name: &str, add: impl FnOnce(&mut Ui) -> R) -> R {
    dialog_row(ui, name, LABEL_WIDTH - 16.0, add)
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

/// Format, and the choices that it leaves.
fn form(ui: &mut Ui, lang: Lang, layer: Crs, state: &mut ExportState) {
    row(ui, lang.pick("格式", "Format"), |ui| format_choice(ui, lang, state));
    let Some(format) = state.chosen() else { return };
    row(ui, lang.pick("代码", "Codes"), |ui| {
        for (labels, words) in [(false, lang.pick("写代码", "As codes")), (true, lang.pick("写名称", "As names"))]
        {
            if choice_chip(ui, words, state.labels == labels).clicked() {
                state.labels = labels;
            }
        }
    });
    if format.has_crs_choice() {
        row(ui, lang.pick("坐标系", "CRS"), |ui| crs_box(ui, lang, layer, &mut state.crs));
    }
    if format.has_decimals() {
        row(ui, lang.pick("小数位", "Decimals"), |ui| decimals(ui, lang, format, state));
    }
}

fn format_choice(ui: &mut Ui, lang: Lang, state: &mut ExportState) {
    let words = |format: FileType| format!("{} .{}", format.name().get(lang), format.ending());
    let shown = state.chosen().map_or_else(String::new, words);
    let list = ComboBox::from_id_salt("format").width(300.0).height(360.0).selected_text(shown).show_ui(ui, |ui| {
        for format in formats::writable() {
            if ui.selectable_label(state.format == format.id(), words(format)).clicked() {
                state.set_format(format);
            }
        }
    });
    list.response.accessible_name(lang.pick("格式", "Format"));
}

/// The layer's own system, or one of those that other programs ask for.
fn crs_box(ui: &mut Ui, lang: Lang, layer: Crs, crs: &mut Option<Crs>) {
    let own = match lang {
        Lang::Zh => format!("同图层：{}", crs_choice::name(layer, lang)),
        Lang::En => format!("As the layer: {}", crs_choice::name(layer, lang)),
    };
    let shown = crs.map_or(own.clone(), |crs| crs_choice::name(crs, lang));
    let list = ComboBox::from_id_salt("crs").width(380.0).height(320.0).selected_text(shown).show_ui(ui, |ui| {
        ui.selectable_value(crs, None, own);
        for known in USUAL_CRS.into_iter().filter(|known| *known != layer) {
            ui.selectable_value(crs, Some(known), crs_choice::name(known, lang));
        }
    });
    list.response.accessible_name(lang.pick("坐标系", "CRS"));
}

fn decimals(ui: &mut Ui, lang: Lang, format: FileType, state: &mut ExportState) {
    let name = lang.pick("坐标小数位", "Decimals of coordinates");
    ui.add(DragValue::new(&mut state.decimals).range(3..=12)).accessible_name(name);
    let about_m = 111_320.0 / 10_f64.powi(i32::from(state.decimals));
    let words = if about_m >= 0.01 { format!("≈ {about_m:.2} m") } else { format!("≈ {:.3} mm", about_m * 1000.0) };
    ui.label(RichText::new(words).font(theme::note()).color(Tokens::of(ui).text2));
    if format.has_bbox() {
        ui.checkbox(&mut state.bbox, lang.pick("写范围框 bbox", "Write a bbox"));
    }
}

fn path_field(ui: &mut Ui, lang: Lang, state: &mut ExportState, asks: &mut Asks) {
    let choose = lang.pick("选择…", "Choose…");
    let width = ui.available_width() - 110.0;
    ui.scope(|ui| {
        ui.set_max_width(width);
        if text_field(ui, &mut state.path, lang.pick("导出到", "Export to")).changed() {
            state.follow_ending();
        }
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
    use egui::vec2;
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
        harness.get_by_label_contains("passport").click();
        harness.get_by_label("Redact").click();
        harness.run();
        harness.get_by_label("Places on a grid of").click();
        harness.get_by_label("Export").click();
        harness.run();
        let request = exported(&harness).unwrap();
        assert_eq!(request.rows.ids, Some(vec![3, 5]));
        assert_eq!(request.path, PathBuf::from("out/井.geojson"));
        assert!(request.labels && request.overwrite && request.bbox && request.passport);
        assert_eq!(request.profile, Some(Profile::new(None, Some(100.0))));
    }

    #[test]
    fn the_format_follows_the_ending_that_is_typed() {
        let mut harness = harness(open(Rows::All), Some(2));
        harness.get_by_role_and_label(egui::Role::TextInput, "Export to").click();
        harness.run();
        harness.get_by_role_and_label(egui::Role::TextInput, "Export to").type_text("out/井.KML");
        harness.run();
        harness.get_by_label("Export").click();
        harness.run();
        assert_eq!(exported(&harness).expect("a request").path, PathBuf::from("out/井.KML"));
        assert_eq!(harness.state().0.chosen().map(FileType::ending), Some("kml"));
    }

    #[test]
    fn a_typed_path_never_replaces_a_file() {
        let mut state = open(Rows::All);
        state.take_path("a.geojson".into());
        state.path = "b.geojson".to_owned();
        assert!(!state.request(RowFilter::default(), &sample::manhole_schema()).overwrite);
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
    fn the_ending_follows_the_format_and_the_format_the_ending() {
        let mut state = open(Rows::All);
        state.take_path("a.ndjson".into());
        assert_eq!(state.format, "geojsonl");
        state.set_format(formats::writable().find(|format| format.id() == FIRST).expect("a format"));
        assert_eq!(state.path, "a.geojson");
        state.take_path("v1.2 路灯".into());
        assert_eq!((state.path.as_str(), state.agreed.as_deref()), ("v1.2 路灯.geojson", None));
    }

    #[test]
    fn every_format_is_offered_with_the_choices_that_it_leaves() {
        let mut harness = harness(open(Rows::All), Some(2));
        harness.get_by_label("Format").click();
        harness.run();
        harness.get_by_label("Shapefile .shp").click();
        harness.run();
        assert_eq!(harness.state().0.format, "shapefile");
        for format in formats::writable() {
            harness.state_mut().0.set_format(format);
            harness.run();
            assert_eq!(harness.query_by_label("CRS").is_some(), format.has_crs_choice(), "{}", format.id());
        }
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
        let builder = Harness::builder().with_size(vec2(640.0, 720.0)).with_context_setup(theme::install);
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
