//! Networks in files: weights, configuration and genotype in one, so that the file rebuilds the
//! network.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use burn::store::burn_pack::{Reader, Tensor as StoredTensor, Writer};
use burn::store::{ModuleSnapshot, ModuleStore, SafetensorsStore};
use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use super::{CellNetwork, NetworkConfig, NetworkError};
use crate::randomness::stream;
use crate::spaces::nasnet::NasnetGenotype;

/// The metadata entry that describes the network.
const ENTRY: &str = "evonas.network";

/// What a file says of its network.
#[derive(Serialize, Deserialize)]
struct Description {
    genotype: NasnetGenotype,
    config: NetworkConfig,
}

#[derive(Clone, Copy)]
enum Format {
    Burnpack,
    Safetensors,
}

impl Format {
    fn of(path: &Path) -> Result<Self, WeightsError> {
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("bpk") => Ok(Self::Burnpack),
            Some("safetensors") => Ok(Self::Safetensors),
            _ => Err(WeightsError::UnknownFormat {
                path: path.to_owned(),
            }),
        }
    }
}

impl CellNetwork {
    /// Writes weights, batch norm's running statistics, configuration and genotype to a file:
    /// `.safetensors` or Burn's own `.bpk`, by its extension. A file that is there is replaced, and
    /// only by a complete one.
    ///
    /// # Errors
    /// [`WeightsError`] if the extension is another, or the file can't be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), WeightsError> {
        let path = path.as_ref();
        let description = Description {
            genotype: self.genotype().clone(),
            config: self.config().clone(),
        };
        let failed = |reason: String| WeightsError::Write {
            path: path.to_owned(),
            reason,
        };
        let description =
            serde_json::to_string(&description).map_err(|error| failed(error.to_string()))?;
        match Format::of(path)? {
            Format::Burnpack => Writer::new(self.collect(None, None, true))
                .with_metadata(ENTRY, &description)
                .overwrite(true)
                .write_to_file(path)
                .map_err(|error| failed(error.to_string())),
            Format::Safetensors => SafetensorsStore::from_file(path)
                .skip_enum_variants(true)
                .overwrite(true)
                .metadata(ENTRY, description)
                .collect_from(self)
                .map_err(|error| failed(error.to_string())),
        }
    }

    /// Rebuilds the network of a file that [`CellNetwork::save`] wrote. To train it on, the device
    /// must have autodiff.
    ///
    /// # Errors
    /// [`WeightsError`] if the file can't be read, was not written by [`CellNetwork::save`], or is
    /// damaged.
    pub fn load(path: impl AsRef<Path>, device: &Device) -> Result<Self, WeightsError> {
        let path = path.as_ref();
        let stored = Stored::read(path)?;
        let Some(description) = stored.description else {
            return Err(WeightsError::NoDescription {
                path: path.to_owned(),
            });
        };
        let Description { genotype, config } =
            serde_json::from_str(&description).map_err(|error| WeightsError::Read {
                path: path.to_owned(),
                reason: format!("its description of the network: {error}"),
            })?;
        // The weights are about to be replaced; any will do.
        let network = Self::new(&genotype, &config, &mut stream(0, 0), device)?;
        network.apply_stored(stored.tensors, path)
    }

    /// This network with the weights and running statistics of a file, whether or not the file says
    /// of which network they are.
    ///
    /// # Errors
    /// [`WeightsError`] if the file can't be read, or is of another architecture: then the first
    /// parameter that doesn't fit is named.
    pub fn with_weights(&self, path: impl AsRef<Path>) -> Result<Self, WeightsError> {
        let path = path.as_ref();
        let stored = Stored::read(path)?;
        self.clone().apply_stored(stored.tensors, path)
    }

    fn apply_stored(
        mut self,
        tensors: Vec<StoredTensor>,
        path: &Path,
    ) -> Result<Self, WeightsError> {
        self.check(&tensors, path)?;
        let result = self.apply(tensors, None, None, true);
        match result.errors.first() {
            Some(error) => Err(WeightsError::Read {
                path: path.to_owned(),
                reason: error.to_string(),
            }),
            None => Ok(self),
        }
    }

    /// Compares every parameter's name, shape and type, in the network's order.
    fn check(&self, tensors: &[StoredTensor], path: &Path) -> Result<(), WeightsError> {
        let mut stored: HashMap<&str, &StoredTensor> = tensors
            .iter()
            .map(|tensor| (tensor.name.as_str(), tensor))
            .collect();
        let mismatch = |parameter: &str, reason: String| WeightsError::Mismatch {
            path: path.to_owned(),
            parameter: parameter.to_owned(),
            reason,
        };
        for expected in self.collect(None, None, true) {
            let name = expected.name.as_str();
            let Some(found) = stored.remove(name) else {
                return Err(mismatch(name, "the file doesn't have it".to_owned()));
            };
            if found.shape != expected.shape {
                let reason = format!(
                    "it has shape {:?} in the file and {:?} in the network",
                    found.shape.to_vec(),
                    expected.shape.to_vec()
                );
                return Err(mismatch(name, reason));
            }
            if found.dtype != expected.dtype {
                let reason = format!(
                    "it is of type {:?} in the file and {:?} in the network",
                    found.dtype, expected.dtype
                );
                return Err(mismatch(name, reason));
            }
        }
        match stored.into_keys().min() {
            Some(name) => Err(mismatch(name, "the network doesn't have it".to_owned())),
            None => Ok(()),
        }
    }
}

/// What a file holds.
struct Stored {
    description: Option<String>,
    tensors: Vec<StoredTensor>,
}

impl Stored {
    fn read(path: &Path) -> Result<Self, WeightsError> {
        let format = Format::of(path)?;
        let failed = |reason: String| WeightsError::Read {
            path: path.to_owned(),
            reason,
        };
        // Says "not found" and the like in the system's words, for both formats.
        std::fs::File::open(path).map_err(|error| failed(error.to_string()))?;
        match format {
            Format::Burnpack => {
                let reader =
                    Reader::from_file_exact(path).map_err(|error| failed(error.to_string()))?;
                let description = reader.metadata().get(ENTRY).cloned();
                let tensors = reader
                    .into_tensors()
                    .map_err(|error| failed(error.to_string()))?;
                Ok(Self {
                    description,
                    tensors,
                })
            }
            Format::Safetensors => {
                let bytes = std::fs::read(path).map_err(|error| failed(error.to_string()))?;
                let (_, metadata) = safetensors::SafeTensors::read_metadata(&bytes)
                    .map_err(|error| failed(error.to_string()))?;
                let description = metadata
                    .metadata()
                    .as_ref()
                    .and_then(|entries| entries.get(ENTRY).cloned());
                let mut store = SafetensorsStore::from_bytes(Some(bytes));
                let tensors = store
                    .get_all_tensors()
                    .map_err(|error| failed(error.to_string()))?;
                Ok(Self {
                    description,
                    tensors: tensors.values().cloned().collect(),
                })
            }
        }
    }
}

/// Weights that can't be saved or loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WeightsError {
    /// The file's extension is of no known format.
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
    /// The file can't be read, or is damaged.
    #[error("{} can't be read: {reason}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The file has weights, but doesn't say of which network.
    #[error(
        "{} doesn't say which network its weights are of; build the network and load the weights into it", path.display()
    )]
    NoDescription {
        /// The file.
        path: PathBuf,
    },
    /// The network that the file describes can't be.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// The file is of another architecture.
    #[error("{} is not of this network: parameter {parameter}: {reason}", path.display())]
    Mismatch {
        /// The file.
        path: PathBuf,
        /// The first parameter that doesn't fit.
        parameter: String,
        /// Why not.
        reason: String,
    },
}
