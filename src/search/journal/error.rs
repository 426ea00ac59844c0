//! What can be wrong with a journal.

use std::io;
use std::path::PathBuf;

use crate::algorithm::TellError;
use crate::description::Difference;
use crate::sealed_log::LogError;
use crate::trial::TrialId;

/// A journal that can't be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// The folder holds a journal already.
    #[error("{} holds a search already; resume it, or choose another folder", .0.display())]
    Occupied(PathBuf),
    /// There is no journal.
    #[error("{} does not exist, so there is nothing to resume", .0.display())]
    Missing(PathBuf),
    /// The file is there, but nothing was recorded yet.
    #[error("{} holds no search yet", .0.display())]
    Empty(PathBuf),
    /// Another process is searching there.
    #[error("{} is in use by another process", .0.display())]
    InUse(PathBuf),
    /// A file or folder can't be written: no permission, a full disk.
    #[error("can't write {}: {source}; what was recorded before is safe", path.display())]
    Unwritable {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file can't be read.
    #[error("can't read {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A genotype has no JSON form.
    #[error("a genotype can't be recorded as JSON: {source}")]
    NoJson {
        /// What the serializer said.
        source: serde_json::Error,
    },
    /// A genotype's JSON doesn't give the genotype back, so that no search could be resumed from it:
    /// a float that is not finite, say, which JSON has no form for.
    #[error("the genotype of trial {trial}, {genotype}, can't be recorded as JSON: {reason}")]
    ChangedByJson {
        /// The trial.
        trial: TrialId,
        /// Its genotype.
        genotype: String,
        /// What its JSON gives.
        reason: String,
    },
    /// The file is something else, or the first bytes of its first line are damaged.
    #[error("{} is not a journal of evonas: line 1 does not begin like the header of one", .0.display())]
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
    /// A line is not as it was written.
    #[error("line {line} of {} is damaged: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// A line is as it was written, but its genotype is none of the type that is asked for.
    #[error(
        "line {line} of {}: the genotype is of another type than the one to read: {reason}",
        path.display()
    )]
    OtherGenotype {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// What of it can't be read.
        reason: String,
    },
    /// The journal is one of another search.
    #[error("{} records another search: {difference}", path.display())]
    OtherSearch {
        /// The file.
        path: PathBuf,
        /// The first setting of the seed, space, algorithm or evaluator that differs.
        difference: Difference,
    },
    /// The algorithm does not ask for what it asked for then.
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
        /// What is recorded.
        recorded: String,
        /// What the algorithm asks for.
        now: String,
    },
    /// The algorithm does not take a recorded outcome.
    #[error("line {line} of {}: {source}", path.display())]
    Tell {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// What the algorithm says.
        source: TellError,
    },
}

impl From<LogError> for JournalError {
    fn from(error: LogError) -> Self {
        match error {
            LogError::InUse(path) => Self::InUse(path),
            LogError::Missing(path) => Self::Missing(path),
            LogError::Unwritable { path, source } => Self::Unwritable { path, source },
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
