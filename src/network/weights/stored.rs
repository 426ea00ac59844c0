//! What a file of weights holds.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use burn::store::burn_pack::{Reader, Tensor as StoredTensor};
use burn::store::{ModuleSnapshot, ModuleStore, SafetensorsStore, bridge};
use burn::tensor::{DType, Device};
use serde::{Deserialize, Serialize};

use super::WeightsError;
use super::written::{CHECKSUM, checksum};
use crate::network::{CellNetwork, LayerPath, LayerPlan, NetworkConfig, NetworkPlan};
use crate::randomness::stream;
use crate::spaces::nasnet::NasnetGenotype;

/// The metadata entry that describes the network.
pub(super) const DESCRIPTION: &str = "evonas.network";

/// What a file says of its network.
#[derive(Serialize, Deserialize)]
pub(super) struct Description {
    /// Of this format.
    version: u32,
    pub(super) genotype: NasnetGenotype,
    pub(super) config: NetworkConfig,
}

const VERSION: u32 = 1;

impl Description {
    pub(super) fn of(network: &CellNetwork) -> Self {
        Self {
            version: VERSION,
            genotype: network.genotype().clone(),
            config: network.config().clone(),
        }
    }
}

#[derive(Clone, Copy)]
pub(super) enum Format {
    Burnpack,
    Safetensors,
}

impl Format {
    pub(super) fn of(path: &Path) -> Result<Self, WeightsError> {
        let extension = path.extension().and_then(|extension| extension.to_str());
        match extension.map(str::to_ascii_lowercase).as_deref() {
            Some("bpk") => Ok(Self::Burnpack),
            Some("safetensors") => Ok(Self::Safetensors),
            _ => Err(WeightsError::UnknownFormat {
                path: path.to_owned(),
            }),
        }
    }
}

/// The tensors of a layer in a file: name and shape.
fn tensors_of(place: LayerPath, layer: &LayerPlan) -> Vec<(String, Vec<usize>)> {
    let norm = |prefix: &str, channels: usize| {
        ["gamma", "beta", "running_mean", "running_var"]
            .map(|name| (format!("{place}.{prefix}{name}"), vec![channels]))
    };
    let weight = |name: &str, shape: Vec<usize>| (format!("{place}.{name}"), shape);
    match layer {
        LayerPlan::Convolution(plan) => {
            let [height, width] = plan.kernel;
            let shape = vec![plan.output, plan.input / plan.groups, height, width];
            vec![weight("weight", shape)]
        }
        LayerPlan::BatchNorm { channels } => norm("", *channels).into(),
        LayerPlan::FactorizedReduction { input, output } => {
            let path = |output| vec![output, *input, 1, 1];
            let mut tensors = vec![
                weight("first.weight", path(output / 2)),
                weight("second.weight", path(output - output / 2)),
            ];
            tensors.extend(norm("norm.", *output));
            tensors
        }
        LayerPlan::Linear { input, output } => vec![
            weight("weight", vec![*input, *output]),
            weight("bias", vec![*output]),
        ],
        LayerPlan::Relu
        | LayerPlan::Pool(_)
        | LayerPlan::GlobalAveragePool
        | LayerPlan::Dropout { .. }
        | LayerPlan::DropPath { .. } => Vec::new(),
    }
}

/// What a file holds.
pub(super) struct Stored {
    pub(super) metadata: BTreeMap<String, String>,
    tensors: Vec<StoredTensor>,
}

impl Stored {
    pub(super) fn description(&self, path: &Path) -> Result<Option<Description>, WeightsError> {
        let Some(text) = self.metadata.get(DESCRIPTION) else {
            return Ok(None);
        };
        let failed = |reason: String| WeightsError::Read {
            path: path.to_owned(),
            reason: format!("its description of the network: {reason}"),
        };
        let description: Description =
            serde_json::from_str(text).map_err(|error| failed(error.to_string()))?;
        if description.version != VERSION {
            return Err(failed(format!(
                "it is of version {}, and this program reads version {VERSION}",
                description.version
            )));
        }
        Ok(Some(description))
    }

    /// Compares every tensor's name, shape and type with a network's, in the network's order.
    pub(super) fn check(&self, plan: &NetworkPlan, path: &Path) -> Result<(), WeightsError> {
        let mut stored: HashMap<&str, &StoredTensor> = self
            .tensors
            .iter()
            .map(|tensor| (tensor.name.as_str(), tensor))
            .collect();
        let mut first: Option<(String, String)> = None;
        plan.visit(&mut |place, layer, _, _| {
            if first.is_some() {
                return;
            }
            for (name, shape) in tensors_of(place, layer) {
                let reason = match stored.remove(name.as_str()) {
                    None => "the file doesn't have it".to_owned(),
                    Some(found) if found.shape.to_vec() != shape => format!(
                        "it has shape {:?} in the file and {shape:?} in the network",
                        found.shape.to_vec()
                    ),
                    Some(found) if found.dtype != DType::F32 => format!(
                        "it is of type {:?} in the file and F32 in the network",
                        found.dtype
                    ),
                    Some(_) => continue,
                };
                first = Some((name, reason));
                return;
            }
        });
        let first = first.or_else(|| {
            let name = stored.into_keys().min()?;
            Some((name.to_owned(), "the network doesn't have it".to_owned()))
        });
        match first {
            None => Ok(()),
            Some((parameter, reason)) => Err(WeightsError::Mismatch {
                path: path.to_owned(),
                parameter,
                reason,
            }),
        }
    }

    /// The network that these weights were checked against.
    pub(super) fn build(
        self,
        genotype: &NasnetGenotype,
        config: &NetworkConfig,
        device: &Device,
        path: &Path,
    ) -> Result<CellNetwork, WeightsError> {
        // These weights are about to be replaced; any will do.
        let mut network = CellNetwork::new(genotype, config, &mut stream(0, 0), device)?;
        let result = network.apply(self.tensors, None, None, true);
        match result.errors.first() {
            Some(error) => Err(WeightsError::Read {
                path: path.to_owned(),
                reason: error.to_string(),
            }),
            None => Ok(network),
        }
    }

    pub(super) fn read(path: &Path) -> Result<Self, WeightsError> {
        let stored = Self::read_unchecked(path)?;
        // Files of other programs have none.
        let Some(wanted) = stored.metadata.get(CHECKSUM) else {
            return Ok(stored);
        };
        let failed = |reason: String| WeightsError::Read {
            path: path.to_owned(),
            reason,
        };
        let mut tensors = BTreeMap::new();
        for tensor in &stored.tensors {
            let data = bridge::to_data(tensor).map_err(|error| failed(error.to_string()))?;
            tensors.insert(tensor.name.clone(), data);
        }
        if checksum(&tensors, &stored.metadata) != *wanted {
            let reason = "it is damaged: its checksum is another than it says";
            return Err(failed(reason.to_owned()));
        }
        Ok(stored)
    }

    fn read_unchecked(path: &Path) -> Result<Self, WeightsError> {
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
                let metadata = reader.metadata().clone();
                let tensors = reader
                    .into_tensors()
                    .map_err(|error| failed(error.to_string()))?;
                Ok(Self { metadata, tensors })
            }
            Format::Safetensors => {
                let bytes = std::fs::read(path).map_err(|error| failed(error.to_string()))?;
                let (_, header) = safetensors::SafeTensors::read_metadata(&bytes)
                    .map_err(|error| failed(error.to_string()))?;
                let entries = header.metadata().clone().unwrap_or_default();
                let mut store = SafetensorsStore::from_bytes(Some(bytes));
                let tensors = store
                    .get_all_tensors()
                    .map_err(|error| failed(error.to_string()))?;
                Ok(Self {
                    metadata: entries.into_iter().collect(),
                    tensors: tensors.values().cloned().collect(),
                })
            }
        }
    }
}
