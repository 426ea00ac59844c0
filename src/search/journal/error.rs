//! Why a journal can't be used.

use std::path::PathBuf;

use crate::algorithm::TellError;
use crate::description::Difference;
use crate::excerpt::{passage, shown};
use crate::sealed_log::RecordError;
use crate::trial::TrialId;

/// Why a journal can't be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// The file is missing, in use, damaged or not a journal, or it can't be read or written.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The folder holds a journal already.
    #[error("{} holds a search already; resume it, or choose another folder", shown(.0))]
    Occupied(PathBuf),
    /// The file exists, but nothing is recorded yet.
    #[error("{} contains no search yet", shown(.0))]
    Empty(PathBuf),
    /// A genotype's JSON doesn't read back as the genotype, so no search could resume from it: a float that
    /// isn't finite, for example, has no JSON form.
    #[error(
        "the genotype of trial {trial}, {genotype}, can't be recorded as JSON: {}",
        passage(reason)
    )]
    ChangedByJson {
        /// The trial.
        trial: TrialId,
        /// Its genotype.
        genotype: String,
        /// What its JSON reads back as.
        reason: String,
    },
    /// A line is intact, but its genotype has another type than expected.
    #[error(
        "line {line} of {}: the genotype has another type than expected: {}",
        shown(path),
        passage(reason)
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
    #[error("{} records another search: {difference}", shown(path))]
    OtherSearch {
        /// The file.
        path: PathBuf,
        /// The first setting of the seed, space, algorithm or evaluator that differs.
        difference: Difference,
    },
    /// The genotypes of the recorded warm start are of another type.
    #[error(
        "the genotypes of the recorded warm start can't be read: {}",
        passage(reason)
    )]
    OtherWarmStart {
        /// What is wrong with them.
        reason: String,
    },
    /// The algorithm doesn't propose the recorded trial.
    #[error(
        "line {line} of {}: the {what} of trial {trial} was {recorded}, but now it is {now}",
        shown(path)
    )]
    OtherTrial {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// The trial.
        trial: TrialId,
        /// What differs: number, parent, mate, the trial that it continues, seed, fidelity or genotype.
        what: &'static str,
        /// The recorded value.
        recorded: String,
        /// The value now.
        now: String,
    },
    /// The algorithm refuses a recorded outcome.
    #[error("line {line} of {}: {source}", shown(path))]
    Tell {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// Why the algorithm refuses it.
        source: TellError,
    },
}
