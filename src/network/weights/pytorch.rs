//! Weights under the names and shapes that PyTorch's modules give them.
//!
//! A layer's path is the same. Batch norm's `gamma` and `beta` are PyTorch's `weight` and `bias`, beside which it counts
//! batches (`num_batches_tracked`); a linear layer's matrix is transposed.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use burn::module::Module;
use burn::store::bridge;
use burn::store::burn_pack::Tensor as StoredTensor;
use burn::tensor::{DType, Device, TensorData};

use super::error::WeightsError;
use super::format::WeightsFormat;
use super::stored::{StoredWeights, tensors_of};
use super::written::WrittenWeights;
use crate::network::config::NetworkConfig;
use crate::network::decoder::CellNetwork;
use crate::network::layers::LayerPlan;
use crate::network::plan::NetworkPlan;
use crate::spaces::nasnet::NasnetGenotype;

/// What batch norm counts in PyTorch, and no result depends on.
const COUNTER: &str = "num_batches_tracked";

/// A tensor here and in PyTorch.
struct NamedTensor {
    ours: String,
    theirs: String,
    /// Its shape in PyTorch.
    shape: Vec<usize>,
    is_transposed: bool,
}

/// All tensors of a network, in its order.
fn tensors(plan: &NetworkPlan) -> Vec<NamedTensor> {
    let mut tensors = Vec::new();
    plan.visit(&mut |path, layer, _, _| {
        let is_linear = matches!(layer, LayerPlan::Linear { .. });
        for (ours, mut shape) in tensors_of(path, layer) {
            let is_transposed = is_linear && shape.len() == 2;
            if is_transposed {
                shape.reverse();
            }
            let theirs = match ours.rsplit_once('.') {
                Some((module, "gamma")) => format!("{module}.weight"),
                Some((module, "beta")) => format!("{module}.bias"),
                _ => ours.clone(),
            };
            tensors.push(NamedTensor {
                ours,
                theirs,
                shape,
                is_transposed,
            });
        }
    });
    tensors
}

fn transposed(data: &TensorData) -> TensorData {
    let shape = data.shape().to_vec();
    let values: Vec<f32> = data.iter::<f32>().collect();
    let (rows, columns) = (shape[0], shape[1]);
    let turned = (0..columns).flat_map(|column| (0..rows).map(move |row| row * columns + column));
    let turned: Vec<f32> = turned.map(|index| values[index]).collect();
    TensorData::new(turned, [columns, rows])
}

impl CellNetwork {
    /// Writes a safetensors file for PyTorch.
    pub(crate) fn save_for_pytorch(&self, path: &Path) -> Result<(), WeightsError> {
        let failed = |reason: String| WeightsError::Write {
            path: path.to_owned(),
            reason,
        };
        let plan = NetworkPlan::new(self.genotype(), self.config())?;
        let metadata = BTreeMap::from([("format".to_owned(), "pt".to_owned())]);
        let mut written = WrittenWeights::new(&self.valid(), metadata).map_err(failed)?;
        written.without_checksum();
        let mut ours = std::mem::take(&mut written.tensors);
        for tensor in tensors(&plan) {
            let Some(mut data) = ours.remove(&tensor.ours) else {
                return Err(failed(format!("the network has no {}", tensor.ours)));
            };
            if tensor.is_transposed {
                data = transposed(&data);
            }
            if let Some(norm) = tensor.theirs.strip_suffix("running_mean") {
                let batches = TensorData::new(vec![0_i64], Vec::<usize>::new());
                written.tensors.insert(format!("{norm}{COUNTER}"), batches);
            }
            written.tensors.insert(tensor.theirs, data);
        }
        written.write(path, WeightsFormat::Safetensors)
    }

    /// The network with the weights of a safetensors file that PyTorch wrote.
    pub(crate) fn load_from_pytorch(
        genotype: &NasnetGenotype,
        config: &NetworkConfig,
        path: &Path,
        device: &Device,
    ) -> Result<Self, WeightsError> {
        let plan = NetworkPlan::new(genotype, config)?;
        let mut stored = StoredWeights::read_foreign(path)?;
        let theirs = std::mem::take(&mut stored.tensors).into_iter();
        let mut theirs: HashMap<String, StoredTensor> = theirs
            .filter(|tensor| tensor.name.rsplit('.').next() != Some(COUNTER))
            .map(|tensor| (tensor.name.clone(), tensor))
            .collect();
        for tensor in tensors(&plan) {
            let mismatch = |reason: String| WeightsError::Mismatch {
                path: path.to_owned(),
                parameter: tensor.theirs.clone(),
                reason,
            };
            let found = theirs.remove(&tensor.theirs);
            let found = found.ok_or_else(|| mismatch("the file doesn't have it".to_owned()))?;
            if found.shape.to_vec() != tensor.shape {
                return Err(mismatch(format!(
                    "it has shape {:?} in the file and {:?} in the network",
                    found.shape.to_vec(),
                    tensor.shape
                )));
            }
            if !matches!(
                found.dtype,
                DType::F64 | DType::F32 | DType::F16 | DType::BF16
            ) {
                return Err(mismatch(format!("it has type {:?}", found.dtype)));
            }
            let data = bridge::to_data(&found).map_err(|error| mismatch(error.to_string()))?;
            let mut data = data.convert::<f32>();
            if tensor.is_transposed {
                data = transposed(&data);
            }
            let is_variance = tensor.ours.ends_with("running_var");
            if let Some(bad) = data
                .iter::<f32>()
                .find(|value| !value.is_finite() || is_variance && *value < 0.0)
            {
                return Err(WeightsError::Read {
                    path: path.to_owned(),
                    reason: format!("parameter {} has the value {bad}", tensor.theirs),
                });
            }
            stored
                .tensors
                .push(bridge::from_data(data, tensor.ours, None));
        }
        if let Some(parameter) = theirs.into_keys().min() {
            return Err(WeightsError::Mismatch {
                path: path.to_owned(),
                parameter,
                reason: "the network doesn't have it".to_owned(),
            });
        }
        stored.build(genotype, config, device, path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_matrix_is_turned_over() {
        let data = TensorData::new(vec![1.0_f32, 2.0, 3.0, 4.0, 5.0, 6.0], [2, 3]);
        let turned = TensorData::new(vec![1.0_f32, 4.0, 2.0, 5.0, 3.0, 6.0], [3, 2]);
        assert_eq!(transposed(&data), turned);
        assert_eq!(transposed(&turned), data);
    }
}
