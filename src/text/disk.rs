//! Why the disk says no, in both languages: the system itself says it in one, and names files that nobody has asked for.

use std::io::{self, ErrorKind};

use super::Text;

/// What was asked of the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    /// A file should be read.
    Reading,
    /// A file should be made or written.
    Writing,
}

/// The reason, as it stands behind "cannot be read:" or "cannot be written:".
pub fn why(error: &io::Error, doing: Doing) -> Text {
    match error.kind() {
        ErrorKind::NotFound if doing == Doing::Reading => Text::new("文件不存在", "it does not exist"),
        ErrorKind::NotFound => Text::new("文件夹不存在", "its folder does not exist"),
        ErrorKind::PermissionDenied => Text::new("没有权限", "there is no permission"),
        ErrorKind::ReadOnlyFilesystem => Text::new("磁盘只读", "the disk is read-only"),
        ErrorKind::StorageFull => Text::new("磁盘已满", "the disk is full"),
        ErrorKind::QuotaExceeded => Text::new("磁盘配额已用完", "the disk quota is used up"),
        ErrorKind::FileTooLarge => Text::new("超过磁盘允许的文件大小", "it is larger than the disk allows"),
        ErrorKind::IsADirectory => Text::new("这是文件夹，不是文件", "it is a folder, not a file"),
        ErrorKind::NotADirectory => Text::new("路径中有一段不是文件夹", "a part of its path is no folder"),
        ErrorKind::AlreadyExists => Text::new("文件已存在", "it exists already"),
        ErrorKind::InvalidFilename => Text::new("文件名不合要求", "the disk takes no such name"),
        ErrorKind::ResourceBusy | ErrorKind::ExecutableFileBusy => {
            Text::new("正被其他程序占用", "another program uses it")
        }
        _ => as_said(error),
    }
}

/// The system's own words, without the temporary file that a library names behind them.
fn as_said(error: &io::Error) -> Text {
    let words = error.to_string();
    Text::same(words.split(" at path ").next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_reasons_have_words_in_both_languages() {
        check(ErrorKind::NotFound, Doing::Reading, "文件不存在", "it does not exist");
        check(ErrorKind::NotFound, Doing::Writing, "文件夹不存在", "its folder does not exist");
        check(ErrorKind::StorageFull, Doing::Writing, "磁盘已满", "the disk is full");
        check(ErrorKind::PermissionDenied, Doing::Writing, "没有权限", "there is no permission");
    }

    #[test]
    fn a_rare_reason_is_said_as_the_system_says_it() {
        let error = io::Error::other("a cable is loose at path \"/x/.citygrid-a1.part\"");
        assert_eq!(why(&error, Doing::Writing), Text::same("a cable is loose"));
    }

    #[track_caller]
    fn check(kind: ErrorKind, doing: Doing, zh: &str, en: &str) {
        let error = io::Error::new(kind, "No such thing (os error 2) at path \"/x/.citygrid-a1.part\"");
        assert_eq!(why(&error, doing), Text::owned(zh.to_owned(), en.to_owned()));
    }
}
