//! Files that appear whole or not at all: written beside, flushed to the disk, then renamed. A file that the program is
//! working on is never the target, whatever is said: see [`Kept`].

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::error::WriteError;

/// What [`Kept`] keeps.
static KEPT: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Keeps a file from everything that is written through here, for as long as this lives: the open city, a file that is
/// being read.
#[derive(Debug)]
pub struct Kept(PathBuf);

impl Kept {
    /// Keeps the file, by whatever path it will be called.
    pub fn new(path: &Path) -> Self {
        let name = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        KEPT.lock().unwrap_or_else(PoisonError::into_inner).push(name.clone());
        Self(name)
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = kept.iter().position(|name| *name == self.0) {
            kept.swap_remove(at);
        }
    }
}

/// Refuses a target that somebody keeps. All writers here do so; ask before long work that ends in a file.
///
/// # Errors
/// [`WriteError::Kept`].
pub fn refuse_kept(path: &Path) -> Result<(), WriteError> {
    let name = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    if KEPT.lock().unwrap_or_else(PoisonError::into_inner).contains(&name) {
        return Err(WriteError::Kept { path: path.to_owned() });
    }
    Ok(())
}

/// Writes `path` with `fill`. Until all is on the disk an older file of that name stays as it was; on an error, and
/// when `fill` gives up, nothing is left behind.
///
/// # Errors
/// [`WriteError::Exists`] without `overwrite`, [`WriteError::Kept`], whatever `fill` returns, and what the disk says.
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
    refuse_kept(path)?;
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
    refuse_kept(path)?;
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
        refuse_kept(&target)?;
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
    fn a_file_that_is_worked_on_is_no_target_by_any_of_its_names() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("城市.gpkg");
        fs::write(&path, "city").expect("written");
        let kept = Kept::new(&path);
        let also = folder.path().join(".").join("城市.gpkg");
        assert!(matches!(write(&also, true, |out| Ok(out.write_all(b"new")?)), Err(WriteError::Kept { .. })));
        assert!(matches!(write_files(&also, true, |at| Ok(fs::write(at, "new")?)), Err(WriteError::Kept { .. })));
        check(folder.path(), &path, "city");
        drop(kept);
        write(&also, true, |out| Ok(out.write_all(b"new")?)).expect("nobody keeps it");
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
