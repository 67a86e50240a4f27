//! Tables that the sewer workbench takes in: sheets of any format that is read, columns found by their names or as the
//! person says.

use std::ops::ControlFlow;
use std::path::Path;

use crate::io::error::ReadError;
use crate::io::format::{self, PlaceColumns, ReadOptions};
use crate::kinds::convert::convert;
use crate::kinds::kind::Kind;
use crate::kinds::mapping;
use crate::model::schema::Field;
use crate::model::value::Value;
use crate::task::{Problems, Task};
use crate::text;
use crate::text::Text;

use crate::session::answer::{Failure, FailureKind};
use crate::session::import::read_failure;

/// Most rows of one file.
const MOST_ROWS: usize = 2_000_000;

/// One sheet, whole.
pub(super) struct Sheet {
    /// Its name.
    pub(super) name: String,
    /// Its columns.
    pub(super) columns: Vec<Field>,
    /// Rows by their numbers in the file.
    pub(super) rows: Vec<(i64, Vec<Value>)>,
}

/// Reads the sheets of a file; none of their columns is taken for a place.
pub(super) fn read_sheets(
    path: &Path,
    read: &ReadOptions,
    task: &mut Task<'_>,
) -> Result<(Vec<Sheet>, Problems), Failure> {
    let options = ReadOptions { place: Some(PlaceColumns::Nowhere), one_layer: true, ..read.clone() };
    let refused = |error: ReadError| read_failure(path, &error);
    let survey = format::survey(path, &options, task).map_err(refused)?;
    let new =
        |draft: &format::Draft| Sheet { name: draft.name.clone(), columns: draft.fields.clone(), rows: Vec::new() };
    let mut sheets: Vec<Sheet> = survey.layers.iter().map(new).collect();
    let mut count = 0;
    let later = format::read(path, &survey, task, &mut |layer, number, feature| {
        count += 1;
        sheets[layer].rows.push((number, feature.values));
        if count > MOST_ROWS { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    let later = match later {
        Err(ReadError::Stopped) => {
            let text = text!("表格超过 {MOST_ROWS} 行", "The table has more than {MOST_ROWS} rows");
            return Err(Failure::new(FailureKind::Data, text));
        }
        later => later.map_err(refused)?,
    };
    let mut problems = survey.problems.clone();
    problems.append(later);
    // A workbook's only sheet is called after its file and was picked by its own name before.
    let wanted = |sheet: &Sheet| options.only.contains(&sheet.name);
    if sheets.iter().any(wanted) {
        sheets.retain(wanted);
    }
    Ok((sheets, problems))
}

/// Which column of a sheet fills each field, and what every row gets.
pub(super) struct Layout {
    columns: Vec<Option<usize>>,
    constants: Vec<Option<Value>>,
}

impl Layout {
    /// As the person says (`map`: their column, our field; nothing of ours leaves a column out; `set`: our field, its
    /// value), else by names.
    ///
    /// # Errors
    /// A word that names nothing, a value that the field cannot hold.
    pub(super) fn of(
        sheet: &Sheet,
        kind: &Kind,
        map: &[(String, String)],
        set: &[(String, String)],
    ) -> Result<Self, Failure> {
        let mut columns = vec![None; kind.fields.len()];
        let mut is_said = vec![false; sheet.columns.len()];
        let mut constants = vec![None; kind.fields.len()];
        for (their, our) in map {
            let Some(column) = sheet.columns.iter().position(|column| column.is_named(their)) else { continue };
            is_said[column] = true;
            if !our.is_empty() {
                columns[place_of(kind, our)?] = Some(column);
            }
        }
        for (column, place) in mapping::guess(&sheet.columns, kind).into_iter().enumerate() {
            if let Some(place) = place.filter(|place| !is_said[column] && columns[*place].is_none()) {
                columns[place] = Some(column);
            }
        }
        for (our, typed) in set {
            let place = place_of(kind, our)?;
            let value = convert(Value::from(typed.as_str()), &kind.fields[place]);
            constants[place] = Some(value.map_err(|what| Failure::new(FailureKind::Usage, what))?);
        }
        Ok(Self { columns, constants })
    }

    /// The value of a field in a row, as it came.
    pub(super) fn value<'a>(&'a self, row: &'a [Value], place: usize) -> &'a Value {
        let column = || self.columns[place].and_then(|column| row.get(column));
        self.constants[place].as_ref().or_else(column).unwrap_or(&Value::Null)
    }

    /// The column that fills a field.
    pub(super) fn column(&self, place: usize) -> Option<usize> {
        self.columns.get(place).copied().flatten()
    }

    /// Those of the fields that nothing fills.
    pub(super) fn missing<'a>(&self, kind: &Kind, needed: &[&'a str]) -> Vec<&'a str> {
        let place = |id: &str| kind.fields.iter().position(|field| field.id == id);
        needed.iter().copied().filter(|id| !place(id).is_some_and(|at| self.fills(at))).collect()
    }

    /// Whether a field is filled.
    pub(super) fn fills(&self, place: usize) -> bool {
        self.columns[place].is_some() || self.constants[place].is_some()
    }

    /// Columns and the fields that they are read into.
    pub(super) fn mapped(&self, sheet: &Sheet, kind: &Kind) -> Vec<(String, String)> {
        let pair = |(field, column): (&Field, &Option<usize>)| {
            Some((sheet.columns[(*column)?].name.zh.to_string(), field.id.to_string()))
        };
        kind.fields.iter().zip(&self.columns).filter_map(pair).collect()
    }

    /// Columns that go nowhere.
    pub(super) fn unused<'a>(&self, sheet: &'a Sheet) -> Vec<&'a str> {
        let unused = sheet.columns.iter().enumerate().filter(|(at, _)| !self.columns.contains(&Some(*at)));
        unused.map(|(_, column)| column.name.zh.as_ref()).collect()
    }
}

fn place_of(kind: &Kind, word: &str) -> Result<usize, Failure> {
    let named = kind.fields.iter().position(|field| field.is_named(word));
    // Whatever a column may be called is a name of its field too: `pipe`, `code`.
    let known = || mapping::guess(&[Field { id: word.to_owned().into(), ..Field::text("", "", "") }], kind)[0];
    named.or_else(known).ok_or_else(|| {
        let known: Vec<&str> = kind.fields.iter().map(|field| field.id.as_ref()).collect();
        let known = known.join(" ");
        let text = text!("没有字段“{word}”，可用：{known}", "There is no field “{word}”; there are: {known}");
        Failure::new(FailureKind::Usage, text)
    })
}

/// Refuses words of `map` that name no column of any sheet.
pub(super) fn check_map(sheets: &[Sheet], map: &[(String, String)]) -> Result<(), Failure> {
    let is_known = |word: &str| sheets.iter().any(|sheet| sheet.columns.iter().any(|column| column.is_named(word)));
    if let Some((word, _)) = map.iter().find(|(their, _)| !is_known(their)) {
        let text = text!("文件里没有列“{word}”", "The file has no column “{word}”");
        return Err(Failure::new(FailureKind::Usage, text));
    }
    Ok(())
}

/// The sheets that fill the fields that are needed, with their layouts.
///
/// # Errors
/// None does: what is missing, what is there instead, and which headings are known.
pub(super) fn fitting(sheets: Vec<Sheet>, kind: &Kind, needed: &[&str]) -> Result<Vec<(Sheet, Layout)>, Failure> {
    let (mut found, mut complaint) = (Vec::new(), None);
    for sheet in sheets {
        let layout = Layout::of(&sheet, kind, &[], &[])?;
        let missing = layout.missing(kind, needed);
        if missing.is_empty() {
            found.push((sheet, layout));
        } else if complaint.is_none() {
            let Text { zh, en } = missing_columns(&sheet, kind, &missing);
            let known = headings(kind);
            complaint = Some(text!("{zh}。认得的列名：{known}", "{en}. Headings that are known: {known}"));
        }
    }
    match complaint {
        Some(text) if found.is_empty() => Err(Failure::new(FailureKind::Data, text)),
        None if found.is_empty() => {
            Err(Failure::new(FailureKind::Data, Text::new("文件里没有表格", "The file holds no table")))
        }
        _ => Ok(found),
    }
}

/// The headings that each field of a table is known by.
fn headings(kind: &Kind) -> String {
    let words = |field: &Field| {
        let own = [field.id.as_ref(), field.name.zh.as_ref()].map(str::to_owned);
        let more = field.aliases.iter().map(ToString::to_string);
        own.into_iter().chain(more).collect::<Vec<_>>().join(" / ")
    };
    kind.fields.iter().map(words).collect::<Vec<_>>().join("; ")
}

/// How columns are named that have other headings.
pub(super) const MAP_HINT: Text = Text::new("可用 --map 文件列=本程序字段 指定", "--map THEIRS=OURS names them");

/// Which columns a sheet lacks, and which it has.
pub(super) fn missing_columns(sheet: &Sheet, kind: &Kind, missing: &[&str]) -> Text {
    let field = |id: &&str| kind.fields.iter().find(|field| field.id == **id);
    let (zh, en): (Vec<String>, Vec<String>) = missing
        .iter()
        .filter_map(field)
        .map(|field| (format!("{}（{}）", field.name.zh, field.id), format!("{} ({})", field.name.en, field.id)))
        .unzip();
    let columns: Vec<&str> = sheet.columns.iter().map(|column| column.name.zh.as_ref()).collect();
    let (zh, en, there) = (zh.join("、"), en.join(", "), columns.join(", "));
    text!("缺少列：{zh}；文件里有：{there}", "Columns are missing: {en}; the file has: {there}")
}
