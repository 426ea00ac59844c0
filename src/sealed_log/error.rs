//! Why a log can't be read or written.

use std::io;
use std::path::PathBuf;

/// Why a log can't be read or written. The owner of the log turns it into its own error.
#[derive(Debug)]
pub(crate) enum LogError {
    /// Another process has locked it.
    InUse(PathBuf),
    /// It doesn't exist.
    Missing(PathBuf),
    Unwritable {
        path: PathBuf,
        source: io::Error,
        /// Whether lines were recorded before.
        recorded: bool,
    },
    Unreadable {
        path: PathBuf,
        source: io::Error,
    },
    /// The content can't be written as JSON.
    NoJson(serde_json::Error),
    /// It doesn't begin like a log of this kind.
    OtherKind(PathBuf),
    /// Another version wrote it.
    OtherFormat {
        path: PathBuf,
        found: u64,
        supported: u64,
    },
    /// A line was changed since it was written, or one before it is missing.
    Damaged {
        path: PathBuf,
        line: u64,
        reason: String,
    },
}

/// The end of a message about a file that can't be written.
pub(crate) const fn what_is_safe(recorded: bool) -> &'static str {
    match recorded {
        true => "; what was recorded before is safe",
        false => "",
    }
}
