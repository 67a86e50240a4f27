//! A table of defects as it would come in: sheets, which column fills which field, and what every row comes to. The window
//! shows it before anything is written; the import makes rows of it.

use super::SewerDesk;
use super::defect_rows::{NEEDED, RECORD, entries, has_grades};
use super::defect_take::{Known, Taken, of_row, visits};
use super::defects::DefectImport;
use super::sheet::{Layout, MAP_HINT, Sheet, check_map, missing_columns, read_sheets};
use crate::model::schema::Field;
use crate::model::value::{FieldType, Value};
use crate::session::answer::{Failure, FailureKind};
use crate::task::{Problem, Problems, Task};
use crate::text;
use crate::text::Text;

/// See the module's head.
pub(super) struct Looked {
    /// The sheets with their layouts, and the needed fields that nothing on them fills.
    pub(super) sheets: Vec<(Sheet, Layout, Vec<&'static str>)>,
    /// What is known of the city.
    pub(super) known: Known,
    /// What the rows come to.
    pub(super) taken: Taken,
    /// What the reader of the file has to say.
    told: Problems,
}

impl Looked {
    /// Looks into the file.
    pub(super) fn of(desk: &SewerDesk, request: &DefectImport, task: &mut Task<'_>) -> Result<Self, Failure> {
        let (sheets, told) = if request.typed.is_empty() {
            read_sheets(&request.path, &request.read, task)?
        } else {
            (vec![typed_sheet(&request.typed)], Problems::default())
        };
        check_map(&sheets, &request.map)?;
        let mut laid = Vec::with_capacity(sheets.len());
        for sheet in sheets {
            let layout = Layout::of(&sheet, &RECORD, &request.map, &request.set)?;
            let mut missing = layout.missing(&RECORD, NEEDED);
            if missing == ["grade"] && has_grades(&sheet, &layout) {
                missing.clear();
            }
            laid.push((sheet, layout, missing));
        }
        let known = Known::read(desk, task)?;
        let mut looked = Self { sheets: laid, known, taken: Taken::default(), told };
        looked.take(task)?;
        Ok(looked)
    }

    /// Names of the sheets, where there are several to be told apart.
    pub(super) fn sheet_names(&self) -> Vec<String> {
        if self.sheets.len() > 1 {
            self.sheets.iter().map(|(sheet, ..)| sheet.name.clone()).collect()
        } else {
            Vec::new()
        }
    }

    fn take(&mut self, task: &mut Task<'_>) -> Result<(), Failure> {
        let (names, mut taken, mut all) = (self.sheet_names(), Taken::default(), Vec::new());
        for (place, (sheet, layout, missing)) in self.sheets.iter().enumerate() {
            task.check()?;
            if !missing.is_empty() {
                continue;
            }
            for column in layout.unused(sheet) {
                let what = text!("列“{column}”没有用到", "the column “{column}” is not used");
                taken.problems.push(Problem::warning("defects.column", what));
            }
            let name = names.get(place).map_or("", String::as_str);
            all.extend(entries((place, name), sheet, layout, &self.known, &mut taken));
        }
        // An inspection may stand on several sheets.
        for visit in visits(all, &self.known) {
            taken.take(visit, &self.known, &names);
        }
        taken.tell(&self.known);
        self.taken = taken;
        Ok(())
    }

    /// Refuses a file of which no sheet has the columns that are needed.
    pub(super) fn require_columns(&self) -> Result<(), Failure> {
        let Some((sheet, _, missing)) = self.sheets.first() else {
            return Err(Failure::new(FailureKind::Data, Text::new("文件里没有表格", "The file holds no table")));
        };
        if self.sheets.iter().any(|(_, _, missing)| missing.is_empty()) {
            return Ok(());
        }
        let Text { zh, en } = missing_columns(sheet, &RECORD, missing);
        let (zh_hint, en_hint) = (MAP_HINT.zh, MAP_HINT.en);
        let text = text!("{zh}。{zh_hint}", "{en}. {en_hint}");
        Err(Failure::new(FailureKind::Data, text))
    }

    /// Columns of the first sheet that is used, and the fields that they fill.
    pub(super) fn mapped(&self) -> Vec<(String, String)> {
        let used = self.sheets.iter().find(|(_, _, missing)| missing.is_empty());
        used.map(|(sheet, layout, _)| layout.mapped(sheet, &RECORD)).unwrap_or_default()
    }

    /// Everything that there is to tell: what the reader said, then what the rows came to.
    pub(super) fn problems_with(&self, taken: &Taken) -> Problems {
        let mut all = Problems { listed: Vec::new(), omitted: self.told.omitted };
        for problem in &self.told.listed {
            let sheet = problem.layer.as_deref().unwrap_or_default();
            let what = match problem.feature {
                Some(number) => of_row(sheet, number, problem.what.clone()),
                None => problem.what.clone(),
            };
            all.push(Problem { what, layer: None, ..problem.clone() });
        }
        all.append(taken.problems.clone());
        all
    }
}

/// Typed rows as a sheet whose columns are our fields.
fn typed_sheet(rows: &[Vec<(String, String)>]) -> Sheet {
    let ids: Vec<&str> =
        rows.first().map(|row| row.iter().map(|(field, _)| field.as_str()).collect()).unwrap_or_default();
    let columns = ids.iter().filter_map(|id| RECORD.fields.iter().find(|field| field.id == *id));
    let value = |words: &str| if words.is_empty() { Value::Null } else { words.into() };
    let values = |row: &Vec<(String, String)>| {
        ids.iter()
            .map(|id| row.iter().find(|(field, _)| field == id).map_or(Value::Null, |(_, words)| value(words)))
            .collect()
    };
    let text = |field: &Field| Field { field_type: FieldType::Text, codes: Vec::new(), ..field.clone() };
    Sheet {
        name: String::new(),
        columns: columns.map(text).collect(),
        rows: (1..).zip(rows.iter().map(values)).collect(),
    }
}
