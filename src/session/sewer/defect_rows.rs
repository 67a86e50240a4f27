//! Rows of a contractor's table of defects: which columns they may have, and their values as our fields hold them.

use std::sync::LazyLock;

use crate::kinds;
use crate::kinds::convert::convert;
use crate::kinds::kind::{Group, Kind};
use crate::model::schema::Field;
use crate::model::style::Style;
use crate::model::value::Value;
use crate::task::{Problem, Problems};
use crate::text;
use crate::text::Text;
use crate::trades::sewer::cjj181::record::Record;

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
    /// Its number in the file.
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
        SOUND.contains(&self.record.code.trim()) && self.record.grade.is_none_or(|grade| grade == 0)
    }
}

fn place(id: &str) -> Option<usize> {
    RECORD.fields.iter().position(|field| field.id == id)
}

/// Rows whose words can be read and that name a pipe.
pub(super) fn entries(
    sheet: &Sheet,
    layout: &Layout,
    is_pipe: &dyn Fn(&str) -> bool,
    problems: &mut Problems,
) -> Vec<Entry> {
    let mut found = Vec::with_capacity(sheet.rows.len());
    for (number, row) in &sheet.rows {
        match entry(*number, row, layout, is_pipe) {
            Ok((entry, lost)) => {
                problems_of(lost, &entry).into_iter().for_each(|problem| problems.push(problem));
                found.push(entry);
            }
            Err((rule, what)) => problems.push(Problem::error(rule, what).of_feature(*number)),
        }
    }
    found
}

fn problems_of(lost: Vec<Text>, entry: &Entry) -> Vec<Problem> {
    let problem = |what| Problem::warning("defects.value", what).of_feature(entry.number);
    lost.into_iter().map(problem).collect()
}

/// One row, and values of lesser fields that were left out.
fn entry(
    number: i64,
    row: &[Value],
    layout: &Layout,
    is_pipe: &dyn Fn(&str) -> bool,
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
    let mut entry = Entry { number, values, record: Record::default() };
    entry.record = Record {
        code: entry.words("defect").to_owned(),
        grade,
        start_m: entry.value("start_m").as_f64(),
        end_m: entry.value("end_m").as_f64(),
        clock: entry.words("clock").to_owned(),
    };
    let pipe = entry.words("pipe_code");
    if pipe.is_empty() {
        return Err(("defects.pipe", Text::new("缺少管段编号", "the pipe's code is missing")));
    }
    if !is_pipe(pipe) {
        return Err(("defects.pipe", text!("没有管段“{pipe}”", "there is no pipe “{pipe}”")));
    }
    Ok((entry, lost))
}

/// A grade as people write it: `3`, `3级`, `Ⅲ`, `III`, `三级`.
fn read_grade(value: &Value) -> Result<Option<i64>, Text> {
    if let Some(number) = value.as_f64().filter(|_| value.as_str().is_none()) {
        let is_whole = number.fract() == 0.0 && number.abs() < 100.0;
        return if is_whole { Ok(Some(number as i64)) } else { Err(no_grade(value)) };
    }
    let words = value.to_string();
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
