//! The folder that a training is kept in.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use evonas::replace_file;
use evonas::search::journal::LockPolicy;

use crate::Failure;

/// A folder in which no other process trains while this one lives.
pub(super) struct Folder {
    path: PathBuf,
    /// Locked until it is dropped, or the process dies.
    _lock: File,
}

impl Folder {
    pub(super) fn open(path: &Path, policy: LockPolicy) -> Result<Self, Failure> {
        fs::create_dir_all(path)
            .map_err(|error| format!("can't create the folder {}: {error}", path.display()))?;
        let file = path.join("training.lock");
        let lock = File::options()
            .write(true)
            .create(true)
            .truncate(false)
            .open(&file)
            .map_err(|error| format!("can't write {}: {error}", file.display()))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::Error(_)) if policy == LockPolicy::Optional => {}
            Err(TryLockError::WouldBlock) => {
                let path = path.display();
                return Err(format!("another process is training in the folder {path}").into());
            }
            Err(TryLockError::Error(error)) => {
                let file = file.display();
                return Err(format!(
                    "{file} can't be locked: {error}. If no other process uses the folder, add --lock optional"
                )
                .into());
            }
        }
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
