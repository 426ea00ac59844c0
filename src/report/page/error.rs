//! Why there is no page.

use std::io;
use std::path::PathBuf;

use crate::excerpt::shown;
use crate::search::journal::JournalError;

/// Why a page can't be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PageError {
    /// A folder holds no journal, or not even its first line can be read. Damage that comes later is told in the page.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The page has no run.
    #[error("a page needs at least one run")]
    NoRuns,
    /// The file can't be written.
    #[error("can't write {}: {source}", shown(path))]
    Write {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
}
