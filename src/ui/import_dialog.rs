//! Before a file comes in: what is in it, where it would lie, what becomes of its columns, what is wrong with it.

use std::collections::VecDeque;
use std::path::PathBuf;

use egui::{Align2, ComboBox, Context, RichText, ScrollArea, Sense, Ui, pos2, vec2};

use super::ask::{Asks, UiAsk};
use super::crs_choice::{CrsChoice, crs_choice};
use super::icons::icon;
use super::import_state::Choices;
use super::sheet::{Sheet, foot, sheet};
use super::show;
use super::theme::{self, LABEL_WIDTH, Tokens};
use super::widgets::{Tone, button, hint_bar, primary_button, text_button, text_field, text_in};
use crate::kinds;
use crate::model::geometry::{Bounds, GeometryKind};
use crate::session::Session;
use crate::session::command::{Command, ExchangeCommand};
use crate::session::place;
use crate::session::state::{CityView, ImportPreview};
use crate::task::{Problem, Severity};
use crate::text::Lang;

/// Most problems that are listed; the rest is counted.
const MOST_PROBLEMS: usize = 200;

/// Files on their way in, one after the other.
#[derive(Debug, Default)]
pub struct ImportState {
    /// The first is the one the dialog is about.
    files: VecDeque<PathBuf>,
    crs: CrsChoice,
    answer: Option<(ImportPreview, Choices)>,
    /// Frames without an answer and without work: a file that could not even be looked at.
    idle: u8,
}

impl ImportState {
    /// Looks into files; the dialog opens with the answer.
    pub fn start(&mut self, files: Vec<PathBuf>, asks: &mut Asks) {
        let was_empty = self.files.is_empty();
        self.files.extend(files);
        if was_empty {
            self.survey(asks);
        }
    }

    /// Whether the dialog is on the screen.
    pub fn is_open(&self) -> bool {
        !self.files.is_empty()
    }

    fn survey(&mut self, asks: &mut Asks) {
        (self.answer, self.idle) = (None, 0);
        if let Some(path) = self.files.front().cloned() {
            let one_layer = false;
            asks.push(exchange(ExchangeCommand::Survey { path, crs: self.crs.crs, one_layer }));
        }
    }

    /// The next file, if there is one.
    fn next(&mut self, asks: &mut Asks) {
        self.files.pop_front();
        self.crs = CrsChoice::default();
        self.survey(asks);
    }

    /// Takes the session's answer. Choices made before another CRS was tried stay.
    fn take(&mut self, preview: ImportPreview) {
        if self.files.front() != Some(&preview.path) {
            return;
        }
        let choices = match self.answer.take() {
            Some((_, choices)) => choices,
            None => Choices::propose(&preview),
        };
        self.answer = Some((preview, choices));
    }
}

fn exchange(command: ExchangeCommand) -> UiAsk {
    UiAsk::Run(Command::Exchange(command))
}

/// How the dialog is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Open,
    Import,
    Skip,
    /// The CRS was changed: look again.
    Again,
}

/// Draws the dialog while a file waits for an answer.
pub fn import_ui(ctx: &Context, session: &mut Session, state: &mut ImportState, asks: &mut Asks) {
    if let Some(preview) = session.take_preview() {
        state.take(preview);
    }
    if !state.is_open() {
        return;
    }
    if state.answer.is_none() {
        return waiting(ctx, session, state, asks);
    }
    let lang = session.lang();
    let frame =
        Sheet { id: "import", title: lang.pick("导入", "Import"), icon: "DOWNLOAD_SIMPLE", width: 720.0, lang };
    let mut end = End::Open;
    let closed = sheet(ctx, &frame, |ui| end = contents(ui, lang, session.city(), state, asks));
    finish(if closed { End::Skip } else { end }, session.city().is_some(), state, asks);
}

fn finish(end: End, has_city: bool, state: &mut ImportState, asks: &mut Asks) {
    match end {
        End::Open => {}
        End::Skip => state.next(asks),
        End::Again => {
            // The answer stays on the screen until the new one is there.
            if let Some(path) = state.files.front().cloned() {
                let one_layer = false;
                asks.push(exchange(ExchangeCommand::Survey { path, crs: state.crs.crs, one_layer }));
            }
        }
        End::Import => {
            if let Some((preview, choices)) = &state.answer {
                let request = choices.request(preview.path.clone(), &state.crs, has_city);
                asks.push(exchange(ExchangeCommand::Import(request)));
            }
            state.next(asks);
        }
    }
}

/// A large file takes its time; one that cannot be read has a message of its own and no answer.
fn waiting(ctx: &Context, session: &Session, state: &mut ImportState, asks: &mut Asks) {
    let works = !session.jobs().is_empty();
    state.idle = if works { 0 } else { state.idle.saturating_add(1) };
    if state.idle > 3 {
        return state.next(asks);
    }
    ctx.request_repaint();
    let lang = session.lang();
    let frame =
        Sheet { id: "import", title: lang.pick("导入", "Import"), icon: "DOWNLOAD_SIMPLE", width: 420.0, lang };
    let closed = sheet(ctx, &frame, |ui| {
        let name = state.files.front().and_then(|path| path.file_name()).map(|name| name.to_string_lossy());
        ui.label(format!("{} {}", lang.pick("正在查看", "Looking into"), name.unwrap_or_default()));
    });
    if closed {
        asks.extend(session.jobs().iter().map(|job| UiAsk::Run(Command::CancelJob(job.id))));
        state.next(asks);
    }
}

fn contents(ui: &mut Ui, lang: Lang, city: Option<&CityView>, state: &mut ImportState, asks: &mut Asks) -> End {
    let more = state.files.len() - 1;
    let Some((preview, choices)) = &mut state.answer else { return End::Open };
    ui.spacing_mut().item_spacing.y = 8.0;
    file_line(ui, lang, preview, more);
    if let Some(why) = &preview.refused {
        hint_bar(ui, Tone::Err, why.get(lang));
        return if foot(ui, |ui| text_button(ui, lang.pick("关闭", "Close")).clicked()) {
            End::Skip
        } else {
            End::Open
        };
    }
    let mut end = End::Open;
    row(ui, lang.pick("坐标系", "CRS"), |ui| {
        if crs_choice(ui, lang, preview.crs, &mut state.crs) {
            end = End::Again;
        }
    });
    row(ui, lang.pick("落在", "Lies at"), |ui| place_line(ui, lang, preview, asks));
    target(ui, lang, city, choices);
    mapping_table(ui, lang, choices);
    options(ui, lang, preview, choices);
    problems(ui, lang, &preview.problems);
    let left = foot(ui, |ui| {
        if primary_button(ui, Some("DOWNLOAD_SIMPLE"), lang.pick("导入", "Import")).clicked() {
            return End::Import;
        }
        let skip = if more > 0 { lang.pick("跳过", "Skip") } else { lang.pick("取消", "Cancel") };
        if text_button(ui, skip).clicked() { End::Skip } else { End::Open }
    });
    if left == End::Open { end } else { left }
}

fn row<R>(ui: &mut Ui, name: &str, add: impl FnOnce(&mut Ui) -> R) -> R {
    ui.horizontal(|ui| {
        let (room, _) = ui.allocate_exact_size(vec2(LABEL_WIDTH - 8.0, theme::CONTROL), Sense::hover());
        let color = Tokens::of(ui).text2;
        ui.painter().text(pos2(room.left(), room.center().y), Align2::LEFT_CENTER, name, theme::body(), color);
        add(ui)
    })
    .inner
}

fn file_line(ui: &mut Ui, lang: Lang, preview: &ImportPreview, more: usize) {
    let name = preview.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    ui.horizontal(|ui| {
        ui.label(icon("FILE").color(Tokens::of(ui).text2));
        ui.label(RichText::new(name).font(theme::medium(14.0))).on_hover_text(preview.path.display().to_string());
        let mut words = preview.format.get(lang).to_owned();
        if more > 0 {
            words += &match lang {
                Lang::Zh => format!(" · 还有 {more} 个文件"),
                Lang::En => format!(" · {more} more to come"),
            };
        }
        ui.label(RichText::new(words).font(theme::note()).color(Tokens::of(ui).text2));
    });
    for layer in &preview.layers {
        let kind = layer.geometry.map_or(lang.pick("无几何", "no geometry"), |kind| geometry_name(kind, lang));
        let words = match lang {
            Lang::Zh => format!(
                "{} · {} 个要素 · {kind} · {} 个字段",
                layer.name,
                show::count(layer.features),
                layer.fields.len()
            ),
            Lang::En => format!(
                "{} · {} features · {kind} · {} fields",
                layer.name,
                show::count(layer.features),
                layer.fields.len()
            ),
        };
        ui.label(RichText::new(words).font(theme::note()).color(Tokens::of(ui).text2));
    }
}

fn geometry_name(kind: GeometryKind, lang: Lang) -> &'static str {
    match kind.dimension() {
        Some(0) => lang.pick("点", "points"),
        Some(1) => lang.pick("线", "lines"),
        Some(2) => lang.pick("面", "areas"),
        _ => lang.pick("混合", "mixed"),
    }
}

/// Where it would lie, in degrees, with the way to see it on the map.
fn place_line(ui: &mut Ui, lang: Lang, preview: &ImportPreview, asks: &mut Asks) {
    let bounds = preview.layers.iter().filter_map(|layer| layer.bounds_world);
    let Some(bounds) = bounds.reduce(|left, right| left.union(&right)).filter(|bounds| !bounds.is_empty()) else {
        ui.label(lang.pick("没有可显示的位置", "No place that can be shown"));
        return;
    };
    ui.label(extent_words(&bounds));
    if button(ui, "MAP_TRIFOLD", lang.pick("在地图上看", "Show on the map")).clicked() {
        asks.push(UiAsk::ZoomTo(bounds));
    }
}

/// `115.9312–116.0512°E 29.6612–29.7512°N`.
fn extent_words(world: &Bounds) -> String {
    let ([west, south], [east, north]) = (place::lonlat_from_world(world.min), place::lonlat_from_world(world.max));
    format!("{west:.4}–{east:.4}°E  {south:.4}–{north:.4}°N")
}

/// Kind, and a new layer or one to append to.
fn target(ui: &mut Ui, lang: Lang, city: Option<&CityView>, choices: &mut Choices) {
    row(ui, lang.pick("类别", "Kind"), |ui| {
        let list = ComboBox::from_id_salt("kind").width(330.0).height(360.0);
        let list = list.selected_text(choices.kind.name.get(lang).to_owned()).show_ui(ui, |ui| {
            for kind in kinds::all() {
                if ui.selectable_label(choices.kind.id == kind.id, kind.name.get(lang)).clicked() {
                    choices.set_kind(kind);
                    // A city has one layer of a kind as a rule: more of the same belongs there.
                    let same = city.and_then(|city| city.layers.iter().find(|layer| layer.kind.id == kind.id));
                    choices.append = same.filter(|_| kind.id != "plain").map(|layer| layer.table().to_owned());
                }
            }
        });
        list.response.accessible_name(lang.pick("类别", "Kind"));
    });
    if let Some(city) = city {
        row(ui, lang.pick("放进", "Into"), |ui| layer_choice(ui, lang, city, choices));
    } else {
        let name = lang.pick("新城市文件", "New city file");
        row(ui, name, |ui| text_field(ui, &mut choices.new_city, name));
    }
}

fn layer_choice(ui: &mut Ui, lang: Lang, city: &CityView, choices: &mut Choices) {
    let new = lang.pick("新图层", "A new layer");
    let chosen = choices.append.as_deref().and_then(|table| city.layer(table));
    let shown = chosen.map_or(new, |layer| layer.name.get(lang)).to_owned();
    let kind = choices.kind.id;
    let list = ComboBox::from_id_salt("into").width(200.0).selected_text(shown).show_ui(ui, |ui| {
        ui.selectable_value(&mut choices.append, None, new);
        for layer in city.layers.iter().filter(|layer| layer.kind.id == kind) {
            let words = format!("{} {}", lang.pick("追加到", "Append to"), layer.name.get(lang));
            ui.selectable_value(&mut choices.append, Some(layer.table().to_owned()), words);
        }
    });
    list.response.accessible_name(lang.pick("放进", "Into"));
    if choices.append.is_none() {
        text_field(ui, &mut choices.name, lang.pick("图层名称", "Name of the layer"));
    }
}

/// Their columns, a value of each, and the field each becomes.
fn mapping_table(ui: &mut Ui, lang: Lang, choices: &mut Choices) {
    if choices.columns.is_empty() || choices.kind.fields.is_empty() {
        return;
    }
    let known = choices.columns.iter().filter(|column| column.ours.is_some()).count();
    let words = match lang {
        Lang::Zh => format!("字段对应（{known} / {} 已对上，其余原样保留）", choices.columns.len()),
        Lang::En => format!("Fields ({known} of {} matched, the rest stay as they are)", choices.columns.len()),
    };
    ui.label(RichText::new(words).font(theme::note()).color(Tokens::of(ui).text2));
    let mut assigned = None;
    ScrollArea::vertical().id_salt("columns").max_height(176.0).auto_shrink([false, true]).show(ui, |ui| {
        for index in 0..choices.columns.len() {
            if let Some(ours) = column_row(ui, lang, choices, index) {
                assigned = Some((index, ours));
            }
        }
    });
    if let Some((column, ours)) = assigned {
        choices.assign(column, ours);
    }
}

/// One column; the field that was chosen for it now.
fn column_row(ui: &mut Ui, lang: Lang, choices: &Choices, index: usize) -> Option<Option<usize>> {
    let column = &choices.columns[index];
    let tokens = Tokens::of(ui);
    let mut chosen = None;
    ui.horizontal(|ui| {
        let (room, _) = ui.allocate_exact_size(vec2(370.0, theme::CONTROL), Sense::hover());
        let middle = room.center().y;
        text_in(ui, pos2(room.left(), middle), &column.theirs.id, theme::body(), tokens.text, 170.0);
        text_in(ui, pos2(room.left() + 180.0, middle), &column.sample, theme::note(), tokens.text2, 160.0);
        let arrow = super::icons::icon_char("ARROW_RIGHT");
        ui.painter().text(
            pos2(room.right() - 10.0, middle),
            Align2::CENTER_CENTER,
            arrow,
            theme::icon_font(14.0),
            tokens.text2,
        );
        let keep = lang.pick("原样保留", "Keep as it is");
        let name_of = |place: usize| choices.kind.fields.get(place).map_or(keep, |field| field.name.get(lang));
        let list = ComboBox::from_id_salt(("ours", index)).width(240.0).height(320.0);
        let list = list.selected_text(column.ours.map_or(keep, name_of).to_owned()).show_ui(ui, |ui| {
            if ui.selectable_label(column.ours.is_none(), keep).clicked() {
                chosen = Some(None);
            }
            for place in 0..choices.kind.fields.len() {
                if ui.selectable_label(column.ours == Some(place), name_of(place)).clicked() {
                    chosen = Some(Some(place));
                }
            }
        });
        list.response.accessible_name(format!("{} {}", column.theirs.id, lang.pick("对应", "becomes")));
    });
    chosen
}

fn options(ui: &mut Ui, lang: Lang, preview: &ImportPreview, choices: &mut Choices) {
    if preview.layers.len() > 1 {
        ui.checkbox(
            &mut choices.one_layer,
            lang.pick("点、线、面放进同一个图层", "Points, lines and areas in one layer"),
        );
    }
    let strict = lang.pick("只要有一个坏要素就整个不导入", "Take nothing if one feature is bad");
    ui.checkbox(&mut choices.strict, strict);
}

fn problems(ui: &mut Ui, lang: Lang, problems: &[Problem]) {
    if problems.is_empty() {
        return;
    }
    let errors = problems.iter().filter(|problem| problem.severity == Severity::Error).count();
    let words = match lang {
        Lang::Zh => format!("{errors} 个错误（会略过），{} 个提醒", problems.len() - errors),
        Lang::En => format!("{errors} errors (left out), {} warnings", problems.len() - errors),
    };
    hint_bar(ui, if errors > 0 { Tone::Err } else { Tone::Warn }, words);
    ScrollArea::vertical().id_salt("problems").max_height(110.0).auto_shrink([false, true]).show(ui, |ui| {
        for problem in problems.iter().take(MOST_PROBLEMS) {
            ui.label(RichText::new(problem_words(problem, lang)).font(theme::note()));
        }
        if problems.len() > MOST_PROBLEMS {
            ui.label(format!("… {}", show::count((problems.len() - MOST_PROBLEMS) as u64)));
        }
    });
}

fn problem_words(problem: &Problem, lang: Lang) -> String {
    let what = problem.what.get(lang);
    match (problem.feature, lang) {
        (Some(number), Lang::Zh) => format!("第 {number} 个要素：{what}"),
        (Some(number), Lang::En) => format!("Feature {number}: {what}"),
        (None, _) => what.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geom::crs::Crs;
    use crate::model::schema::Field;
    use crate::model::value::FieldType;
    use crate::session::command::ImportRequest;
    use crate::session::state::PreviewLayer;
    use crate::text::Text;
    use crate::ui::sample;
    use egui_kittest::{Harness, kittest::Queryable as _};

    type Dialog = (ImportState, Asks, End);

    #[test]
    fn import_takes_the_file_as_proposed() {
        let mut harness = harness(None);
        harness.get_by_label_contains("2 features · points");
        harness.get_by_label("Import").click();
        harness.run();
        let request = import(&mut harness).unwrap();
        assert_eq!((request.layer.as_deref(), request.kind.as_deref()), (Some("lamps"), Some("bridge")));
        assert!(!harness.state().0.is_open());
    }

    #[test]
    fn another_crs_looks_into_the_file_again() {
        let mut harness = harness(None);
        harness.get_by_label("Coordinate system").click();
        harness.run();
        harness.get_by_label("GCJ-02 (Amap, Tencent)").click();
        harness.run();
        assert_eq!(harness.state().2, End::Again);
        assert_eq!(harness.state().0.crs.crs, Some(Crs::Gcj02));
    }

    #[test]
    fn a_refused_file_says_why_and_cannot_be_imported() {
        let harness = harness(Some(Text::new("不是 GeoJSON", "No GeoJSON")));
        harness.get_by_label("No GeoJSON");
        assert!(harness.query_by_label("Import").is_none());
    }

    #[test]
    fn the_answer_for_another_file_is_not_taken() {
        let mut state = ImportState::default();
        state.start(vec!["b.geojson".into()], &mut Asks::new());
        state.take(preview(None));
        assert!(state.answer.is_none());
    }

    fn import(harness: &mut Harness<'_, Dialog>) -> Option<ImportRequest> {
        let (state, asks, end) = harness.state_mut();
        finish(*end, true, state, asks);
        asks.iter().find_map(|ask| match ask {
            UiAsk::Run(Command::Exchange(ExchangeCommand::Import(request))) => Some(request.clone()),
            _ => None,
        })
    }

    fn preview(refused: Option<Text>) -> ImportPreview {
        let layer = PreviewLayer {
            name: "lamps".into(),
            features: 2,
            geometry: Some(GeometryKind::Point),
            fields: vec![Field::new("桥名", FieldType::Text, "桥名", "桥名")],
            guessed_kind: kinds::find("bridge"),
            sample: Vec::new(),
            bounds_world: None,
        };
        ImportPreview {
            path: "lamps.geojson".into(),
            format: Text::same("GeoJSON"),
            crs: Crs::WGS84,
            layers: vec![layer],
            problems: vec![
                Problem::error("geojson.ring-open", Text::new("环没有闭合", "The ring is open")).of_feature(1),
            ],
            refused,
        }
    }

    fn harness(refused: Option<Text>) -> Harness<'static, Dialog> {
        let mut state = ImportState::default();
        let mut asks = Asks::new();
        state.start(vec!["lamps.geojson".into()], &mut asks);
        state.take(preview(refused));
        let city = sample::city();
        let builder = Harness::builder().with_size(vec2(760.0, 800.0)).with_context_setup(theme::install);
        let mut harness = builder.build_ui_state(
            move |ui, (state, asks, end): &mut Dialog| {
                let left = contents(ui, Lang::En, Some(&city), state, asks);
                if left != End::Open {
                    *end = left;
                }
            },
            (state, asks, End::Open),
        );
        harness.run();
        harness
    }
}
