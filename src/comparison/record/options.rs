//! How a record of runs is opened.

use std::fs;
use std::path::Path;

use super::{FILE_NAME, RESULTS, RunRecord};
use crate::comparison::ComparisonError;
use crate::sealed_log::LockPolicy;

/// How a record of runs is opened ([`RunRecord::options`]).
///
/// ```
/// use evonas::comparison::{LockPolicy, RunRecord};
///
/// # let scratch = tempfile::tempdir()?;
/// # let folder = scratch.path();
/// let record = RunRecord::options().lock(LockPolicy::Optional).create(folder)?;
/// # assert!(record.path().exists());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct RunRecordOptions {
    lock: LockPolicy,
}

impl RunRecordOptions {
    /// Whether the record must be locked ([`LockPolicy::Required`] by default).
    pub const fn lock(mut self, policy: LockPolicy) -> Self {
        self.lock = policy;
        self
    }

    /// As [`RunRecord::create`].
    ///
    /// # Errors
    /// As [`RunRecord::create`].
    pub fn create(&self, folder: impl AsRef<Path>) -> Result<RunRecord, ComparisonError> {
        let folder = folder.as_ref();
        let occupied = || ComparisonError::Occupied(folder.to_owned());
        if folder.join(RESULTS).exists() {
            return Err(occupied());
        }
        let record = RunRecord::lock(folder, self.lock)?;
        // Only now can no other process begin one.
        match holds_record(folder) {
            true => Err(occupied()),
            false => Ok(record),
        }
    }

    /// As [`RunRecord::open_or_create`].
    ///
    /// # Errors
    /// As [`RunRecord::open_or_create`].
    pub fn open_or_create(&self, folder: impl AsRef<Path>) -> Result<RunRecord, ComparisonError> {
        let folder = folder.as_ref();
        match !holds_record(folder) && folder.join(RESULTS).exists() {
            true => Err(ComparisonError::NoRecord(folder.to_owned())),
            false => RunRecord::lock(folder, self.lock),
        }
    }
}

/// Whether there is a record that isn't empty.
fn holds_record(folder: &Path) -> bool {
    fs::metadata(folder.join(FILE_NAME)).is_ok_and(|file| file.len() > 0)
}
