//! Why a training can't be written or gone on with.

use std::path::PathBuf;

/// Why a training can't be written or gone on with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// The file can't be written. What was there before still is.
    #[error("the checkpoint {} can't be written: {reason}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The file can't be read, is no checkpoint, or is damaged.
    #[error("the checkpoint {} can't be read: {reason}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The file is of another training.
    #[error("the checkpoint {} is of another training: {difference}", path.display())]
    OtherTraining {
        /// The file.
        path: PathBuf,
        /// The first difference.
        difference: String,
    },
    /// The file is of another network.
    #[error("the checkpoint {} is of another network: parameter {parameter}: {reason}", path.display())]
    Mismatch {
        /// The file.
        path: PathBuf,
        /// The first parameter that doesn't fit.
        parameter: String,
        /// Why not.
        reason: String,
    },
}
