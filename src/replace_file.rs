//! Replacing a file atomically.

use std::fs;
#[cfg(feature = "burn")]
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// Replaces a file by one that `write` writes next to it. A reader, or a process after a crash, finds either
/// the old file or the new one, and if the disk is full the old one stays. Only one process may write a file
/// at a time.
///
/// The new file has the same name with `.new` appended. A killed process leaves it; the next write replaces
/// it.
pub(crate) fn replace_file<T, E>(
    path: &Path,
    failed: impl FnOnce(io::Error) -> E,
    write: impl FnOnce(&Path) -> Result<T, E>,
) -> Result<T, E> {
    let new = new_path(path);
    let written = write(&new);
    let replaced = written.and_then(|value| fs::rename(&new, path).map(|()| value).map_err(failed));
    replaced.inspect_err(|_| {
        // Half a file is of no use. If it can't be removed either, the error says why.
        let _ = fs::remove_file(&new);
    })
}

/// Like [`replace_file`], but returns only when the new file is on the disk.
#[cfg(feature = "burn")]
pub(crate) fn replace_file_durably<E>(
    path: &Path,
    failed: impl Fn(io::Error) -> E,
    write: impl FnOnce(&Path) -> Result<(), E>,
) -> Result<(), E> {
    replace_file(path, &failed, |new| {
        write(new)?;
        let file = File::options().write(true).open(new);
        file.and_then(|file| file.sync_all()).map_err(&failed)
    })?;
    // Its name must be on the disk too, where a folder can be opened.
    match path.parent() {
        Some(folder) if cfg!(unix) => {
            let folder = match folder.as_os_str().is_empty() {
                true => Path::new("."),
                false => folder,
            };
            let folder = File::open(folder);
            folder.and_then(|folder| folder.sync_all()).map_err(failed)
        }
        _ => Ok(()),
    }
}

fn new_path(path: &Path) -> PathBuf {
    let mut new = path.as_os_str().to_owned();
    new.push(".new");
    new.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(text: &str) -> impl FnOnce(&Path) -> io::Result<()> {
        move |new| fs::write(new, text)
    }

    #[test]
    fn a_file_is_replaced_and_nothing_else_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("best.json");
        // What a killed process left.
        fs::write(
            folder.path().join("best.json.new"),
            "half of it, and longer",
        )
        .unwrap();
        for text in ["first", "second"] {
            replace_file(&path, |error| error, write(text)).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_that_could_not_be_written_whole_leaves_the_old_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("best.json");
        fs::write(&path, "old").unwrap();
        let full = |new: &Path| {
            fs::write(new, "half")?;
            Err::<(), _>(io::Error::other("the disk is full"))
        };
        let result = replace_file(&path, |error| error, full);
        assert_eq!(result.unwrap_err().to_string(), "the disk is full");
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[cfg(feature = "burn")]
    #[test]
    fn a_file_on_the_disk_is_replaced_as_well() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("weights");
        for text in ["first", "second"] {
            replace_file_durably(&path, |error| error, write(text)).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        let nowhere = folder.path().join("nowhere").join("weights");
        replace_file_durably(&nowhere, |error| error, write("some")).unwrap_err();
    }
}
