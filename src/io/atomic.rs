//! Files that appear whole or not at all: written beside, flushed to the disk, then renamed.

use std::io::{BufWriter, Write};
use std::path::Path;

use super::error::WriteError;

/// Writes `path` with `fill`. Until all is on the disk an older file of that name stays as it was; on an error, and
/// when `fill` gives up, nothing is left behind.
///
/// # Errors
/// [`WriteError::Exists`] without `overwrite`, whatever `fill` returns, and what the disk says.
pub fn write<T>(
    path: &Path,
    overwrite: bool,
    fill: impl FnOnce(&mut dyn Write) -> Result<T, WriteError>,
) -> Result<T, WriteError> {
    write_beside(path, overwrite, fill).map_err(|error| error.of_file(path))
}

fn write_beside<T>(
    path: &Path,
    overwrite: bool,
    fill: impl FnOnce(&mut dyn Write) -> Result<T, WriteError>,
) -> Result<T, WriteError> {
    let exists = || WriteError::Exists { path: path.to_owned() };
    if !overwrite && path.symlink_metadata().is_ok() {
        return Err(exists());
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".citygrid-").suffix(".part");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(std::fs::Permissions::from_mode(0o666)); // less what the umask takes
    }
    let mut out = BufWriter::with_capacity(1 << 20, builder.tempfile_in(folder)?);
    let result = fill(&mut out)?;
    let part = out.into_inner().map_err(|error| WriteError::Io(error.into_error()))?;
    part.as_file().sync_all()?;
    let kept = if overwrite { part.persist(path) } else { part.persist_noclobber(path) };
    match kept {
        Ok(_) => Ok(result),
        Err(error) if error.error.kind() == std::io::ErrorKind::AlreadyExists => Err(exists()),
        Err(error) => Err(WriteError::Io(error.error)),
    }
}

/// Writes the files of one stem with `fill`, which is handed the path of the main one inside a folder of its own beside
/// `path`. They come into place together, the main one last; on an error nothing is left behind, and older files stay.
///
/// # Errors
/// As [`write()`].
pub fn write_files<T>(
    path: &Path,
    overwrite: bool,
    fill: impl FnOnce(&Path) -> Result<T, WriteError>,
) -> Result<T, WriteError> {
    write_files_beside(path, overwrite, fill).map_err(|error| error.of_file(path))
}

fn write_files_beside<T>(
    path: &Path,
    overwrite: bool,
    fill: impl FnOnce(&Path) -> Result<T, WriteError>,
) -> Result<T, WriteError> {
    let exists = |path: &Path| WriteError::Exists { path: path.to_owned() };
    if !overwrite && path.symlink_metadata().is_ok() {
        return Err(exists(path));
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let parts = tempfile::Builder::new().prefix(".citygrid-").suffix(".part").tempdir_in(folder)?;
    let name = path.file_name().ok_or_else(|| std::io::Error::from(std::io::ErrorKind::InvalidInput))?;
    let result = fill(&parts.path().join(name))?;
    let mut made: Vec<_> = std::fs::read_dir(parts.path())?.collect::<Result<_, _>>()?;
    made.sort_by_key(|file| (file.file_name() == name, file.file_name()));
    for file in &made {
        std::fs::OpenOptions::new().write(true).open(file.path())?.sync_all()?;
        let target = folder.join(file.file_name());
        if !overwrite && target.symlink_metadata().is_ok() {
            return Err(exists(&target));
        }
    }
    for file in made {
        std::fs::rename(file.path(), folder.join(file.file_name()))?;
    }
    Ok(result)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn an_older_file_stays_until_the_new_one_is_whole() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("城市.geojson");
        fs::write(&path, "old").expect("written");
        let failed = write(&path, true, |out| {
            out.write_all(b"half")?;
            Err::<(), _>(WriteError::Cancelled(crate::task::Cancelled))
        });
        assert!(matches!(failed, Err(WriteError::Cancelled(_))));
        check(folder.path(), &path, "old");

        write(&path, true, |out| Ok(out.write_all(b"new")?)).expect("written");
        check(folder.path(), &path, "new");
    }

    #[test]
    fn nothing_is_overwritten_unasked() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.json");
        write(&path, false, |out| Ok(out.write_all(b"first")?)).expect("written");
        let second = write(&path, false, |out| Ok(out.write_all(b"second")?));
        assert!(matches!(second, Err(WriteError::Exists { .. })));
        check(folder.path(), &path, "first");
    }

    #[test]
    fn the_disks_no_names_the_file_that_was_asked_for() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("没有").join("a.json");
        let error = write(&path, false, |_| Ok(())).expect_err("there is no such folder");
        let crate::text::Text { zh, en } = error.headline();
        let shown = path.display().to_string();
        assert_eq!(zh, format!("无法写入 {shown}：文件夹不存在"));
        assert_eq!(en, format!("{shown} cannot be written: its folder does not exist"));
    }

    #[test]
    fn files_that_belong_together_come_together() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("管道.shp");
        let both = |words: &'static str| {
            write_files(&path, false, |at| {
                fs::write(at, words)?;
                fs::write(at.with_extension("dbf"), words)?;
                if words == "half" { Err(WriteError::Cancelled(crate::task::Cancelled)) } else { Ok(()) }
            })
        };
        assert!(matches!(both("half"), Err(WriteError::Cancelled(_))));
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0);
        both("new").expect("written");
        let dbf = fs::read_to_string(path.with_extension("dbf")).expect("readable");
        assert_eq!((dbf.as_str(), fs::read_dir(folder.path()).expect("a folder").count()), ("new", 2));
        fs::remove_file(&path).expect("removed");
        assert!(matches!(both("newer"), Err(WriteError::Exists { .. })), "the .dbf is somebody's");
    }

    /// The file holds `expected`, and nothing else is in the folder.
    #[track_caller]
    fn check(folder: &Path, path: &Path, expected: &str) {
        assert_eq!(fs::read_to_string(path).expect("readable"), expected);
        assert_eq!(fs::read_dir(folder).expect("a folder").count(), 1);
    }
}
