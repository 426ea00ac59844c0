//! Why a journal can't be used.

use std::io;
use std::path::PathBuf;

use crate::algorithm::TellError;
use crate::description::Difference;
use crate::sealed_log::{LogError, what_is_safe};
use crate::trial::TrialId;

/// Why a journal can't be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// The folder holds a journal already.
    #[error("{} holds a search already; resume it, or choose another folder", .0.display())]
    Occupied(PathBuf),
    /// There is no journal.
    #[error("{} does not exist, so no search is recorded there", .0.display())]
    Missing(PathBuf),
    /// The file exists, but nothing is recorded yet.
    #[error("{} contains no search yet", .0.display())]
    Empty(PathBuf),
    /// Another process is using the journal.
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
    /// The file can't be read.
    #[error("can't read {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// A genotype has no JSON form.
    #[error("a genotype can't be recorded as JSON: {source}")]
    NoJson {
        /// The serializer's error.
        source: serde_json::Error,
    },
    /// A genotype's JSON doesn't read back as the genotype, so no search could resume from it: a float that
    /// isn't finite, for example, has no JSON form.
    #[error("the genotype of trial {trial}, {genotype}, can't be recorded as JSON: {reason}")]
    ChangedByJson {
        /// The trial.
        trial: TrialId,
        /// Its genotype.
        genotype: String,
        /// What its JSON reads back as.
        reason: String,
    },
    /// The file is something else, or the beginning of its first line is damaged.
    #[error("{} is not an evonas journal: line 1 doesn't begin like a journal's header", .0.display())]
    NotAJournal(PathBuf),
    /// Another version of evonas wrote the file.
    #[error(
        "{} has format {found}, but this version of evonas reads format {supported}: resume it with the version that wrote it, or begin a new search",
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
    /// A line is intact, but its genotype has another type than expected.
    #[error(
        "line {line} of {}: the genotype has another type than expected: {reason}",
        path.display()
    )]
    OtherGenotype {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// Why it can't be read.
        reason: String,
    },
    /// The journal belongs to another search.
    #[error("{} records another search: {difference}", path.display())]
    OtherSearch {
        /// The file.
        path: PathBuf,
        /// The first setting of the seed, space, algorithm or evaluator that differs.
        difference: Difference,
    },
    /// The algorithm doesn't ask for the recorded trial.
    #[error(
        "line {line} of {}: the {what} of trial {trial} was {recorded}, but now the algorithm asks for {now}",
        path.display()
    )]
    OtherTrial {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// The trial.
        trial: TrialId,
        /// What differs: number, parent, seed or genotype.
        what: &'static str,
        /// The recorded value.
        recorded: String,
        /// The value that the algorithm asks for.
        now: String,
    },
    /// The algorithm refuses a recorded outcome.
    #[error("line {line} of {}: {source}", path.display())]
    Tell {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// Why the algorithm refuses it.
        source: TellError,
    },
}

impl From<LogError> for JournalError {
    fn from(error: LogError) -> Self {
        match error {
            LogError::InUse(path) => Self::InUse(path),
            LogError::Missing(path) => Self::Missing(path),
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
            LogError::OtherKind(path) => Self::NotAJournal(path),
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
