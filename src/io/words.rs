//! Columns of formats that keep every value as words under a name, a row at a time: KML, GPX.

use std::collections::HashMap;

use super::columns::ColumnNames;
use super::infer::{Reading, Seen, is_rounded_code, rounded_code};
use crate::model::schema::Field;
use crate::model::value::{FieldType, Value};
use crate::task::{Problem, Problems};
use crate::text;
use crate::text::Text;

/// Most columns; names beyond are left out.
const MAX_COLUMNS: usize = 1000;

/// One row as it stands in the file: places of columns, and their words.
pub(super) type Row = Vec<(usize, String)>;

/// A row in the shape of values, as the first rows are kept until their types are known: places and words in turn.
pub(super) fn packed(row: &Row) -> Vec<Value> {
    row.iter().flat_map(|(place, words)| [Value::Int(*place as i64), Value::from(words.as_str())]).collect()
}

/// The row that was [`packed`].
pub(super) fn unpacked(values: &[Value]) -> Row {
    let pair = |pair: &[Value]| Some((usize::try_from(pair[0].as_i64()?).ok()?, pair[1].as_str()?.to_owned()));
    values.chunks_exact(2).filter_map(pair).collect()
}

/// The columns that the first pass has met.
#[derive(Debug, Default)]
pub(super) struct WordColumns {
    list: Vec<Column>,
    index: HashMap<String, usize>,
    overflow: u64,
}

#[derive(Debug, Default)]
struct Column {
    name: String,
    seen: Seen,
    /// The type that the file says it has.
    declared: Option<FieldType>,
    /// Whether some word is not of that type.
    is_misdeclared: bool,
    is_used: bool,
}

impl WordColumns {
    /// The place of a column, a new one if need be; `None` if there are too many.
    pub(super) fn place(&mut self, name: &str) -> Option<usize> {
        if let Some(&place) = self.index.get(name) {
            return Some(place);
        }
        if self.list.len() == MAX_COLUMNS {
            self.overflow += 1;
            return None;
        }
        self.index.insert(name.to_owned(), self.list.len());
        self.list.push(Column { name: name.to_owned(), ..Column::default() });
        Some(self.list.len() - 1)
    }

    /// Notes what the file says that a column holds.
    pub(super) fn declare(&mut self, name: &str, field_type: FieldType) {
        if let Some(place) = self.place(name) {
            let declared = &mut self.list[place].declared;
            *declared =
                Some(if declared.is_some_and(|known| known != field_type) { FieldType::Text } else { field_type });
        }
    }

    /// Notes the words of a row.
    pub(super) fn see(&mut self, row: &Row, number: i64, problems: &mut Problems) {
        for (place, words) in row {
            let column = &mut self.list[*place];
            column.is_used = true;
            column.seen.see(words);
            if let Some(declared) = column.declared.filter(|_| !words.trim().is_empty()) {
                column.is_misdeclared |= read(declared, words).is_none();
            }
            if is_rounded_code(words) {
                problems.push(rounded_code(number, &column.name, words));
            }
        }
    }

    /// How all columns are read. `is_wanted` may leave columns out by name; those without one value are left out too.
    pub(super) fn settle(self, is_wanted: impl Fn(&str) -> bool) -> WordPlan {
        let mut names = ColumnNames::default();
        let mut plan = WordPlan { index: self.index, takes: Vec::new(), fields: Vec::new(), overflow: self.overflow };
        for column in &self.list {
            if !column.is_used || !is_wanted(&column.name) {
                plan.takes.push(None);
                continue;
            }
            let guessed = column.seen.reading();
            let is_day = matches!(guessed.field_type(), FieldType::Date | FieldType::DateTime);
            let declared = column.declared.filter(|it| !column.is_misdeclared && (*it != FieldType::Text || !is_day));
            let take = declared.map_or(Take::Guessed(guessed), Take::Declared);
            let field = Field::new(names.take(&column.name), take.field_type(), "", "");
            plan.takes.push(Some((plan.fields.len(), take)));
            plan.fields.push(Field { name: Text::same(column.name.clone()), ..field });
        }
        plan
    }
}

/// How the words of a row become its values.
#[derive(Debug)]
pub(super) struct WordPlan {
    index: HashMap<String, usize>,
    /// For each place its field and how it is read.
    takes: Vec<Option<(usize, Take)>>,
    /// The fields.
    pub fields: Vec<Field>,
    overflow: u64,
}

#[derive(Clone, Copy, Debug)]
enum Take {
    Declared(FieldType),
    Guessed(Reading),
}

impl Take {
    fn field_type(self) -> FieldType {
        match self {
            Self::Declared(field_type) => field_type,
            Self::Guessed(reading) => reading.field_type(),
        }
    }
}

impl WordPlan {
    /// The place of a column.
    pub(super) fn place(&self, name: &str) -> Option<usize> {
        self.index.get(name).copied()
    }

    /// The values of a row.
    pub(super) fn values(&self, row: &Row) -> Vec<Value> {
        let mut values = vec![Value::Null; self.fields.len()];
        for (place, words) in row {
            let Some(Some((field, take))) = self.takes.get(*place) else { continue };
            values[*field] = match take {
                Take::Declared(field_type) => read(*field_type, words).unwrap_or_default(),
                Take::Guessed(reading) => reading.value(words),
            };
        }
        values
    }

    /// What is told of columns that there is no room for.
    pub(super) fn overflow(&self) -> Option<Problem> {
        (self.overflow > 0).then(|| {
            let what = text!(
                "属性名超过 {MAX_COLUMNS} 个，其余的已忽略",
                "there are more than {MAX_COLUMNS} names of values: the rest is left out"
            );
            Problem::warning("xml.too-many-columns", what)
        })
    }
}

/// The value of a column of this type; `None` if the words are of another.
fn read(field_type: FieldType, words: &str) -> Option<Value> {
    let plain = words.trim();
    match field_type {
        FieldType::Text => Some(Value::from(words)),
        _ if plain.is_empty() => Some(Value::Null),
        FieldType::Int => plain.parse().ok().map(Value::Int),
        FieldType::Real => plain.parse::<f64>().ok().filter(|number| number.is_finite()).map(Value::Real),
        FieldType::Bool => match plain {
            "1" => Some(Value::Bool(true)),
            "0" => Some(Value::Bool(false)),
            _ if plain.eq_ignore_ascii_case("true") => Some(Value::Bool(true)),
            _ if plain.eq_ignore_ascii_case("false") => Some(Value::Bool(false)),
            _ => None,
        },
        FieldType::Date | FieldType::DateTime | FieldType::Blob | FieldType::Json => None,
    }
}

/// A moment as it is kept, in UTC to the millisecond; words that are none stay as they are.
pub(super) fn moment(words: &str) -> String {
    let plain = words.trim();
    let Ok(moment) = plain.parse::<jiff::Timestamp>() else { return plain.to_owned() };
    moment.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_declared_column_keeps_its_type_unless_its_words_speak_against_it() {
        check(Some(FieldType::Text), "0012 13", FieldType::Text);
        check(Some(FieldType::Text), "2026-11-22", FieldType::Date);
        check(Some(FieldType::Int), "12 13", FieldType::Int);
        check(Some(FieldType::Int), "12 0.5", FieldType::Real);
        check(Some(FieldType::Bool), "1 0", FieldType::Bool);
        check(None, "1 0", FieldType::Int);
    }

    #[track_caller]
    fn check(declared: Option<FieldType>, words: &str, expected: FieldType) {
        let mut columns = WordColumns::default();
        if let Some(declared) = declared {
            columns.declare("值", declared);
        }
        let place = columns.place("值").expect("room");
        let mut problems = Problems::default();
        for word in words.split(' ') {
            columns.see(&vec![(place, word.to_owned())], 1, &mut problems);
        }
        let plan = columns.settle(|_| true);
        assert_eq!(plan.fields[0].field_type, expected);
        let again = words.split(' ').map(|word| plan.values(&vec![(place, word.to_owned())])[0].is_null());
        assert!(problems.is_empty() && !again.into_iter().any(|is_null| is_null));
    }

    #[test]
    fn moments_are_kept_in_utc() {
        assert_eq!(moment("2026-11-22T14:03:27+08:00"), "2026-11-22T06:03:27.000Z");
        assert_eq!(moment(" 2026-11 "), "2026-11");
    }
}
