//! Why a record of runs can't be used.

use std::io;
use std::path::PathBuf;

use crate::description::Difference;
use crate::sealed_log::{LogError, what_is_safe};

/// Why a record of runs can't be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunRecordError {
    /// The folder holds a comparison already.
    #[error("{} holds a comparison already; resume it, or choose another folder", .0.display())]
    Occupied(PathBuf),
    /// The folder holds the results of a comparison, but no record to resume from.
    #[error(
        "{} holds results of a comparison, but no record of its runs to resume; choose another folder",
        .0.display()
    )]
    NoRecord(PathBuf),
    /// Another process is using the record.
    #[error("{} is in use by another process", .0.display())]
    InUse(PathBuf),
    /// A file or folder can't be written: no permission, a full disk.
    #[error("can't write {}: {source}{}", path.display(), what_is_safe(*recorded))]
    Unwritable {
        /// The file or folder.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
        /// Whether the file has lines from before, which are safe.
        recorded: bool,
    },
    /// A run has no JSON form.
    #[error("a run can't be recorded as JSON: {source}")]
    NoJson {
        /// The serializer's error.
        source: serde_json::Error,
    },
    /// The file can't be read.
    #[error("can't read {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// The file is something else.
    #[error("{} is not a record of runs: line 1 doesn't begin like a record's header", .0.display())]
    NotARecord(PathBuf),
    /// Another version of evonas wrote the file.
    #[error(
        "{} has format {found}, but this version of evonas reads format {supported}: resume it with the version that wrote it, or begin a new comparison",
        path.display()
    )]
    Format {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u64,
        /// The one that this version reads.
        supported: u64,
    },
    /// A line was changed since it was written, or one before it is missing.
    #[error("line {line} of {} is damaged: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// What is wrong with the line.
        reason: String,
    },
    /// The record belongs to another comparison.
    #[error("{} records another comparison: {difference}", path.display())]
    OtherComparison {
        /// The file.
        path: PathBuf,
        /// The first setting that differs.
        difference: Difference,
    },
}

impl From<LogError> for RunRecordError {
    fn from(error: LogError) -> Self {
        match error {
            LogError::InUse(path) => Self::InUse(path),
            LogError::Missing(path) => Self::NoRecord(path),
            LogError::Unwritable {
                path,
                source,
                recorded,
            } => Self::Unwritable {
                path,
                source,
                recorded,
            },
            LogError::Unreadable { path, source } => Self::Unreadable { path, source },
            LogError::NoJson(source) => Self::NoJson { source },
            LogError::OtherKind(path) => Self::NotARecord(path),
            LogError::OtherFormat {
                path,
                found,
                supported,
            } => Self::Format {
                path,
                found,
                supported,
            },
            LogError::Damaged { path, line, reason } => Self::Damaged { path, line, reason },
        }
    }
}
