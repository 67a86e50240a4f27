//! What a table of defects would bring, for the person who decides: columns and fields, first and refused rows, counts.

use super::SewerDesk;
use super::defect_look::Looked;
use super::defect_rows::{NEEDED, RECORD};
use super::defect_take::Refused;
use super::defects::DefectImport;
use crate::model::schema::Field;
use crate::model::value::Value;
use crate::session::answer::Failure;
use crate::task::{Problems, Task};
use crate::text::Text;

/// First rows that are shown, and refused ones.
const FIRST: usize = 8;
const MOST_REFUSED: usize = 200;

/// See the module's head.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DefectPreview {
    /// Sheets of the file, or the one table.
    pub sheets: Vec<PreviewSheet>,
    /// Columns of all sheets.
    pub columns: Vec<PreviewColumn>,
    /// Fields that a column may fill, those first that are needed.
    pub fields: Vec<PreviewField>,
    /// Rows of inspections that would come in.
    pub inspections: usize,
    /// Rows of defects.
    pub defects: usize,
    /// Defects that the city has already.
    pub repeated: usize,
    /// Rows that are refused.
    pub refused: usize,
    /// The first rows of the sheets that are used.
    pub first_rows: Vec<PreviewRow>,
    /// The first refused rows.
    pub refused_rows: Vec<PreviewRow>,
    /// Everything there is to tell.
    pub problems: Problems,
    /// Their column → our field, of the first sheet that is used.
    pub mapped: Vec<(String, String)>,
}

impl DefectPreview {
    /// Needed fields that no column fills, where no sheet has all of them.
    pub fn missing(&self) -> Vec<&Field> {
        if self.sheets.iter().any(|sheet| sheet.is_used) {
            return Vec::new();
        }
        let missing = self.fields.iter().filter(|it| it.is_needed && it.column.is_none() && !it.is_set);
        missing.map(|it| &it.field).collect()
    }
}

/// A sheet of the file.
#[derive(Clone, Debug, PartialEq)]
pub struct PreviewSheet {
    /// Its name.
    pub name: String,
    /// How many rows it has.
    pub rows: usize,
    /// Whether it has the columns that are needed.
    pub is_used: bool,
}

/// A column of the file.
#[derive(Clone, Debug, PartialEq)]
pub struct PreviewColumn {
    /// A name that no other column of its sheet has, as a mapping wants it.
    pub id: String,
    /// As it stands in the file.
    pub name: String,
    /// Its first value.
    pub sample: String,
}

/// A field of ours.
#[derive(Clone, Debug, PartialEq)]
pub struct PreviewField {
    /// The field.
    pub field: Field,
    /// The column that fills it, by its place in [`DefectPreview::columns`].
    pub column: Option<usize>,
    /// Whether no row can do without it.
    pub is_needed: bool,
    /// Whether every row gets the same value.
    pub is_set: bool,
}

/// A row of the file.
#[derive(Clone, Debug, PartialEq)]
pub struct PreviewRow {
    /// Its sheet, where there are several.
    pub sheet: String,
    /// Its number on the sheet, or its line in the file.
    pub number: i64,
    /// Its cells as they came, by [`DefectPreview::fields`].
    pub cells: Vec<String>,
    /// Why it is refused.
    pub refused: Option<Text>,
}

impl SewerDesk {
    /// What a table of defects would bring; nothing is written.
    ///
    /// # Errors
    /// The file cannot be read; a word of the mapping names nothing; cancelled. A table that lacks columns is an answer:
    /// see [`DefectPreview::missing`].
    pub fn preview_defects(&self, request: &DefectImport, task: &mut Task<'_>) -> Result<DefectPreview, Failure> {
        let looked = Looked::of(self, request, task)?;
        let used = looked.sheets.iter().position(|(_, _, missing)| missing.is_empty()).unwrap_or_default();
        let columns = columns(&looked, used);
        let set: Vec<&str> = request.set.iter().map(|(field, _)| field.as_str()).collect();
        let order = order();
        let field = |&place: &usize| {
            let field = &RECORD.fields[place];
            let column = looked.sheets.get(used).and_then(|(_, layout, _)| layout.column(place));
            PreviewField {
                field: field.clone(),
                column,
                is_needed: NEEDED.contains(&field.id.as_ref()),
                is_set: set.iter().any(|word| field.is_named(word)),
            }
        };
        let taken = &looked.taken;
        Ok(DefectPreview {
            sheets: looked
                .sheets
                .iter()
                .map(|(sheet, _, missing)| PreviewSheet {
                    name: sheet.name.clone(),
                    rows: sheet.rows.len(),
                    is_used: missing.is_empty(),
                })
                .collect(),
            columns,
            fields: order.iter().map(field).collect(),
            inspections: taken.inspections.len(),
            defects: taken.defects.len(),
            repeated: taken.repeated,
            refused: taken.refused_count,
            first_rows: first_rows(&looked, &order),
            refused_rows: taken.refused.iter().take(MOST_REFUSED).map(|it| refused_row(&looked, it, &order)).collect(),
            problems: looked.problems_with(taken),
            mapped: looked.mapped(),
        })
    }
}

/// Places of the fields: needed ones first, then as the kind has them.
fn order() -> Vec<usize> {
    let is_lesser = |place: &usize| !NEEDED.contains(&RECORD.fields[*place].id.as_ref());
    let mut places: Vec<usize> = (0..RECORD.fields.len()).collect();
    places.sort_by_key(is_lesser);
    places
}

/// The columns of the sheet that is used, then those that only others have.
fn columns(looked: &Looked, used: usize) -> Vec<PreviewColumn> {
    let mut found: Vec<PreviewColumn> = Vec::new();
    let others = (0..looked.sheets.len()).filter(|place| *place != used);
    for place in std::iter::once(used).chain(others) {
        let Some((sheet, ..)) = looked.sheets.get(place) else { continue };
        for (at, column) in sheet.columns.iter().enumerate() {
            if place != used && found.iter().any(|known| known.id == column.id) {
                continue;
            }
            let mut values = sheet.rows.iter().take(50).filter_map(|(_, row)| row.get(at));
            let sample = values.find(|value| !value.is_null()).map(ToString::to_string).unwrap_or_default();
            found.push(PreviewColumn { id: column.id.to_string(), name: column.name.zh.to_string(), sample });
        }
    }
    found
}

fn first_rows(looked: &Looked, order: &[usize]) -> Vec<PreviewRow> {
    let mut rows = Vec::new();
    for (place, (sheet, _, missing)) in looked.sheets.iter().enumerate() {
        for (number, _) in sheet.rows.iter().take(FIRST.saturating_sub(rows.len())).filter(|_| missing.is_empty()) {
            let refused = looked.taken.refused.iter().find(|it| it.sheet == place && it.number == *number);
            rows.push(row(looked, place, *number, order, refused.map(|it| it.why.clone())));
        }
    }
    rows
}

fn refused_row(looked: &Looked, refused: &Refused, order: &[usize]) -> PreviewRow {
    row(looked, refused.sheet, refused.number, order, Some(refused.why.clone()))
}

fn row(looked: &Looked, place: usize, number: i64, order: &[usize], refused: Option<Text>) -> PreviewRow {
    let (sheet, layout, _) = &looked.sheets[place];
    let at = sheet.rows.binary_search_by_key(&number, |(number, _)| *number);
    let values: &[Value] = at.map_or(&[], |at| &sheet.rows[at].1);
    let cells = order.iter().map(|&field| layout.value(values, field).to_string()).collect();
    let name = if looked.sheets.len() > 1 { sheet.name.clone() } else { String::new() };
    PreviewRow { sheet: name, number, cells, refused }
}
