//! Reading weights files.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use burn::store::burn_pack::{Reader, Tensor as StoredTensor};
use burn::store::{ModuleSnapshot, bridge};
use burn::tensor::{BoolStore, Bytes, DType, Device};
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, Metadata};

use super::checksum::{CHECKSUM, checksum};
use super::claims;
use super::description::{DESCRIPTION, NetworkDescription};
use super::error::WeightsError;
use super::format::WeightsFormat;
use crate::network::config::NetworkConfig;
use crate::network::decoder::CellNetwork;
use crate::network::layers::LayerPlan;
use crate::network::plan::NetworkPlan;
use crate::network::walk::LayerPath;
use crate::randomness::stream;
use crate::spaces::nasnet::NasnetGenotype;

/// The tensors that a layer has in a file, by name and shape.
pub(super) fn tensors_of(path: LayerPath, layer: &LayerPlan) -> Vec<(String, Vec<usize>)> {
    let norm = |prefix: &str, channels: usize| {
        ["gamma", "beta", "running_mean", "running_var"]
            .map(|name| (format!("{path}.{prefix}{name}"), vec![channels]))
    };
    let weight = |name: &str, shape: Vec<usize>| (format!("{path}.{name}"), shape);
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

/// The tensors of a safetensors file, by name. `values` is what follows the header, whose offsets were checked.
fn stored_tensors(header: &Metadata, values: &[u8]) -> Result<Vec<StoredTensor>, String> {
    let tensors: BTreeMap<_, _> = header.tensors().into_iter().collect();
    tensors
        .into_iter()
        .map(|(name, info)| {
            let (begin, end) = info.data_offsets;
            let (Some(dtype), Some(bytes)) = (burn_type(info.dtype), values.get(begin..end)) else {
                return Err(format!("{name} has type {:?}", info.dtype));
            };
            let bytes = Bytes::from_bytes_vec(bytes.to_vec());
            let shape = info.shape.clone();
            Ok(StoredTensor::new(name, dtype, shape, None, bytes))
        })
        .collect()
}

/// Burn's name for a type.
const fn burn_type(dtype: Dtype) -> Option<DType> {
    Some(match dtype {
        Dtype::F64 => DType::F64,
        Dtype::F32 => DType::F32,
        Dtype::F16 => DType::F16,
        Dtype::BF16 => DType::BF16,
        Dtype::I64 => DType::I64,
        Dtype::I32 => DType::I32,
        Dtype::I16 => DType::I16,
        Dtype::I8 => DType::I8,
        Dtype::U64 => DType::U64,
        Dtype::U32 => DType::U32,
        Dtype::U8 => DType::U8,
        Dtype::BOOL => DType::Bool(BoolStore::Native),
        _ => return None,
    })
}

/// The contents of a weights file.
pub(super) struct StoredWeights {
    pub(super) metadata: BTreeMap<String, String>,
    /// Whether evonas wrote the file, which then had a checksum that isn't there.
    lacks_checksum: bool,
    pub(super) tensors: Vec<StoredTensor>,
}

impl StoredWeights {
    pub(super) fn description(
        &self,
        path: &Path,
    ) -> Result<Option<NetworkDescription>, WeightsError> {
        let text = self.metadata.get(DESCRIPTION);
        text.map(|text| NetworkDescription::parse(text, path))
            .transpose()
    }

    /// Checks that the names, shapes and types of all tensors are a network's. The error names the first
    /// one that differs, in the network's order.
    pub(super) fn check(&self, plan: &NetworkPlan, path: &Path) -> Result<(), WeightsError> {
        let mut stored: HashMap<&str, &StoredTensor> = self
            .tensors
            .iter()
            .map(|tensor| (tensor.name.as_str(), tensor))
            .collect();
        let mut first: Option<(String, String)> = None;
        plan.visit(&mut |layer_path, layer, _, _| {
            if first.is_some() {
                return;
            }
            for (name, shape) in tensors_of(layer_path, layer) {
                let reason = match stored.remove(name.as_str()) {
                    None => "the file doesn't have it".to_owned(),
                    Some(found) if found.shape.to_vec() != shape => format!(
                        "it has shape {:?} in the file and {shape:?} in the network",
                        found.shape.to_vec()
                    ),
                    Some(found) if found.dtype != DType::F32 => format!(
                        "it has type {:?} in the file and F32 in the network",
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

    /// Builds the network that these weights were checked against.
    pub(super) fn build(
        self,
        genotype: &NasnetGenotype,
        config: &NetworkConfig,
        device: &Device,
        path: &Path,
    ) -> Result<CellNetwork, WeightsError> {
        if self.lacks_checksum {
            return Err(WeightsError::Read {
                path: path.to_owned(),
                reason: "it describes its network, but its checksum was taken out, so it may have been changed"
                    .to_owned(),
            });
        }
        // The file's weights replace these, so any will do.
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

    /// Reads a safetensors file of another program.
    pub(super) fn read_foreign(path: &Path) -> Result<Self, WeightsError> {
        match WeightsFormat::of(path)? {
            WeightsFormat::Safetensors => Self::read_unchecked(path),
            WeightsFormat::Burnpack => Err(WeightsError::UnknownFormat {
                path: path.to_owned(),
            }),
        }
    }

    pub(super) fn read(path: &Path) -> Result<Self, WeightsError> {
        let mut stored = Self::read_unchecked(path)?;
        let Some(wanted) = stored.metadata.get(CHECKSUM) else {
            // Files of other programs have neither.
            stored.lacks_checksum = stored.metadata.contains_key(DESCRIPTION);
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
            let reason = "it is damaged: its contents don't match its checksum";
            return Err(failed(reason.to_owned()));
        }
        Ok(stored)
    }

    fn read_unchecked(path: &Path) -> Result<Self, WeightsError> {
        let format = WeightsFormat::of(path)?;
        let failed = |reason: String| WeightsError::Read {
            path: path.to_owned(),
            reason,
        };
        // A reader would speak of buffers and headers.
        fn described(error: impl ToString) -> String {
            let error = error.to_string();
            format!("it is cut short or damaged, or isn't a weights file ({error})")
        }
        let file = claims::open(path)?;
        match format {
            WeightsFormat::Burnpack => {
                let reader =
                    Reader::from_file_exact(path).map_err(|error| failed(described(error)))?;
                let metadata = reader.metadata().clone();
                let length = file.metadata().map_err(|error| failed(error.to_string()))?;
                // Names, shapes and the description come before the tensors.
                let tensors = length.len().saturating_sub(claims::MOST_HEADER_BYTES);
                claims::check_bytes(tensors, metadata.get(DESCRIPTION), path)?;
                let tensors = reader
                    .into_tensors()
                    .map_err(|error| failed(error.to_string()))?;
                Ok(Self {
                    metadata,
                    lacks_checksum: false,
                    tensors,
                })
            }
            WeightsFormat::Safetensors => {
                let bytes = claims::read_safetensors(file, path)?;
                let (header_bytes, header) =
                    SafeTensors::read_metadata(&bytes).map_err(|error| failed(described(error)))?;
                let entries = header.metadata().clone().unwrap_or_default();
                // Burn's store reads the whole header again for each tensor.
                let tensors = stored_tensors(&header, &bytes[size_of::<u64>() + header_bytes..]);
                let tensors = tensors.map_err(failed)?;
                Ok(Self {
                    metadata: entries.into_iter().collect(),
                    lacks_checksum: false,
                    tensors,
                })
            }
        }
    }
}
