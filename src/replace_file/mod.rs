//! Writing a file of results: the one way for all of them.
//!
//! A file is replaced as a whole, so that a reader, or a process after a crash, finds either the old file or the
//! new one, and a full disk leaves the old one. Symbolic links stay: the file that they lead to is replaced. What
//! isn't a regular file (a device, a FIFO) is written to. A folder or a socket is refused before anything is
//! written.
//!
//! A record that grows line by line, such as the journal, isn't written like this.

mod destination;
mod scratch;

use std::fs;
#[cfg(feature = "burn")]
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use destination::Destination;
use scratch::ScratchFile;

/// Writes a file as this module does.
///
/// Only one process may write a file at a time. The new file has the same name with `.new` appended until it is
/// complete; if the process is killed then, it stays, and the next write replaces it.
///
/// # Errors
/// The system's error; [`io::ErrorKind::IsADirectory`] for a folder and [`io::ErrorKind::InvalidInput`] for a
/// socket.
pub fn write(path: impl AsRef<Path>, contents: impl AsRef<[u8]>) -> io::Result<()> {
    replace_file(path.as_ref(), |error| error, |new| fs::write(new, contents))
}

/// As [`fn@write`], with contents that `write` writes to the path that it is given.
pub(crate) fn replace_file<T, E>(
    path: &Path,
    failed: impl Fn(io::Error) -> E,
    write: impl FnOnce(&Path) -> Result<T, E>,
) -> Result<T, E> {
    match Destination::of(path).map_err(&failed)? {
        Destination::File(file) => replace(&file, failed, write),
        Destination::Stream => write_through(path, failed, write),
    }
}

/// Like [`replace_file`], but returns only when the new file is on the disk.
#[cfg(feature = "burn")]
pub(crate) fn replace_file_durably<E>(
    path: &Path,
    failed: impl Fn(io::Error) -> E,
    write: impl FnOnce(&Path) -> Result<(), E>,
) -> Result<(), E> {
    let file = match Destination::of(path).map_err(&failed)? {
        Destination::File(file) => file,
        // What is behind a stream decides for itself.
        Destination::Stream => return write_through(path, failed, write),
    };
    replace(&file, &failed, |new| {
        write(new)?;
        let file = File::options().write(true).open(new);
        file.and_then(|file| file.sync_all()).map_err(&failed)
    })?;
    // Its name must be on the disk too, where a folder can be opened.
    match file.parent() {
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

fn replace<T, E>(
    file: &Path,
    failed: impl Fn(io::Error) -> E,
    write: impl FnOnce(&Path) -> Result<T, E>,
) -> Result<T, E> {
    let new = new_path(file);
    let written = write(&new);
    let replaced = written.and_then(|value| fs::rename(&new, file).map(|()| value).map_err(failed));
    replaced.inspect_err(|_| {
        // Half a file is of no use. If it can't be removed either, the error says why.
        let _ = fs::remove_file(&new);
    })
}

/// Writes a scratch file first, because formats differ in how they write a file, and a stream should get all of it
/// or nothing.
fn write_through<T, E>(
    stream: &Path,
    failed: impl Fn(io::Error) -> E,
    write: impl FnOnce(&Path) -> Result<T, E>,
) -> Result<T, E> {
    let scratch = ScratchFile::create().map_err(&failed)?;
    let value = write(scratch.path())?;
    scratch.copy_to(stream).map_err(failed)?;
    Ok(value)
}

fn new_path(path: &Path) -> PathBuf {
    let mut new = path.as_os_str().to_owned();
    new.push(".new");
    new.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "burn")]
    fn text(text: &str) -> impl FnOnce(&Path) -> io::Result<()> {
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
            write(&path, text).unwrap();
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

    #[cfg(unix)]
    #[test]
    fn a_link_stays_and_the_file_behind_it_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let (link, file) = (folder.path().join("link"), folder.path().join("file"));
        std::os::unix::fs::symlink("file", &link).unwrap();
        for text in ["first", "second"] {
            write(&link, text).unwrap();
            assert_eq!(fs::read_link(&link).unwrap(), Path::new("file"));
            assert!(fs::symlink_metadata(&file).unwrap().is_file());
            assert_eq!(fs::read_to_string(&file).unwrap(), text);
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    /// What a FIFO gets when `write` writes to it; it must still be there.
    #[cfg(unix)]
    fn through_a_fifo(write: impl FnOnce(&Path) -> io::Result<()>) -> String {
        let folder = tempfile::tempdir().unwrap();
        let fifo = folder.path().join("fifo");
        let made = std::process::Command::new("mkfifo").arg(&fifo).status();
        assert!(made.unwrap().success());
        let reader = {
            let fifo = fifo.clone();
            std::thread::spawn(move || fs::read_to_string(fifo).unwrap())
        };
        write(&fifo).unwrap();
        assert!(!fs::metadata(&fifo).unwrap().is_file());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        reader.join().unwrap()
    }

    #[cfg(unix)]
    #[test]
    fn a_fifo_gets_all_that_is_written_and_stays() {
        let read = through_a_fifo(|fifo| write(fifo, "all of it"));
        assert_eq!(read, "all of it");
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_is_refused_before_anything_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let wrote = |_: &Path| -> io::Result<()> { panic!("it was written") };
        let error = replace_file(folder.path(), |error| error, wrote).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::IsADirectory);
    }

    #[cfg(feature = "burn")]
    #[test]
    fn a_file_on_the_disk_is_replaced_as_well() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("weights");
        for contents in ["first", "second"] {
            replace_file_durably(&path, |error| error, text(contents)).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), contents);
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        let nowhere = folder.path().join("nowhere").join("weights");
        replace_file_durably(&nowhere, |error| error, text("some")).unwrap_err();
    }

    #[cfg(all(feature = "burn", unix))]
    #[test]
    fn a_fifo_has_no_disk_to_wait_for() {
        let read =
            through_a_fifo(|fifo| replace_file_durably(fifo, |error| error, text("all of it")));
        assert_eq!(read, "all of it");
    }
}
