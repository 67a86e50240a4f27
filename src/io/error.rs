//! Why a file cannot be read or written as a whole. What is wrong with single features is a `Problem`.

use std::io;
use std::path::{Path, PathBuf};

use crate::geom::crs::Crs;
use crate::task::Cancelled;
use crate::text;
use crate::text::Text;
use crate::text::disk::{Doing, why};

/// Why a file is refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// There is nothing in the file.
    #[error("the file is empty")]
    Empty,

    /// The text breaks the rules of its format.
    #[error("not well-formed at byte {byte}, line {line}: {}", .what.en)]
    NotWellFormed {
        /// Bytes from the start of the file.
        byte: u64,
        /// Line, from 1.
        line: u64,
        /// The rule that is broken.
        what: Text,
    },

    /// The file stops in the middle: copied or downloaded in part.
    #[error("the file ends in the middle, after {bytes} bytes")]
    Truncated {
        /// Bytes that are there.
        bytes: u64,
    },

    /// The bytes break the rules of their format, at no place that a person could look up.
    #[error("the file is damaged: {}", .what.en)]
    Damaged {
        /// The rule that is broken.
        what: Text,
    },

    /// A file of a known kind, in a form that is not read here; the words say what to do.
    #[error("not supported: {}", .what.en)]
    NotRead {
        /// What it is, and what helps.
        what: Text,
    },

    /// The text is not in UTF-8.
    #[error("the text is not in UTF-8, at byte {byte}, line {line}")]
    Encoding {
        /// Bytes from the start of the file.
        byte: u64,
        /// Line, from 1.
        line: u64,
        /// Whether it looks like UTF-16.
        utf16: bool,
    },

    /// One feature alone takes more memory than reading may.
    #[error("one feature is larger than {limit_mb} MB, at byte {byte}")]
    TooLarge {
        /// Where it begins.
        byte: u64,
        /// The limit.
        limit_mb: u64,
    },

    /// Reading it would take more memory than a file of its size should.
    #[error("reading the file would take too much memory")]
    TooMuchMemory,

    /// Well-formed JSON, but no GeoJSON.
    #[error("the file holds JSON, but no GeoJSON")]
    NotGeoJson,

    /// Well-formed, and not one feature in it can be used.
    #[error("nothing in the file can be used: {}", .first.en)]
    NothingUsable {
        /// What is wrong with the first feature, or that there is none.
        first: Text,
    },

    /// The file names a coordinate system that is not known here; choosing one helps.
    #[error("the file's coordinate system is not known: {name}")]
    UnknownCrs {
        /// What the file says.
        name: String,
    },

    /// No format in the list reads such a file.
    #[error("files like this cannot be read: {}", .path.display())]
    NotSupported {
        /// The file.
        path: PathBuf,
    },

    /// Whoever took the features wanted no more.
    #[error("the reading was stopped")]
    Stopped,

    /// The person who asked for it took it back.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),

    /// The disk says no.
    #[error("cannot read the file: {0}")]
    Io(#[from] io::Error),
}

impl ReadError {
    /// What the window and the command line show.
    pub fn headline(&self) -> Text {
        match self {
            Self::Empty => Text::new("文件是空的", "The file is empty"),
            Self::NotWellFormed { byte, line, what: Text { zh, en } } => text!(
                "文件格式有误：第 {line} 行（第 {byte} 字节）：{zh}",
                "The file is not well-formed: line {line} (byte {byte}): {en}"
            ),
            Self::Truncated { bytes } => text!(
                "文件不完整：在第 {bytes} 字节处中断，请重新复制或下载",
                "The file ends in the middle, after {bytes} bytes: copy or download it again"
            ),
            Self::Damaged { what: Text { zh, en } } => text!("文件已损坏：{zh}", "The file is damaged: {en}"),
            Self::NotRead { what: Text { zh, en } } => text!("不支持：{zh}", "Not supported: {en}"),
            Self::Encoding { utf16: true, .. } => Text::new(
                "文件是 UTF-16 编码，请另存为 UTF-8 后再导入",
                "The file is in UTF-16: save it as UTF-8 and import again",
            ),
            Self::Encoding { byte, line, .. } => text!(
                "文字不是 UTF-8 编码：第 {line} 行（第 {byte} 字节）",
                "The text is not in UTF-8: line {line} (byte {byte})"
            ),
            Self::TooLarge { byte, limit_mb } => text!(
                "第 {byte} 字节处的要素超过 {limit_mb} MB",
                "The feature at byte {byte} is larger than {limit_mb} MB"
            ),
            Self::TooMuchMemory => {
                Text::new("文件展开后占用内存过大，未读入", "Unpacked, the file would take too much memory: not read")
            }
            Self::NotGeoJson => Text::new("文件是 JSON，但不是 GeoJSON", "The file holds JSON, but no GeoJSON"),
            Self::NothingUsable { first: Text { zh, en } } => {
                text!("文件里没有可用的要素：{zh}", "Nothing in the file can be used: {en}")
            }
            Self::UnknownCrs { name } => text!(
                "不认识文件的坐标系“{name}”，请指定坐标系后再导入",
                "The file's coordinate system “{name}” is not known: choose one and import again"
            ),
            Self::NotSupported { .. } => Text::new("不支持这种文件", "Files like this cannot be read"),
            Self::Stopped => Text::new("读入已停止", "The reading was stopped"),
            Self::Cancelled(_) => Text::new("已取消", "Cancelled"),
            Self::Io(cause) => {
                let Text { zh, en } = why(cause, Doing::Reading);
                text!("无法读取文件：{zh}", "The file cannot be read: {en}")
            }
        }
    }

    /// Whether the file itself is damaged: not readable to its last byte by any program.
    pub fn is_malformed(&self) -> bool {
        matches!(
            self,
            Self::Empty
                | Self::NotWellFormed { .. }
                | Self::Truncated { .. }
                | Self::Damaged { .. }
                | Self::Encoding { .. }
        )
    }
}

/// Why a file is not written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// It is there already, and nobody said to overwrite it.
    #[error("the file exists already: {}", .path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },

    /// The program is working on it: the open city, or the file that is being read.
    #[error("the file is in use: {}", .path.display())]
    Kept {
        /// The file.
        path: PathBuf,
    },

    /// The format has one CRS, and it is not the one asked for.
    #[error("the format cannot be in {crs}")]
    WrongCrs {
        /// The one asked for.
        crs: Crs,
    },

    /// The format has no room for any of the features.
    #[error("nothing can be written: {}", .first.en)]
    NothingWritten {
        /// What is wrong with the first of them.
        first: Text,
    },

    /// Nobody knows where the coordinates lie, and the format says it of all of them.
    #[error("the layer's coordinate system is unknown")]
    UnknownCrs,

    /// The format cannot hold this, or the CRS cannot be converted.
    #[error("cannot be written: {}", .what.en)]
    NotSupported {
        /// What it is.
        what: Text,
    },

    /// The person who asked for it took it back.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),

    /// The disk says no.
    #[error("cannot write the file: {0}")]
    Io(#[from] io::Error),

    /// The disk says no to a file that has a name.
    #[error("cannot write {}: {source}", .path.display())]
    File {
        /// The file that was asked for, not the one that is written beside it.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl WriteError {
    /// The same, with the file named where the disk says no.
    pub(super) fn of_file(self, path: &Path) -> Self {
        match self {
            Self::Io(source) => Self::File { path: path.to_owned(), source },
            other => other,
        }
    }

    /// What the window and the command line show.
    pub fn headline(&self) -> Text {
        match self {
            Self::Exists { path } => {
                let path = path.display();
                text!("文件已存在：{path}", "The file exists already: {path}")
            }
            Self::Kept { path } => {
                let path = path.display();
                text!(
                    "{path} 是打开着的城市文件，或正在读入的文件，不能作为输出文件，请另取文件名",
                    "{path} is the city that is open, or the file that is being read: it cannot be written over; choose another name"
                )
            }
            Self::WrongCrs { crs } => text!(
                "这种格式固定为 WGS 84 经纬度，不能用 {crs}",
                "This format is always in WGS 84 longitude and latitude, not in {crs}"
            ),
            Self::NothingWritten { first: Text { zh, en } } => {
                text!("没有要素能写进这种文件：{zh}", "This kind of file has no room for any of the features: {en}")
            }
            Self::UnknownCrs => Text::new(
                "图层的坐标系未知，而这种文件固定为 WGS 84 经纬度；确认坐标就是经纬度时请指定 EPSG:4326",
                "The layer's coordinate system is unknown, and such a file is always in WGS 84 degrees; choose EPSG:4326 if \
                 the coordinates are degrees",
            ),
            Self::NotSupported { what: Text { zh, en } } => text!("无法写出：{zh}", "Cannot be written: {en}"),
            Self::Cancelled(_) => Text::new("已取消", "Cancelled"),
            Self::Io(cause) => {
                let Text { zh, en } = why(cause, Doing::Writing);
                text!("无法写入文件：{zh}", "The file cannot be written: {en}")
            }
            Self::File { path, source } => {
                let (path, Text { zh, en }) = (path.display(), why(source, Doing::Writing));
                text!("无法写入 {path}：{zh}", "{path} cannot be written: {en}")
            }
        }
    }
}
