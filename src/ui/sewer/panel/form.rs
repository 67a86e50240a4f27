//! The form of an inspection: pipe, day, method, and its defects one by one. What CJJ 181 does not have cannot be chosen,
//! or is refused with the reason below.

use egui::{ComboBox, RichText, ScrollArea, Ui};

use crate::kinds;
use crate::session::Session;
use crate::session::sewer::SewerAnswer;
use crate::session::sewer::board::SewerTopic;
use crate::session::sewer::command::SewerCommand;
use crate::session::sewer::defects::{DefectImport, typed_label};
use crate::text;
use crate::text::{Lang, Text};
use crate::trades::sewer::cjj181::defects::{DEFECTS, DefectKind, Grade};
use crate::trades::sewer::cjj181::record::{Record, SLACK_M, Survey, read};
use crate::ui::ask::Asks;
use crate::ui::form_ui::code_box;
use crate::ui::theme::{self, Tokens};
use crate::ui::widgets::{
    button, choice_chip, field_error, icon_button, primary_button, section, text_button, text_field, value_row_with,
};

/// What the form holds.
#[derive(Default)]
pub(super) struct FormState {
    draft: Option<Draft>,
}

#[derive(Default)]
struct Draft {
    pipe: String,
    on: String,
    method: String,
    is_against: bool,
    length_m: String,
    inspected_by: String,
    inspector: String,
    video: String,
    /// Codes of the importance of the area (K) and of the soil (T); empty for what the rating assumes.
    area_class: String,
    soil_class: String,
    defects: Vec<DefectDraft>,
    /// Whether somebody has tried to save: then all that is missing is said.
    is_tried: bool,
    /// What was sent, and the city's revision then: the form closes when the step is there.
    sent: Option<(Text, u64)>,
}

#[derive(Clone)]
struct DefectDraft {
    kind: &'static DefectKind,
    grade: u8,
    start_m: String,
    end_m: String,
    clock: String,
    photo: String,
}

impl DefectDraft {
    fn new(kind: &'static DefectKind) -> Self {
        let empty = String::new;
        Self { kind, grade: 1, start_m: empty(), end_m: empty(), clock: empty(), photo: empty() }
    }

    fn record(&self) -> Record {
        let number = |words: &str| words.trim().parse::<f64>().ok().filter(|number| number.is_finite());
        Record {
            code: self.kind.code.to_owned(),
            grade: Some(self.grade.into()),
            start_m: number(&self.start_m),
            end_m: number(&self.end_m),
            clock: self.clock.trim().to_owned(),
        }
    }

    /// A distance that is no number.
    fn typo(&self) -> Option<Text> {
        let is_typo = |words: &str| !words.trim().is_empty() && words.trim().parse::<f64>().is_err();
        let wrong = is_typo(&self.start_m) || is_typo(&self.end_m);
        wrong.then(|| Text::new("距离要写成数字，单位米", "A distance is a number, in metres"))
    }
}

impl FormState {
    pub(super) fn is_open(&self) -> bool {
        self.draft.is_some()
    }

    /// Opens the form; what was typed before stays.
    pub(super) fn open(&mut self, pipe: Option<String>) {
        let draft = self.draft.get_or_insert_with(|| Draft {
            on: jiff::Zoned::now().strftime("%Y-%m-%d").to_string(),
            method: "cctv".to_owned(),
            ..Draft::default()
        });
        if let Some(pipe) = pipe {
            draft.pipe = pipe;
        }
    }
}

pub(super) fn form_ui(ui: &mut Ui, session: &Session, state: &mut FormState, asks: &mut Asks) {
    let lang = session.lang();
    let revision = session.city().map_or(0, |city| city.revision);
    let undo = session.city().and_then(|city| city.undo.clone());
    let is_kept = |draft: &Draft| {
        draft.sent.as_ref().is_some_and(|(label, then)| *then != revision && undo.as_ref() == Some(label))
    };
    if state.draft.as_ref().is_some_and(is_kept) {
        state.draft = None;
    }
    let Some(draft) = &mut state.draft else { return };
    ui.label(RichText::new(lang.pick("录入检测记录", "Enter an inspection")).font(theme::title()));
    ui.add_space(4.0);
    let length_m = known_length_m(session, draft);
    let faults = faults(draft, length_m);
    let problems = problems(draft, length_m, !faults.is_empty());
    let mut is_done = false;
    // Above the fields, as in every form: whoever has typed at the bottom sees what is wrong at the top.
    ui.horizontal(|ui| {
        if primary_button(ui, Some("CHECK_CIRCLE"), lang.pick("保存", "Save")).clicked() {
            draft.is_tried = true;
            if problems.is_empty() {
                let request = request(draft);
                draft.sent = Some((typed_label(&request.typed), revision));
                super::run(asks, SewerCommand::ImportDefects(Box::new(request)));
            }
        }
        is_done = text_button(ui, lang.pick("取消", "Cancel")).clicked();
    });
    for problem in problems.iter().filter(|_| draft.is_tried) {
        field_error(ui, problem.get(lang));
    }
    ui.add_space(4.0);
    ScrollArea::vertical().id_salt("entry").auto_shrink(false).show(ui, |ui| {
        head(ui, lang, draft);
        defects_ui(ui, lang, draft, &faults);
        ui.add_space(16.0);
    });
    if is_done {
        state.draft = None;
    }
}

/// The defects one by one, each with what is wrong with it.
fn defects_ui(ui: &mut Ui, lang: Lang, draft: &mut Draft, faults: &[(usize, Text)]) {
    section(ui, lang.pick("缺陷（CJJ 181）", "Defects (CJJ 181)"), &draft.defects.len().to_string());
    let mut gone = None;
    for (place, defect) in draft.defects.iter_mut().enumerate() {
        ui.push_id(place, |ui| {
            if defect_ui(ui, lang, place, defect) {
                gone = Some(place);
            }
            let typo = defect.typo();
            for fault in typo.iter().chain(faults.iter().filter(|(row, _)| *row == place).map(|(_, what)| what)) {
                if draft.is_tried || !defect.start_m.trim().is_empty() || !defect.clock.is_empty() {
                    field_error(ui, fault.get(lang));
                }
            }
        });
    }
    if let Some(place) = gone {
        draft.defects.remove(place);
    }
    if button(ui, "PLUS", lang.pick("加一处缺陷", "Add a defect")).clicked() {
        let last = draft.defects.last().map_or(&DEFECTS[0], |defect| defect.kind);
        draft.defects.push(DefectDraft::new(last));
    }
}

fn head(ui: &mut Ui, lang: Lang, draft: &mut Draft) {
    let field = |ui: &mut Ui, name: &'static str, words: &mut String| {
        value_row_with(ui, name, |ui| {
            ui.set_width(ui.available_width());
            text_field(ui, words, name)
        });
    };
    field(ui, lang.pick("管段编号", "Pipe number"), &mut draft.pipe);
    field(ui, lang.pick("检测日期", "Day"), &mut draft.on);
    value_row_with(ui, lang.pick("方法", "Method"), |ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        ui.horizontal_wrapped(|ui| {
            for (code, name) in methods() {
                if choice_chip(ui, name.get(lang), draft.method == code).clicked() {
                    code.clone_into(&mut draft.method);
                }
            }
        });
    });
    value_row_with(ui, lang.pick("方向", "Direction"), |ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        ui.horizontal_wrapped(|ui| {
            for (is_against, word) in
                [(false, lang.pick("顺流", "with the flow")), (true, lang.pick("逆流", "against it"))]
            {
                if choice_chip(ui, word, draft.is_against == is_against).clicked() {
                    draft.is_against = is_against;
                }
            }
        });
    });
    field(ui, lang.pick("检测长度 m", "Inspected m"), &mut draft.length_m);
    field(ui, lang.pick("检测单位", "Contractor"), &mut draft.inspected_by);
    field(ui, lang.pick("检测员", "Inspector"), &mut draft.inspector);
    field(ui, lang.pick("录像文件", "Video"), &mut draft.video);
    coded(ui, lang, ("area_class", lang.pick("地区重要性 K", "Area (K)")), &mut draft.area_class);
    coded(ui, lang, ("soil_class", lang.pick("土质影响 T", "Soil (T)")), &mut draft.soil_class);
}

/// A field of inspections with codes: one of them, or what the rating assumes.
fn coded(ui: &mut Ui, lang: Lang, (id, name): (&str, &str), code: &mut String) {
    let field = kinds::find("sewer_inspection").and_then(|kind| kind.fields.iter().find(|field| field.id == id));
    let Some(field) = field else { return };
    value_row_with(ui, name, |ui| {
        ui.set_width(ui.available_width());
        code_box(ui, lang, field, code);
    });
}

/// The length of the pipe that is named, as far as the window knows it: of the one in the details.
fn known_length_m(session: &Session, draft: &Draft) -> Option<f64> {
    match session.sewer().slot(SewerTopic::Pipe)?.answer.as_deref()? {
        SewerAnswer::Pipe(Some(card)) if card.code == draft.pipe.trim() => Some(card.length_m).filter(|it| *it > 0.0),
        _ => None,
    }
}

/// The methods that the kind of inspections has.
fn methods() -> impl Iterator<Item = (&'static str, &'static Text)> {
    let kind = kinds::find("sewer_inspection");
    let field = kind.and_then(|kind| kind.fields.iter().find(|field| field.id == "method"));
    field.map_or(&[][..], |field| &field.codes).iter().map(|code| (code.value.as_ref(), &code.name))
}

/// One defect; whether it is to go.
fn defect_ui(ui: &mut Ui, lang: Lang, place: usize, defect: &mut DefectDraft) -> bool {
    let mut is_gone = false;
    ui.add_space(4.0);
    ui.horizontal(|ui| {
        let number = place + 1;
        let name = match lang {
            Lang::Zh => format!("缺陷 {number}"),
            Lang::En => format!("Defect {number}"),
        };
        let shown = format!("{} {}", defect.kind.code, defect.kind.name().get(lang));
        let combo = ComboBox::from_id_salt("kind").selected_text(shown).width((ui.available_width() - 40.0).max(120.0));
        let combo = combo.show_ui(ui, |ui| kinds_ui(ui, lang, defect));
        combo.response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ComboBox, true, &name));
        is_gone = icon_button(ui, "TRASH", lang.pick("去掉这处缺陷", "Take this defect away")).clicked();
    });
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = egui::vec2(4.0, 4.0);
        for grade in 1..=defect.kind.highest() {
            let words = ["Ⅰ", "Ⅱ", "Ⅲ", "Ⅳ"][usize::from(grade) - 1];
            let criterion = defect.kind.grade(grade).map(Grade::criterion).unwrap_or_default();
            if choice_chip(ui, words, defect.grade == grade).on_hover_text(criterion.get(lang)).clicked() {
                defect.grade = grade;
            }
        }
        let criterion = defect.kind.grade(defect.grade).map(Grade::criterion).unwrap_or_default();
        let note = RichText::new(criterion.get(lang)).font(theme::note()).color(Tokens::of(ui).text2);
        ui.add(egui::Label::new(note).wrap());
    });
    ui.columns(4, |columns| {
        let names = [
            lang.pick("起 m", "From m"),
            lang.pick("止 m", "To m"),
            lang.pick("环向", "Clock"),
            lang.pick("照片", "Photo"),
        ];
        let words = [&mut defect.start_m, &mut defect.end_m, &mut defect.clock, &mut defect.photo];
        for ((column, name), words) in columns.iter_mut().zip(names).zip(words) {
            column.label(RichText::new(name).font(theme::note()).color(Tokens::of(column).text2));
            let number = place + 1;
            text_field(column, words, &format!("{name} {number}"));
        }
    });
    is_gone
}

/// The sixteen defects, structural ones first.
fn kinds_ui(ui: &mut Ui, lang: Lang, defect: &mut DefectDraft) {
    for is_structural in [true, false] {
        let head =
            if is_structural { lang.pick("结构性", "Structural") } else { lang.pick("功能性", "Functional") };
        ui.label(RichText::new(head).font(theme::note()).color(Tokens::of(ui).text2));
        for kind in DEFECTS.iter().filter(|kind| kind.is_structural == is_structural) {
            let words = format!("{} {}", kind.code, kind.name().get(lang));
            if ui.selectable_label(kind.code == defect.kind.code, words).clicked() {
                defect.kind = kind;
                defect.grade = defect.grade.min(kind.highest());
            }
        }
    }
}

/// What the standard has against the defects.
fn faults(draft: &Draft, length_m: Option<f64>) -> Vec<(usize, Text)> {
    let records: Vec<Record> = draft.defects.iter().map(DefectDraft::record).collect();
    let survey = Survey { length_m, against_flow: draft.is_against };
    let faults = read(&records, survey).1.into_iter();
    // A length that the window does not know the program finds when it saves.
    faults.filter(|(_, fault)| fault.rule != "defect.no-length").map(|(row, fault)| (row, fault.what)).collect()
}

/// Everything that keeps the form from being saved.
fn problems(draft: &Draft, length_m: Option<f64>, has_faults: bool) -> Vec<Text> {
    let mut found = Vec::new();
    if draft.pipe.trim().is_empty() {
        found.push(Text::new("请填管段编号", "Fill in the pipe's number"));
    }
    if draft.on.trim().parse::<jiff::civil::Date>().is_err() {
        found.push(Text::new("日期写成 2026-05-31 的样子", "Write the day as 2026-05-31"));
    }
    let words = draft.length_m.trim();
    let inspected_m = words.parse::<f64>().ok().filter(|metres| metres.is_finite() && *metres > 0.0);
    match (inspected_m, length_m) {
        (None, _) if !words.is_empty() => {
            found.push(Text::new(
                "检测长度要写成大于 0 的数字，单位米",
                "The inspected length is a number of metres above 0",
            ));
        }
        (Some(metres), Some(length)) if metres > length + SLACK_M => found.push(text!(
            "检测长度 {metres} m 超过管长 {length:.2} m",
            "{metres} m were inspected of a pipe of {length:.2} m"
        )),
        _ => {}
    }
    if has_faults || draft.defects.iter().any(|defect| defect.typo().is_some()) {
        found.push(Text::new("有缺陷记录不符合标准，见上", "Some defects are not as the standard has them"));
    }
    found
}

/// The rows, as a table of a file would have them.
fn request(draft: &Draft) -> DefectImport {
    let common = [
        ("pipe_code", draft.pipe.trim()),
        ("inspected_on", draft.on.trim()),
        ("method", draft.method.as_str()),
        ("direction", if draft.is_against { "against" } else { "with" }),
        ("length_inspected_m", draft.length_m.trim()),
        ("inspected_by", draft.inspected_by.trim()),
        ("inspector", draft.inspector.trim()),
        ("video", draft.video.trim()),
        ("area_class", draft.area_class.as_str()),
        ("soil_class", draft.soil_class.as_str()),
    ];
    let mut rows: Vec<Vec<(String, String)>> = Vec::new();
    let row = |own: &[(&str, String)]| {
        let common = common.iter().map(|(field, words)| ((*field).to_owned(), (*words).to_owned()));
        common.chain(own.iter().map(|(field, words)| ((*field).to_owned(), words.clone()))).collect()
    };
    for defect in &draft.defects {
        let end = if defect.end_m.trim().is_empty() { &defect.start_m } else { &defect.end_m };
        rows.push(row(&[
            ("defect", defect.kind.code.to_owned()),
            ("grade", defect.grade.to_string()),
            ("start_m", defect.start_m.trim().to_owned()),
            ("end_m", end.trim().to_owned()),
            ("clock", defect.clock.trim().to_owned()),
            ("photo", defect.photo.trim().to_owned()),
        ]));
    }
    if rows.is_empty() {
        // An inspection that found nothing is worth a record too.
        let empty = ["defect", "grade", "start_m"].map(|field| (field, String::new()));
        rows.push(row(&empty));
    }
    DefectImport { typed: rows, ..DefectImport::default() }
}
