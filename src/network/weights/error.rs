//! Why weights can't be saved or loaded.

use std::path::PathBuf;

use crate::network::error::NetworkError;

/// Why weights can't be saved or loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WeightsError {
    /// No format has the file's extension.
    #[error("{}: weights are kept in files ending in .safetensors or .bpk", path.display())]
    UnknownFormat {
        /// The file.
        path: PathBuf,
    },
    /// The file can't be written.
    #[error("{} can't be written: {reason}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The file can't be read, or isn't a weights file.
    #[error("{} can't be read: {reason}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The file has weights but no description of their network.
    #[error(
        "{} doesn't describe its network; build the network and load the weights into it", path.display()
    )]
    NoDescription {
        /// The file.
        path: PathBuf,
    },
    /// The network that the file describes can't be built.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// The file belongs to another architecture.
    #[error("{} belongs to another network: parameter {parameter}: {reason}", path.display())]
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
    #[error("{} belongs to another network: {difference}", path.display())]
    OtherNetwork {
        /// The file.
        path: PathBuf,
        /// What differs.
        difference: String,
    },
}
