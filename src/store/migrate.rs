//! Formats of our tables, and the way from an older one to today's.

use std::path::{Path, PathBuf};

use geopackage::GeoPackage;

use crate::task::Task;

use super::adopt::{FORMAT_KEY, format_version, set_setting};
use super::backup;
use super::error::StoreError;

/// One step from a format to the next.
#[derive(Debug)]
pub(super) struct Migration {
    /// The format it leads to.
    pub to: i64,
    /// What is done, in the transaction of the first command.
    pub run: fn(&GeoPackage) -> Result<(), StoreError>,
}

/// A format version and how older files get there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Format {
    /// The version this program writes.
    pub version: i64,
    /// The way there, ascending.
    pub migrations: &'static [Migration],
}

/// Today's format. A change of our tables adds one to the version and one migration to the list.
pub(super) const TODAY: Format = Format { version: 1, migrations: &[] };

impl Format {
    /// The steps from `found` to this format.
    pub(super) fn steps_from(&self, found: i64) -> impl Iterator<Item = &'static Migration> {
        self.migrations.iter().filter(move |migration| migration.to > found)
    }
}

/// Copies the file beside itself before an older format is left: `九江.gpkg` to `九江.v1-backup.gpkg`.
pub(super) fn keep_backup(path: &Path, found: i64) -> Result<PathBuf, StoreError> {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    for number in 1_u32.. {
        let again = if number == 1 { String::new() } else { format!("-{number}") };
        let copy = path.with_file_name(format!("{stem}.v{found}-backup{again}.gpkg"));
        match backup::copy(path, &copy, false, &mut Task::silent()) {
            Err(StoreError::Exists { .. }) if number < 1000 => {}
            Err(error) => return Err(error),
            Ok(()) => return Ok(copy),
        }
    }
    Err(StoreError::Exists { path: path.to_owned() })
}

/// Takes our tables to `format`, in the transaction that is open.
pub(super) fn migrate(package: &GeoPackage, format: &Format) -> Result<(), StoreError> {
    let found = format_version(package.connection())?.unwrap_or(format.version);
    for migration in format.steps_from(found) {
        (migration.run)(package)?;
        set_setting(package.connection(), FORMAT_KEY, Some(&migration.to.to_string()))?;
    }
    Ok(())
}
