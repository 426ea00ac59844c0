//! Why a network can't leave or come back.

use std::io;
use std::path::{Path, PathBuf};

use crate::excerpt::{passage, shown};
use crate::network::{NetworkError, WeightsError};

/// Why a network can't be exported or imported.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// A file can't be written.
    #[error("{} can't be written: {error}", shown(path))]
    Write {
        /// The file.
        path: PathBuf,
        /// The system's error.
        error: io::Error,
    },
    /// The network is larger than a file of this format can be.
    #[error("the network takes {bytes} bytes, and a file of this format has at most {most}")]
    TooLarge {
        /// What it would take.
        bytes: u64,
        /// What the format allows.
        most: u64,
    },
    /// A file of an exported network can't be read.
    #[error("{} can't be read: {error}", shown(path))]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's error.
        error: io::Error,
    },
    /// A `config.json` doesn't describe a network of this crate.
    #[error("{} doesn't describe a network: {}", shown(path), passage(reason))]
    Description {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The weights can't be written, or don't fit the network.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// The network can't be built.
    #[error(transparent)]
    Network(#[from] NetworkError),
}

impl ExportError {
    pub(super) fn write(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |error| Self::Write { path, error }
    }
}
