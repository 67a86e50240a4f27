//! Rows of a contractor's table of defects: which columns they may have, and their values as our fields hold them.

use std::sync::LazyLock;

use crate::kinds;
use crate::kinds::convert::convert;
use crate::kinds::kind::{Group, Kind};
use crate::model::schema::Field;
use crate::model::style::Style;
use crate::model::value::Value;
use crate::text;
use crate::text::Text;
use crate::trades::sewer::cjj181::record::{Record, narrow, split_grade};

use super::defect_take::{Known, Refused, Taken};
use super::sheet::{Layout, Sheet};

/// Fields that a row of such a table may fill: those of a defect and of its inspection.
pub(super) static RECORD: LazyLock<Kind> = LazyLock::new(|| {
    let fields = |kind: &str, ids: &[&str]| -> Vec<Field> {
        let own = kinds::find(kind).map_or(&[][..], |kind| &kind.fields);
        own.iter().filter(|field| ids.contains(&field.id.as_ref())).cloned().collect()
    };
    Kind {
        id: "sewer_defect",
        name: Text::new("检测记录", "Inspection record"),
        group: Group::Sewer,
        z_order: 0,
        geometry: None,
        fields: [fields("sewer_defect", DEFECT), fields("sewer_inspection", INSPECTION)].concat(),
        title: &[],
        style: Style::default(),
        check: |_, _| Vec::new(),
    }
});

/// Those of the defect.
const DEFECT: &[&str] =
    &["inspection_code", "pipe_code", "defect", "grade", "start_m", "end_m", "clock", "photo", "description"];
/// Those of the inspection.
pub(super) const INSPECTION: &[&str] = &[
    "from_node",
    "to_node",
    "method",
    "direction",
    "inspected_on",
    "length_inspected_m",
    "inspected_by",
    "inspector",
    "video",
    "area_class",
    "soil_class",
];
/// Fields that no row can do without.
pub(super) const NEEDED: &[&str] = &["pipe_code", "defect", "grade", "start_m"];

/// Words for an inspection without a defect.
const SOUND: &[&str] = &["", "-", "/", "0", "无", "无缺陷", "正常", "none", "ok"];

/// One row of the table, its values as our fields hold them.
pub(super) struct Entry {
    /// Place of its sheet.
    pub(super) sheet: usize,
    /// Its number on the sheet, or its line in the file.
    pub(super) number: i64,
    /// By the fields of [`RECORD`].
    values: Vec<Value>,
    /// What is held against the standard.
    pub(super) record: Record,
}

impl Entry {
    /// The words in a field; none for nothing and for numbers.
    pub(super) fn words(&self, id: &str) -> &str {
        self.value(id).as_str().unwrap_or_default()
    }

    /// The value of a field.
    pub(super) fn value(&self, id: &str) -> &Value {
        place(id).and_then(|place| self.values.get(place)).unwrap_or(&Value::Null)
    }

    /// Whether it says that nothing was found.
    pub(super) fn is_sound(&self) -> bool {
        SOUND.contains(&narrow(&self.record.code).trim().to_lowercase().as_str())
            && self.record.grade.is_none_or(|grade| grade == 0)
    }
}

/// Before this day nobody inspected sewers with cameras.
const FIRST_DAY: &str = "1950-01-01";

/// Rows that are looked at for codes with their grades.
const FIRST_ROWS: usize = 500;

/// Whether a sheet has grades behind the codes, and so can do without a column of grades.
pub(super) fn has_grades(sheet: &Sheet, layout: &Layout) -> bool {
    let Some(code) = place("defect") else { return false };
    let mut words = sheet.rows.iter().take(FIRST_ROWS).map(|(_, row)| layout.value(row, code).to_string());
    words.any(|words| split_grade(&words).is_some())
}

fn place(id: &str) -> Option<usize> {
    RECORD.fields.iter().position(|field| field.id == id)
}

/// Rows whose words can be read and that name a pipe; the others are refused. The sheet is given by place and, where there
/// are several, by name.
pub(super) fn entries(
    (place, name): (usize, &str),
    sheet: &Sheet,
    layout: &Layout,
    known: &Known,
    taken: &mut Taken,
) -> Vec<Entry> {
    let mut found = Vec::with_capacity(sheet.rows.len());
    for (number, row) in &sheet.rows {
        match entry((place, *number), row, layout, known) {
            Ok((entry, lost)) => {
                lost.into_iter().for_each(|what| taken.warn("defects.value", (place, *number), name, what));
                found.push(entry);
            }
            Err((rule, why)) => taken.refuse(rule, Refused { sheet: place, number: *number, why }, name),
        }
    }
    found
}

/// One row, and values of lesser fields that were left out.
fn entry(
    (sheet, number): (usize, i64),
    row: &[Value],
    layout: &Layout,
    known: &Known,
) -> Result<(Entry, Vec<Text>), (&'static str, Text)> {
    let (mut values, mut lost) = (Vec::with_capacity(RECORD.fields.len()), Vec::new());
    let mut grade = None;
    for (place, field) in RECORD.fields.iter().enumerate() {
        let raw = layout.value(row, place);
        let value = match field.id.as_ref() {
            "defect" | "clock" | "pipe_code" | "inspection_code" => Ok(Value::from(raw.to_string().trim())),
            "grade" => {
                grade = read_grade(raw).map_err(|what| ("defect.grade", what))?;
                Ok(Value::from(grade))
            }
            "inspected_on" => convert(day_of_number(raw), field),
            "start_m" => metres(raw, field),
            _ => convert(raw.clone(), field),
        };
        values.push(match value {
            Ok(value) => value,
            // What changes places or what counts must be right; the rest can be looked up again.
            Err(what) if ["start_m", "end_m", "direction", "inspected_on"].contains(&field.id.as_ref()) => {
                return Err(("defects.value", what));
            }
            Err(what) => {
                lost.push(what);
                Value::Null
            }
        });
    }
    let mut entry = Entry { sheet, number, values, record: Record::default() };
    let (code, grade) = code_and_grade(entry.words("defect"), grade)?;
    entry.record = Record {
        code,
        grade,
        start_m: entry.value("start_m").as_f64(),
        end_m: entry.value("end_m").as_f64(),
        clock: entry.words("clock").to_owned(),
    };
    entry.settle_pipe(known)?;
    let on = entry.words("inspected_on");
    if on > known.today.as_str() {
        let today = &known.today;
        let what = text!("检测日期 {on} 在今天（{today}）之后", "its day {on} is after today, {today}");
        return Err(("defects.future", what));
    }
    if !on.is_empty() && on < FIRST_DAY {
        let what =
            text!("检测日期 {on} 早于 {FIRST_DAY}，不可能", "its day {on} is before {FIRST_DAY}, which cannot be");
        return Err(("defects.past", what));
    }
    Ok((entry, lost))
}

/// A day that lost its format in a spreadsheet, as the number of days since 1899-12-30 that it is there.
fn day_of_number(raw: &Value) -> Value {
    let words = raw.to_string();
    let days = raw.as_f64().or_else(|| words.trim().parse().ok()).filter(|days| (20_000.0..80_000.0).contains(days));
    let day = days.and_then(|days| {
        jiff::civil::date(1899, 12, 30).checked_add(jiff::Span::new().try_days(days as i64).ok()?).ok()
    });
    day.map_or_else(|| raw.clone(), |day| day.to_string().into())
}

/// A distance. One below zero is none that is missing, but one off the pipe: [`crate::trades::sewer::cjj181::record`]
/// says so.
fn metres(raw: &Value, field: &Field) -> Result<Value, Text> {
    let number = raw.as_f64().or_else(|| narrow(&raw.to_string()).trim().parse().ok());
    match number.filter(|metres: &f64| metres.is_finite() && *metres < 0.0) {
        Some(metres) => Ok(Value::Real(metres)),
        None => convert(raw.clone(), field),
    }
}

impl Entry {
    /// The pipe's code becomes the one that the city has.
    fn settle_pipe(&mut self, known: &Known) -> Result<(), (&'static str, Text)> {
        let pipe = self.words("pipe_code");
        if pipe.is_empty() {
            return Err(("defects.pipe", Text::new("缺少管段编号", "the pipe's code is missing")));
        }
        let Some(code) = known.pipe_code(pipe) else {
            return Err(("defects.pipe", text!("没有管段“{pipe}”", "there is no pipe “{pipe}”")));
        };
        if let Some(slot) = place("pipe_code").and_then(|place| self.values.get_mut(place)) {
            *slot = code.into();
        }
        Ok(())
    }
}

/// The code, and the grade of its own column or the one that is written behind the code.
fn code_and_grade(words: &str, grade: Option<i64>) -> Result<(String, Option<i64>), (&'static str, Text)> {
    match (split_grade(words), grade) {
        (None, grade) => Ok((words.to_owned(), grade)),
        (Some((_, own)), Some(other)) if own != other => {
            let what = text!(
                "代码“{words}”写的是 {own} 级，等级栏是 {other} 级",
                "its code “{words}” says grade {own}, its grade {other}"
            );
            Err(("defect.grade", what))
        }
        (Some((code, own)), _) => Ok((code, Some(own))),
    }
}

/// A grade as people write it: `3`, `3级`, `Ⅲ`, `III`, `三级`.
fn read_grade(value: &Value) -> Result<Option<i64>, Text> {
    if let Some(number) = value.as_f64().filter(|_| value.as_str().is_none()) {
        let is_whole = number.fract() == 0.0 && number.abs() < 100.0;
        return if is_whole { Ok(Some(number as i64)) } else { Err(no_grade(value)) };
    }
    let words = narrow(&value.to_string());
    let plain = words.trim().trim_end_matches('级').trim().to_uppercase();
    let known = [["1", "Ⅰ", "I", "一"], ["2", "Ⅱ", "II", "二"], ["3", "Ⅲ", "III", "三"], ["4", "Ⅳ", "IV", "四"]];
    let found = (1..).zip(known).find(|(_, names)| names.contains(&plain.as_str()));
    match found {
        Some((grade, _)) => Ok(Some(grade)),
        None if plain.is_empty() || plain == "-" || plain == "/" => Ok(None),
        None => plain.parse().map(Some).map_err(|_| no_grade(value)),
    }
}

fn no_grade(value: &Value) -> Text {
    text!("“{value}”不是等级", "“{value}” is no grade")
}
