//! Exclusive access to a file.

use std::fs::{self, File, Metadata, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use super::error::RecordError;
use super::writer::Storage;

/// A file to append to, locked against other processes until it and its clones are dropped.
#[derive(Clone, Debug)]
pub(crate) struct LockedFile(Arc<UnlockedOnDrop>);

#[derive(Debug)]
struct UnlockedOnDrop(File);

impl LockedFile {
    /// Opens a file, or creates it with the folders that lead to it.
    pub(crate) fn open(path: &Path) -> Result<Self, RecordError> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|source| RecordError::Unwritable {
                path: folder.to_owned(),
                source,
                recorded: false,
            })?;
        }
        let unwritable = |source| RecordError::Unwritable {
            path: path.to_owned(),
            source,
            recorded: false,
        };
        let file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .open(path)
            .map_err(unwritable)?;
        match file.try_lock() {
            Ok(()) => Ok(Self(Arc::new(UnlockedOnDrop(file)))),
            Err(TryLockError::WouldBlock) => Err(RecordError::InUse(path.to_owned())),
            Err(TryLockError::Error(source)) => Err(unwritable(source)),
        }
    }

    /// The same file, to read it.
    pub(crate) fn reader(&self) -> io::Result<File> {
        self.file().try_clone()
    }

    fn file(&self) -> &File {
        &self.0.0
    }
}

impl Drop for UnlockedOnDrop {
    /// Unlocks the file now. Without this the lock would last until a process that is just being spawned,
    /// and shares the open file up to its start, is under way.
    fn drop(&mut self) {
        let _ = self.0.unlock();
    }
}

impl Write for LockedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file().flush()
    }
}

impl Storage for LockedFile {
    fn sync(&self) -> io::Result<()> {
        self.file().sync_data()
    }

    fn set_length(&self, length: u64) -> io::Result<()> {
        self.file().set_len(length)
    }

    fn is_at(&self, path: &Path) -> io::Result<bool> {
        match fs::metadata(path) {
            Ok(there) => Ok(is_same_file(&there, &self.file().metadata()?)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            // A folder in between has become a file.
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => Ok(false),
            Err(error) => Err(error),
        }
    }
}

#[cfg(unix)]
fn is_same_file(one: &Metadata, other: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;

    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

/// Files have no number that the standard library knows, so one that was replaced isn't noticed.
#[cfg(not(unix))]
fn is_same_file(_: &Metadata, _: &Metadata) -> bool {
    true
}

/// Opens a log for reading only, even while another process has locked it.
pub(crate) fn open_read_only(path: &Path) -> Result<File, RecordError> {
    File::open(path).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => RecordError::Missing(path.to_owned()),
        _ => RecordError::Unreadable {
            path: path.to_owned(),
            source,
        },
    })
}
