//! Results of the sewer workbench as files: GeoJSON, CSV, XLSX, whatever format is written.

use std::path::PathBuf;

use crate::io::error::WriteError;
use crate::io::format::{self, ExtraSheet, WriteOptions, Written};
use crate::model::feature::Feature;
use crate::model::schema::Schema;
use crate::task::Task;
use crate::text::{Lang, Text};

use super::SewerDesk;
use crate::session::answer::Failure;
use crate::session::export::{check_ending, write_failure};
use crate::session::snapshot::SAMPLE_KEY;

/// Rows handed to a writer at once.
const BATCH: usize = 4096;

/// What is said of a file whose numbers come from an invented city.
const SAMPLE_NOTE: Text = Text::new("示例数据，全部为虚构", "Sample data, all of it invented");

/// A file that a result goes to; the ending of its name says the format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutFile {
    /// Where.
    pub path: PathBuf,
    /// Whether a file that is there may go.
    pub overwrite: bool,
    /// Language of headings and coded values where people read them.
    pub lang: Lang,
}

impl SewerDesk {
    /// Writes rows of a schema that was made for them, in the schema's CRS. A workbook is for people: it gets the names of
    /// fields and codes; all other formats get their ids. The file appears only when all of it is written.
    ///
    /// # Errors
    /// The ending names no format that is written; the file is there already or cannot be written; cancelled.
    pub fn write_rows(
        &self,
        out: &OutFile,
        schema: &Schema,
        rows: &[Feature],
        task: &mut Task<'_>,
    ) -> Result<Written, Failure> {
        self.write_book(out, schema, rows, Vec::new(), task)
    }

    /// The same with small tables behind the rows, each on a sheet of its own; only a workbook has room for them.
    ///
    /// # Errors
    /// See [`SewerDesk::write_rows`].
    pub fn write_book(
        &self,
        out: &OutFile,
        schema: &Schema,
        rows: &[Feature],
        sheets: Vec<ExtraSheet>,
        task: &mut Task<'_>,
    ) -> Result<Written, Failure> {
        check_ending(&out.path)?;
        let is_workbook = out.path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("xlsx"));
        let options = WriteOptions {
            labels_not_codes: is_workbook,
            lang: out.lang,
            note: self.is_sample()?.then_some(SAMPLE_NOTE),
            sheets,
            ..WriteOptions::default()
        };
        let (words, total) = (Text::new("写出结果", "Writing the result"), rows.len() as u64);
        let mut stopped = None;
        let written = format::write_file(&out.path, out.overwrite, schema, &options, |writer| {
            for (number, batch) in rows.chunks(BATCH).enumerate() {
                if let Err(cancelled) = task.report(&words, (number * BATCH) as u64, Some(total)) {
                    stopped = Some(Failure::from(cancelled));
                    return Err(WriteError::from(std::io::Error::other("stopped")));
                }
                writer.write_many(batch)?;
            }
            Ok(())
        });
        stopped.map_or_else(|| written.map_err(|error| write_failure(&error)), Err)
    }

    /// Whether the city is invented, which every page that shows its numbers says.
    ///
    /// # Errors
    /// The city cannot be read.
    pub fn is_sample(&self) -> Result<bool, Failure> {
        Ok(self.city().reader()?.setting(SAMPLE_KEY)?.is_some())
    }
}
