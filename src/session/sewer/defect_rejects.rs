//! The rows of a table of defects that were refused, in a file of their own: row, reason, and the cells as they came, to be
//! mended and taken in again.

use std::path::{Path, PathBuf};

use super::defect_look::Looked;
use super::defect_take::Refused;
use super::sheet::Sheet;
use crate::geom::crs::Crs;
use crate::io::error::WriteError;
use crate::io::format::{self, WriteOptions};
use crate::model::feature::Feature;
use crate::model::schema::{Field, Schema};
use crate::model::value::Value;
use crate::session::answer::Failure;
use crate::session::export::write_failure;
use crate::text::{Lang, Text};

/// Writes what was refused to `path`; where several sheets have refused rows, each to a file that is called after it too.
/// A file that is there goes only with `replace`. The files, and how many rows each has.
///
/// # Errors
/// A file cannot be written.
pub(super) fn write_rejects(
    looked: &Looked,
    path: &Path,
    replace: bool,
    lang: Lang,
) -> Result<Vec<(PathBuf, u64)>, Failure> {
    let refused = |place: usize| looked.taken.refused.iter().filter(move |it| it.sheet == place);
    let places: Vec<usize> = (0..looked.sheets.len()).filter(|&place| refused(place).next().is_some()).collect();
    let mut written = Vec::new();
    for &place in &places {
        let (sheet, ..) = &looked.sheets[place];
        let path = if places.len() == 1 { path.to_owned() } else { named(path, &sheet.name) };
        let rows = write((&path, replace), sheet, refused(place), lang).map_err(|error| write_failure(&error))?;
        written.push((path, rows));
    }
    Ok(written)
}

fn write<'a>(
    (path, replace): (&Path, bool),
    sheet: &Sheet,
    refused: impl Iterator<Item = &'a Refused>,
    lang: Lang,
) -> Result<u64, WriteError> {
    let mut fields = vec![Field::int("reject_row", "行号", "Row"), Field::text("reject_reason", "原因", "Reason")];
    fields.extend(sheet.columns.iter().cloned());
    let schema = Schema {
        table: "rejects".to_owned(),
        name: Text::new("退回的行", "Refused rows"),
        kind: "plain".to_owned(),
        geometry: None,
        crs: Crs::WGS84,
        z_order: 0,
        fields,
    };
    let mut refused: Vec<&Refused> = refused.collect();
    refused.sort_by_key(|it| it.number);
    let options = WriteOptions { lang, ..WriteOptions::default() };
    let done = format::write_file(path, replace, &schema, &options, |writer| {
        for it in refused {
            // Rows are in the order of the file.
            let cells = sheet.rows.binary_search_by_key(&it.number, |(number, _)| *number);
            let cells = cells.map(|at| sheet.rows[at].1.clone()).unwrap_or_default();
            let mut values = vec![Value::Int(it.number), it.why.get(lang).into()];
            values.extend(cells);
            values.resize(schema.fields.len(), Value::Null);
            writer.write(&Feature { id: it.number, geometry: None, values })?;
        }
        Ok(())
    })?;
    Ok(done.features)
}

/// `rejects.csv` as `rejects-sheet.csv`.
fn named(path: &Path, sheet: &str) -> PathBuf {
    let safe = sheet.replace(['/', '\\', ':', '*', '?', '"', '<', '>', '|'], "_");
    let part = |part: Option<&std::ffi::OsStr>| part.unwrap_or_default().to_string_lossy().into_owned();
    path.with_file_name(format!("{}-{safe}.{}", part(path.file_stem()), part(path.extension())))
}
