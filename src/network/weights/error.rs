//! Why weights can't be saved or loaded.

use std::path::PathBuf;

use crate::excerpt::{excerpt, passage, shown};
use crate::network::error::NetworkError;

/// Why weights can't be saved or loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WeightsError {
    /// No format has the file's extension.
    #[error(
        "{}: weights are kept in files ending in .safetensors or .bpk",
        shown(path)
    )]
    UnknownFormat {
        /// The file.
        path: PathBuf,
    },
    /// The file can't be written.
    #[error("{} can't be written: {}", shown(path), passage(reason))]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The file can't be read, or isn't a weights file.
    #[error("{} can't be read: {}", shown(path), passage(reason))]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The file has weights but no description of their network.
    #[error(
        "{} doesn't describe its network; build the network and load the weights into it",
        shown(path)
    )]
    NoDescription {
        /// The file.
        path: PathBuf,
    },
    /// The network that the file describes can't be built.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// The file belongs to another architecture.
    #[error(
        "{} belongs to another network: parameter {}: {}",
        shown(path),
        excerpt(parameter),
        passage(reason)
    )]
    Mismatch {
        /// The file.
        path: PathBuf,
        /// The first parameter that doesn't fit.
        parameter: String,
        /// How it differs.
        reason: String,
    },
    /// All names and shapes agree, but the file belongs to another network: its pools, dilations,
    /// connections or settings differ.
    #[error("{} belongs to another network: {}", shown(path), passage(difference))]
    OtherNetwork {
        /// The file.
        path: PathBuf,
        /// What differs.
        difference: String,
    },
}
