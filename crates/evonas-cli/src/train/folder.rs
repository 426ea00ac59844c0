//! The folder that a training is kept in.

use std::path::{Path, PathBuf};

use evonas::records::FolderLock;
use evonas::replace_file;
use evonas::search::journal::{LockPolicy, RecordError};

use crate::Failure;

/// A folder in which no other process trains while this one lives.
pub(super) struct Folder {
    path: PathBuf,
    _lock: FolderLock,
}

impl Folder {
    pub(super) fn open(path: &Path, policy: LockPolicy) -> Result<Self, Failure> {
        let locked = FolderLock::acquire(path, "training.lock", policy);
        let lock = locked.map_err(|error| match error {
            RecordError::InUse(_) => {
                let path = path.display();
                format!("another process is training in the folder {path}").into()
            }
            error => Failure::from(error),
        })?;
        Ok(Self {
            path: path.to_owned(),
            _lock: lock,
        })
    }

    /// The path of a file in it.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Replaces a file as a whole.
    pub(super) fn write(&self, name: &str, text: &str) -> Result<(), Failure> {
        let file = self.path(name);
        replace_file::write(&file, text)
            .map_err(|error| format!("can't write {}: {error}", file.display()).into())
    }
}
