//! Why the city file could not be opened, read or written.

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

use crate::task::Cancelled;
use crate::text;
use crate::text::Text;
use crate::text::disk::{Doing, why};

/// Why something with the city file did not happen.
///
/// A variant exists where a caller does something different about it; all other causes are `Io`, `Sqlite` or
/// `Package`. Nothing about the *data* of an import is an error: that is a `Problem`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Offer "open another file".
    #[error("not an SQLite database: {}", .path.display())]
    NotSqlite {
        /// The file.
        path: PathBuf,
    },
    /// Offer "import instead".
    #[error("an SQLite database, but not a GeoPackage: {}", .path.display())]
    NotAGeoPackage {
        /// The file.
        path: PathBuf,
    },
    /// Offer "open a copy", or try again.
    #[error("another program has the file locked")]
    Locked,
    /// Offer "save a copy".
    #[error("the file cannot be written")]
    ReadOnly,
    /// Offer "update the program".
    #[error("the file was written by a newer version (format {found}, known {known})")]
    TooNew {
        /// The file's format version.
        found: i64,
        /// The newest that this program writes.
        known: i64,
    },
    /// Ask whether to overwrite.
    #[error("the file exists already: {}", .path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// Make room and try again; nothing was changed.
    #[error("the disk is full")]
    DiskFull,
    /// Rows are not what the step expects: another program, or another window, changed them. Nothing was changed.
    #[error("{}", .what.en)]
    Conflict {
        /// Which feature, and why.
        what: Text,
    },
    /// No layer has this table name.
    #[error("no layer {layer:?}")]
    UnknownLayer {
        /// The name asked for.
        layer: String,
    },
    /// The layer has no such field.
    #[error("no field {field:?} in layer {layer:?}")]
    UnknownField {
        /// The layer.
        layer: String,
        /// The field asked for.
        field: String,
    },
    /// A condition that the file cannot be asked.
    #[error("{}", .what.en)]
    BadExpr {
        /// Why.
        what: Text,
    },
    /// The person stopped it; nothing was changed.
    #[error("cancelled")]
    Cancelled,
    /// The request has no sense for this file; nothing was changed.
    #[error("{}", .what.en)]
    Refused {
        /// Why.
        what: Text,
    },
    /// The city was closed meanwhile.
    #[error("the city is closed")]
    Closed,
    /// Offer "restore a backup" and run the check.
    #[error("the file is damaged: {what}")]
    Damaged {
        /// What SQLite or we found.
        what: String,
    },
    /// Say it and stop.
    #[error("cannot read or write the file: {}: {source}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Say it and stop.
    #[error("SQLite: {0}")]
    Sqlite(rusqlite::Error),
    /// Say it and stop.
    #[error("GeoPackage: {0}")]
    Package(geopackage::Error),
}

impl StoreError {
    /// What the window and the command line show first, in the user's language.
    pub fn headline(&self) -> Text {
        match self {
            Self::NotSqlite { .. } | Self::NotAGeoPackage { .. } => {
                Text::new("这不是 GeoPackage 文件", "This is not a GeoPackage file")
            }
            Self::Locked => Text::new("文件正被其他程序占用", "The file is in use by another program"),
            Self::ReadOnly => Text::new("文件只读，无法写入", "The file is read-only"),
            Self::TooNew { .. } => {
                Text::new("文件来自更新版本的程序", "The file was written by a newer version of the program")
            }
            Self::Exists { path } => {
                let path = path.display();
                text!("文件已存在：{path}", "The file exists already: {path}")
            }
            Self::DiskFull => Text::new("磁盘已满，什么也没有改动", "The disk is full; nothing was changed"),
            Self::Conflict { what } | Self::BadExpr { what } | Self::Refused { what } => what.clone(),
            Self::UnknownLayer { layer } => text!("没有图层“{layer}”", "There is no layer “{layer}”"),
            Self::UnknownField { layer, field } => {
                text!("图层“{layer}”没有字段“{field}”", "Layer “{layer}” has no field “{field}”")
            }
            Self::Cancelled => Text::new("已取消", "Cancelled"),
            Self::Closed => Text::new("城市已关闭", "The city is closed"),
            Self::Damaged { .. } => Text::new("文件已损坏", "The file is damaged"),
            Self::Io { path, source } if source.kind() == io::ErrorKind::NotFound => {
                let path = path.display();
                text!("文件或它的文件夹不存在：{path}", "The file or its folder does not exist: {path}")
            }
            Self::Io { path, source } => {
                let (path, Text { zh, en }) = (path.display(), why(source, Doing::Writing));
                text!("文件读写失败：{path}（{zh}）", "The file cannot be read or written: {path} ({en})")
            }
            Self::Sqlite(cause) => {
                let Text { zh, en } = sqlite_words(cause);
                text!("文件读写失败（{zh}）", "The file cannot be read or written ({en})")
            }
            Self::Package(cause) => text!("文件读写失败（{cause}）", "The file cannot be read or written ({cause})"),
        }
    }

    /// One stable word for scripts.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::NotSqlite { .. } => "not-sqlite",
            Self::NotAGeoPackage { .. } => "not-a-geopackage",
            Self::Locked => "locked",
            Self::ReadOnly => "read-only",
            Self::TooNew { .. } => "too-new",
            Self::Exists { .. } => "exists",
            Self::DiskFull => "disk-full",
            Self::Conflict { .. } => "conflict",
            Self::UnknownLayer { .. } => "unknown-layer",
            Self::UnknownField { .. } => "unknown-field",
            Self::BadExpr { .. } => "bad-expr",
            Self::Cancelled => "cancelled",
            Self::Refused { .. } => "refused",
            Self::Closed => "closed",
            Self::Damaged { .. } => "damaged",
            Self::Io { .. } => "io",
            Self::Sqlite(_) => "sqlite",
            Self::Package(_) => "geopackage",
        }
    }

    pub(super) fn refused(what: Text) -> Self {
        Self::Refused { what }
    }

    /// What the disk said about a file or folder. It is not `ReadOnly`, which is of an open city: here nobody may read,
    /// or nothing may be made in the folder.
    pub fn io(path: &Path, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull,
            io::ErrorKind::AlreadyExists => Self::Exists { path: path.to_owned() },
            _ => Self::Io { path: path.to_owned(), source },
        }
    }

    /// The same, with the file named where SQLite could only say that it is none of its own.
    pub(super) fn of_file(self, path: &Path) -> Self {
        match self {
            Self::NotSqlite { .. } => Self::NotSqlite { path: path.to_owned() },
            Self::Package(geopackage::Error::NotAGeoPackage { .. }) | Self::NotAGeoPackage { .. } => {
                Self::NotAGeoPackage { path: path.to_owned() }
            }
            other => other,
        }
    }
}

/// SQLite's own words name temporary files, and are English.
fn sqlite_words(error: &rusqlite::Error) -> Text {
    match error.sqlite_error_code() {
        Some(ErrorCode::CannotOpen) => Text::new("文件无法打开", "the file cannot be opened"),
        Some(ErrorCode::SystemIoFailure) => Text::new("磁盘读写出错", "the disk failed"),
        Some(ErrorCode::PermissionDenied) => Text::new("没有权限", "there is no permission"),
        Some(ErrorCode::OutOfMemory) => Text::new("内存不足", "there is not enough memory"),
        _ => Text::same(error.to_string()),
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        let rusqlite::Error::SqliteFailure(code, message) = &error else { return Self::Sqlite(error) };
        let words = message.clone().unwrap_or_else(|| code.to_string());
        match code.code {
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::FileLockingProtocolFailed => Self::Locked,
            ErrorCode::ReadOnly => Self::ReadOnly,
            ErrorCode::DiskFull => Self::DiskFull,
            ErrorCode::OperationInterrupted => Self::Cancelled,
            ErrorCode::NotADatabase => Self::NotSqlite { path: PathBuf::new() },
            ErrorCode::DatabaseCorrupt => Self::Damaged { what: words },
            ErrorCode::ConstraintViolation => {
                Self::refused(text!("文件的约束不允许：{words}", "A constraint of the file forbids it: {words}"))
            }
            // The shared-memory file beside a full disk cannot grow; SQLite has no plainer word for it.
            ErrorCode::SystemIoFailure if code.extended_code == rusqlite::ffi::SQLITE_IOERR_SHMSIZE => Self::DiskFull,
            _ => Self::Sqlite(error),
        }
    }
}

impl From<geopackage::Error> for StoreError {
    fn from(error: geopackage::Error) -> Self {
        match error {
            geopackage::Error::Sqlite(error) => error.into(),
            geopackage::Error::NotAGeoPackage { .. } => Self::NotAGeoPackage { path: PathBuf::new() },
            geopackage::Error::NoSuchLayer { table_name } | geopackage::Error::NoSuchTable { table_name } => {
                Self::UnknownLayer { layer: table_name }
            }
            other => Self::Package(other),
        }
    }
}

impl From<geopackage::core::Error> for StoreError {
    fn from(error: geopackage::core::Error) -> Self {
        Self::Package(error.into())
    }
}

impl From<Cancelled> for StoreError {
    fn from(_: Cancelled) -> Self {
        Self::Cancelled
    }
}
