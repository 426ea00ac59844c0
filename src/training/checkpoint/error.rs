//! Why a training can't be saved or resumed.

use std::path::PathBuf;

use crate::description::Difference;
use crate::excerpt::{excerpt, passage, shown};

/// Why a training can't be saved or resumed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// The file can't be written. An earlier checkpoint is unchanged.
    #[error("can't write the checkpoint {}: {}", shown(path), passage(reason))]
    Write {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// The training is in the middle of an epoch that ended early. An earlier checkpoint is
    /// unchanged.
    #[error("an epoch ended early, so the training can't be saved; resume its last checkpoint")]
    UnfinishedEpoch,
    /// The file can't be read, isn't a checkpoint, or is damaged.
    #[error("can't read the checkpoint {}: {}", shown(path), passage(reason))]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// Another version of this crate wrote the file.
    #[error(
        "the checkpoint {} has version {}, but this program reads version {supported}; \
         resume it with the program that wrote it",
        shown(path),
        excerpt(found)
    )]
    Version {
        /// The file.
        path: PathBuf,
        /// The file's version, as recorded.
        found: String,
        /// The version that this crate reads and writes.
        supported: u32,
    },
    /// The file belongs to another training.
    #[error(
        "the checkpoint {} belongs to another training: {difference}",
        shown(path)
    )]
    OtherTraining {
        /// The file.
        path: PathBuf,
        /// The first difference.
        difference: Difference,
    },
    /// The file belongs to another network.
    #[error(
        "the checkpoint {} belongs to another network: parameter {}: {}",
        shown(path),
        excerpt(parameter),
        passage(reason)
    )]
    OtherNetwork {
        /// The file.
        path: PathBuf,
        /// The first parameter that doesn't fit.
        parameter: String,
        /// Why not.
        reason: String,
    },
}
