//! A lock on a folder.

use std::path::Path;

use crate::sealed_log::{LockPolicy, LockedFile, RecordError};

/// Keeps other processes that lock the same folder out of it, until this and its clones are dropped or the process dies.
///
/// A search's folder is locked by its journal ([`Journal::lock`](crate::search::Journal::lock)); this is for other work
/// that only one process may do in a folder, such as a training.
///
/// ```
/// use evonas::records::FolderLock;
/// use evonas::search::journal::LockPolicy;
///
/// # let scratch = tempfile::tempdir()?;
/// # let folder = scratch.path().join("trained");
/// let lock = FolderLock::acquire(&folder, "training.lock", LockPolicy::Required)?;
/// assert!(FolderLock::acquire(&folder, "training.lock", LockPolicy::Required).is_err());
/// drop(lock);
/// assert!(FolderLock::acquire(&folder, "training.lock", LockPolicy::Required).is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct FolderLock {
    _file: LockedFile,
}

impl FolderLock {
    /// Locks a folder, which is created if necessary.
    ///
    /// - `name`: the name of the file in it that is locked. It stays, empty.
    ///
    /// # Errors
    /// [`RecordError::InUse`] if another process has the lock, [`RecordError::NoLock`] if the file system has no locks
    /// and `policy` requires one, and [`RecordError::Unwritable`] if the folder or the file can't be written.
    pub fn acquire(
        folder: impl AsRef<Path>,
        name: &str,
        policy: LockPolicy,
    ) -> Result<Self, RecordError> {
        let file = LockedFile::open(&folder.as_ref().join(name), policy)?;
        Ok(Self { _file: file })
    }
}
