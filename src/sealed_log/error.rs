//! Why a record can't be read or written.

use std::io;
use std::path::PathBuf;

use super::kind::RecordKind;
use crate::excerpt::{passage, shown};

/// Why a record on disk, a search's journal or a comparison's runs, can't be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// Another process is using the record.
    #[error("{} is in use by another process", shown(.0))]
    InUse(PathBuf),
    /// The file system has no locks, so that nothing would keep a second process from writing the record
    /// ([`LockPolicy`](crate::search::journal::LockPolicy)).
    #[error(
        "{} can't be locked: {source}. If no other process uses it, make the lock optional",
        shown(path)
    )]
    NoLock {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// There is no record.
    #[error("{} does not exist, so nothing is recorded there", shown(.0))]
    Missing(PathBuf),
    /// The file was removed, or another one replaced it, while it was written.
    #[error(
        "{} was removed or replaced while it was written, so what followed is not recorded there",
        shown(.0)
    )]
    Removed(PathBuf),
    /// A file or folder can't be written: no permission, a full disk.
    #[error("can't write {}: {source}{}", shown(path), what_is_safe(*recorded))]
    Unwritable {
        /// The file or folder.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
        /// Whether lines were recorded before.
        recorded: bool,
    },
    /// The file can't be read.
    #[error("can't read {}: {source}", shown(path))]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// The content of a line has no JSON form.
    #[error("a {} can't be recorded as JSON: {source}", kind.entry)]
    NoJson {
        /// What is recorded.
        kind: &'static RecordKind,
        /// The serializer's error.
        source: serde_json::Error,
    },
    /// The file is of another kind, or the beginning of its first line is damaged.
    #[error(
        "{} is not {}: line 1 doesn't begin like a {}'s header",
        shown(path), kind.name, kind.noun
    )]
    OtherKind {
        /// The file.
        path: PathBuf,
        /// What was expected.
        kind: &'static RecordKind,
    },
    /// Another version of evonas wrote the file.
    #[error(
        "{} has format {found}, but this version of evonas reads format {supported}: resume it with the version that wrote it, or begin a new {}",
        shown(path), kind.task
    )]
    Format {
        /// The file.
        path: PathBuf,
        /// What it records.
        kind: &'static RecordKind,
        /// Its format.
        found: u64,
        /// The one that this version reads.
        supported: u64,
    },
    /// A line was changed since it was written, or one before it is missing.
    #[error("line {line} of {} is damaged: {}", shown(path), passage(reason))]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// What is wrong with the line.
        reason: String,
    },
}

/// The end of a message about a file that can't be written.
const fn what_is_safe(recorded: bool) -> &'static str {
    match recorded {
        true => "; what was recorded before is safe",
        false => "",
    }
}
