//! Before a table of defects comes in: which column fills which field, what holds for every row, the first rows and those
//! that are refused, with the reason. It comes in as one step.

mod columns;
mod rows;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use egui::{ComboBox, Context, RichText, ScrollArea, Ui};

use super::panel::run;
use crate::kinds;
use crate::session::Session;
use crate::session::command::ReadOptions;
use crate::session::sewer::board::{SewerSlot, SewerTopic};
use crate::session::sewer::command::SewerCommand;
use crate::session::sewer::defect_preview::DefectPreview;
use crate::session::sewer::defects::DefectImport;
use crate::session::sewer::{SewerAnswer, SewerAsk};
use crate::text::encoding::Encoding;
use crate::text::{Lang, Text};
use crate::ui::ask::{Asks, FilePurpose, UiAsk};
use crate::ui::icons::icon;
use crate::ui::import_state::free_name;
use crate::ui::sheet::{Sheet, foot, sheet};
use crate::ui::show;
use crate::ui::theme::{self, Tokens};
use crate::ui::widgets::{Tone, button, choice_chip, field_error, hint_bar, primary_button, text_button, text_field};

/// Width of the dialog.
const WIDTH: f32 = 820.0;

/// Endings of tables whose text may be in one encoding or another.
const TEXTS: &[&str] = &["csv", "txt", "tsv", "tab"];

/// The dialog while it is open.
#[derive(Debug, Default)]
pub(in crate::ui) struct DefectsState(Option<Choices>);

/// What is chosen.
#[derive(Debug, Default)]
struct Choices {
    path: PathBuf,
    /// Their column → our field; as guessed without one.
    map: Option<Vec<(String, String)>>,
    /// Survey direction of every row: `with` or `against` the flow; empty for what the rows say.
    direction: String,
    /// Method of every row; empty for what the rows say.
    method: String,
    /// Day of every row, as typed.
    on: String,
    encoding: Option<Encoding>,
    strict: bool,
    keeps_refused: bool,
    /// Whether refused rows are shown in place of the first ones.
    shows_refused: bool,
    /// What was asked last.
    asked: Option<DefectImport>,
}

impl Choices {
    /// What is asked of the sewers, to look at the file.
    fn look(&self) -> DefectImport {
        let day = show::day_from_words(self.on.trim());
        let set = [
            ("direction", self.direction.clone()),
            ("method", self.method.clone()),
            ("inspected_on", day.unwrap_or_default()),
        ];
        let set = set.into_iter().filter(|(_, words)| !words.is_empty());
        DefectImport {
            path: self.path.clone(),
            read: ReadOptions { encoding: self.encoding, ..ReadOptions::default() },
            map: self.map.clone().unwrap_or_default(),
            set: set.map(|(field, words)| (field.to_owned(), words)).collect(),
            ..DefectImport::default()
        }
    }

    /// The import.
    fn import(&self) -> DefectImport {
        let rejects = self.keeps_refused.then(|| refused_file(&self.path));
        DefectImport { strict: self.strict, rejects, ..self.look() }
    }

    /// What is wrong with the day.
    fn day_problem(&self) -> Option<Text> {
        let is_wrong = !self.on.trim().is_empty() && show::day_from_words(self.on.trim()).is_none();
        is_wrong.then(|| Text::new("日期写成 2026-05-31 的样子", "Write the day as 2026-05-31"))
    }
}

/// Where refused rows go: beside the file.
fn refused_file(path: &Path) -> PathBuf {
    let is_book = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("xlsx"));
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    free_name(path, &format!("{stem}-退回"), if is_book { "xlsx" } else { "csv" })
}

impl DefectsState {
    /// Looks into a file; what was chosen for all rows of the one before stays.
    pub(in crate::ui) fn open(&mut self, path: PathBuf) {
        let before = self.0.take().unwrap_or_default();
        let Choices { direction, method, strict, keeps_refused, .. } = before;
        self.0 = Some(Choices { path, direction, method, strict, keeps_refused, ..Choices::default() });
    }
}

/// How the dialog is left.
#[derive(Clone, Copy, PartialEq)]
enum End {
    Open,
    Import,
    Cancel,
}

/// Draws the dialog while it is open.
pub(in crate::ui) fn defects_ui(ctx: &Context, session: &Session, state: &mut DefectsState, asks: &mut Asks) {
    let Some(choices) = &mut state.0 else { return };
    let lang = session.lang();
    let slot = session.sewer().slot(SewerTopic::Defects);
    let look = choices.look();
    if session.city().is_none() {
        // There is nothing any more to take the table into.
        state.0 = None;
        return;
    }
    if choices.asked.as_ref() != Some(&look) {
        run(asks, SewerCommand::Ask(SewerAsk::Defects(Box::new(look.clone()))));
        choices.asked = Some(look);
    }
    let title = lang.pick("导入检测缺陷表", "Import a table of defects");
    let frame = Sheet { id: "sewer-defects", title, icon: "FILE_CSV", width: WIDTH, lang };
    let mut end = End::Open;
    let closed = sheet(ctx, &frame, |ui| end = contents(ui, session, slot, choices, asks));
    if end == End::Import {
        run(asks, SewerCommand::ImportDefects(Box::new(choices.import())));
        asks.push(UiAsk::SewerTopic(SewerTopic::Condition));
    }
    if closed || end != End::Open {
        run(asks, SewerCommand::Forget(SewerTopic::Defects));
        state.0 = None;
    }
}

/// The answer that belongs to what is chosen, or the one before.
fn preview(slot: Option<&SewerSlot>) -> Option<&DefectPreview> {
    match slot?.answer.as_deref()? {
        SewerAnswer::Defects(preview) => Some(preview),
        _ => None,
    }
}

fn contents(ui: &mut Ui, session: &Session, slot: Option<&SewerSlot>, choices: &mut Choices, asks: &mut Asks) -> End {
    let lang = session.lang();
    ui.spacing_mut().item_spacing.y = 8.0;
    file_line(ui, lang, choices, asks);
    let is_waiting = slot.is_none_or(SewerSlot::is_waiting);
    if let Some(failure) = slot.and_then(|slot| slot.failure.as_ref()).filter(|_| !is_waiting) {
        hint_bar(ui, Tone::Err, failure.text.get(lang));
    }
    let Some(preview) = preview(slot) else {
        if is_waiting {
            ui.label(RichText::new(lang.pick("正在查看…", "Looking into it…")).color(Tokens::of(ui).text2));
        }
        return buttons(ui, lang, None, choices);
    };
    let room = (ui.ctx().content_rect().height() - 220.0).max(160.0);
    ScrollArea::vertical().id_salt("defects").max_height(room).auto_shrink([false, true]).show(ui, |ui| {
        ui.set_max_width(ui.available_width() - 8.0);
        columns::columns_ui(ui, lang, preview, &mut choices.map);
        for_all_ui(ui, lang, choices);
        summary(ui, lang, preview);
        rows::rows_ui(ui, lang, preview, &mut choices.shows_refused);
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing.x = 16.0;
            let strict = lang.pick("只要退回一行就整个不导入", "Take nothing if one row is refused");
            ui.checkbox(&mut choices.strict, strict);
            let keep = lang.pick("退回的行另存到文件旁边", "Keep refused rows in a file beside it");
            ui.checkbox(&mut choices.keeps_refused, keep);
        });
    });
    buttons(ui, lang, Some(preview).filter(|_| !is_waiting), choices)
}

/// Name of the file, its encoding, and the way to another one.
fn file_line(ui: &mut Ui, lang: Lang, choices: &mut Choices, asks: &mut Asks) {
    let name = choices.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    ui.horizontal(|ui| {
        ui.label(icon("FILE").color(Tokens::of(ui).text2));
        ui.label(RichText::new(name).font(theme::medium(14.0))).on_hover_text(choices.path.display().to_string());
        if button(ui, "FOLDER_OPEN", lang.pick("换一个文件…", "Another file…")).clicked() {
            asks.push(UiAsk::PickFile(FilePurpose::SewerDefects));
        }
        let ending = choices.path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
        if TEXTS.contains(&ending.as_str()) {
            encoding_ui(ui, lang, &mut choices.encoding);
        }
    });
}

fn encoding_ui(ui: &mut Ui, lang: Lang, chosen: &mut Option<Encoding>) {
    let auto = lang.pick("编码：自动", "Encoding: found out");
    let all = [(Encoding::UTF_8, "UTF-8"), (Encoding::GB18030, "GBK / GB18030"), (Encoding::BIG5, "Big5")];
    let shown = chosen.and_then(|it| all.iter().find(|(each, _)| *each == it)).map_or(auto, |(_, name)| name);
    let list = ComboBox::from_id_salt("encoding").width(150.0).selected_text(shown).show_ui(ui, |ui| {
        ui.selectable_value(chosen, None, auto);
        for (encoding, name) in all {
            ui.selectable_value(chosen, Some(encoding), name);
        }
    });
    list.response.accessible_name(lang.pick("文字编码", "Encoding"));
}

/// What holds for every row, over what the rows say.
fn for_all_ui(ui: &mut Ui, lang: Lang, choices: &mut Choices) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        ui.label(lang.pick("检测方向", "Survey direction"));
        let all = [
            ("", lang.pick("按文件", "as the rows say")),
            ("with", lang.pick("全部顺流", "all with the flow")),
            ("against", lang.pick("全部逆流", "all against the flow")),
        ];
        for (code, words) in all {
            if choice_chip(ui, words, choices.direction == code).clicked() {
                code.clone_into(&mut choices.direction);
            }
        }
    });
    ui.horizontal(|ui| {
        ui.label(lang.pick("检测方法", "Method"));
        let method =
            kinds::find("sewer_inspection").and_then(|kind| kind.fields.iter().find(|field| field.id == "method"));
        let codes = method.map_or(&[][..], |field| &field.codes);
        let own = lang.pick("按文件", "as the rows say");
        let shown = codes.iter().find(|code| code.value == choices.method).map_or(own, |code| code.name.get(lang));
        let list = ComboBox::from_id_salt("method").width(170.0).selected_text(shown.to_owned()).show_ui(ui, |ui| {
            ui.selectable_value(&mut choices.method, String::new(), own);
            for code in codes {
                ui.selectable_value(&mut choices.method, code.value.to_string(), code.name.get(lang).to_owned());
            }
        });
        list.response.accessible_name(lang.pick("每行的检测方法", "Method of every row"));
        ui.add_space(12.0);
        ui.label(lang.pick("检测日期", "Day"));
        ui.scope(|ui| {
            ui.set_width(130.0);
            let hint = lang.pick("空着按文件；文件也没有就按今天", "Empty: as the rows say, or today");
            text_field(ui, &mut choices.on, lang.pick("每行的检测日期", "Day of every row")).on_hover_text(hint);
        });
    });
    if let Some(problem) = choices.day_problem() {
        field_error(ui, problem.get(lang));
    }
}

/// What would come in, and what is missing.
fn summary(ui: &mut Ui, lang: Lang, preview: &DefectPreview) {
    let missing = preview.missing();
    if !missing.is_empty() {
        let names: Vec<&str> = missing.iter().map(|field| field.name.get(lang)).collect();
        let names = names.join(lang.pick("、", ", "));
        let words = match lang {
            Lang::Zh => format!("请为这些字段选一列：{names}"),
            Lang::En => format!("Choose a column for: {names}"),
        };
        hint_bar(ui, Tone::Warn, words);
        return;
    }
    let DefectPreview { inspections, defects, refused, repeated, .. } = preview;
    let words = match lang {
        Lang::Zh => format!("将导入检测 {inspections} 次、缺陷 {defects} 处；退回 {refused} 行；已有 {repeated} 处"),
        Lang::En => format!(
            "{inspections} inspections and {defects} defects come in; {refused} rows refused; {repeated} there already"
        ),
    };
    hint_bar(ui, if *refused > 0 { Tone::Warn } else { Tone::Ok }, words);
    let unused: Vec<&str> =
        preview.sheets.iter().filter(|sheet| !sheet.is_used).map(|sheet| sheet.name.as_str()).collect();
    if !unused.is_empty() {
        let names = unused.join(lang.pick("、", ", "));
        let words = match lang {
            Lang::Zh => format!("不是缺陷表、不读的工作表：{names}"),
            Lang::En => format!("Sheets without the columns, which are left out: {names}"),
        };
        ui.label(RichText::new(words).font(theme::note()).color(Tokens::of(ui).text2));
    }
}

/// What holds the import back.
fn obstacle(preview: Option<&DefectPreview>, choices: &Choices) -> Option<Text> {
    let Some(preview) = preview else { return Some(Text::new("还在查看文件", "The file is being looked into")) };
    if !preview.missing().is_empty() {
        return Some(Text::new("还有必需的字段没有对应的列", "Some needed fields have no column yet"));
    }
    if choices.strict && preview.refused > 0 {
        return Some(Text::new("有退回的行，按要求整个不导入", "Rows are refused: nothing is taken, as you wish"));
    }
    if let Some(problem) = choices.day_problem() {
        return Some(problem);
    }
    let is_empty = preview.inspections + preview.defects == 0;
    is_empty.then(|| Text::new("没有一行可以导入", "No row can be taken in"))
}

fn buttons(ui: &mut Ui, lang: Lang, preview: Option<&DefectPreview>, choices: &Choices) -> End {
    let obstacle = obstacle(preview, choices);
    foot(ui, |ui| {
        let add = |ui: &mut Ui| primary_button(ui, Some("DOWNLOAD_SIMPLE"), lang.pick("导入", "Import"));
        let response = ui.add_enabled_ui(obstacle.is_none(), add).inner;
        let why = obstacle.map(|why| why.get(lang).to_owned()).unwrap_or_default();
        if response.on_disabled_hover_text(why).clicked() {
            return End::Import;
        }
        if text_button(ui, lang.pick("取消", "Cancel")).clicked() { End::Cancel } else { End::Open }
    })
}
