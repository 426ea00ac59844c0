//! Exclusive access to a file.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::Path;

use super::error::RecordError;
use super::writer::Storage;
use crate::input::open_file;

/// A file to append to, locked against other processes until it is dropped.
#[derive(Debug)]
pub(crate) struct LockedFile(File);

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
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Err(RecordError::InUse(path.to_owned())),
            Err(TryLockError::Error(source)) => Err(unwritable(source)),
        }
    }

    /// The same file, to read it.
    pub(crate) fn reader(&self) -> io::Result<File> {
        self.0.try_clone()
    }
}

impl Drop for LockedFile {
    /// Unlocks the file now. Without this the lock would last until a process that is just being spawned,
    /// and shares the open file up to its start, is under way.
    fn drop(&mut self) {
        let _ = self.0.unlock();
    }
}

impl Write for LockedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl Storage for LockedFile {
    fn sync(&self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn set_length(&self, length: u64) -> io::Result<()> {
        self.0.set_len(length)
    }
}

/// Opens a log for reading only, even while another process has locked it.
pub(crate) fn open_read_only(path: &Path) -> Result<File, RecordError> {
    open_file(path).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => RecordError::Missing(path.to_owned()),
        _ => RecordError::Unreadable {
            path: path.to_owned(),
            source,
        },
    })
}
