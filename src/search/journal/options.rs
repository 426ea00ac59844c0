//! How a journal is opened.

use std::path::Path;

use super::{FILE_NAME, Journal, JournalError, LockPolicy, RecordError};

/// How a journal is opened ([`Journal::options`]).
///
/// ```
/// use evonas::search::Journal;
/// use evonas::search::journal::LockPolicy;
///
/// # let scratch = tempfile::tempdir()?;
/// # let folder = scratch.path();
/// let journal = Journal::options().lock(LockPolicy::Optional).open_or_create(folder)?;
/// # assert!(!journal.is_resumed());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct JournalOptions {
    lock: LockPolicy,
}

impl JournalOptions {
    /// Whether the journal must be locked ([`LockPolicy::Required`] by default).
    pub const fn lock(mut self, policy: LockPolicy) -> Self {
        self.lock = policy;
        self
    }

    /// As [`Journal::create`].
    ///
    /// # Errors
    /// As [`Journal::create`].
    pub fn create(&self, folder: impl AsRef<Path>) -> Result<Journal, JournalError> {
        let journal = self.open_or_create(folder)?;
        match journal.is_resumed() {
            true => Err(JournalError::Occupied(journal.path)),
            false => Ok(journal),
        }
    }

    /// As [`Journal::open`].
    ///
    /// # Errors
    /// As [`Journal::open`].
    pub fn open(&self, folder: impl AsRef<Path>) -> Result<Journal, JournalError> {
        let path = folder.as_ref().join(FILE_NAME);
        match path.exists() {
            true => Journal::of(path, self.lock),
            false => Err(RecordError::Missing(path).into()),
        }
    }

    /// As [`Journal::open_or_create`].
    ///
    /// # Errors
    /// As [`Journal::open_or_create`].
    pub fn open_or_create(&self, folder: impl AsRef<Path>) -> Result<Journal, JournalError> {
        Journal::of(folder.as_ref().join(FILE_NAME), self.lock)
    }
}
