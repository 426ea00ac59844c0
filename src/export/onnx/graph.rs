//! A graph that is being written, node by node.

use std::collections::BTreeMap;

use burn::tensor::TensorData;

use super::proto::{Attribute, FLOAT, INT64, Node, Tensor};
use crate::network::LayerPath;

/// Nodes and constants.
#[derive(Default)]
pub(super) struct GraphWriter {
    pub(super) nodes: Vec<Node>,
    pub(super) constants: Vec<Tensor>,
}

impl GraphWriter {
    /// Adds a node that yields one tensor, which has the node's name.
    pub(super) fn node(
        &mut self,
        operator: &str,
        name: String,
        inputs: &[&str],
        attributes: Vec<Attribute>,
    ) -> String {
        self.nodes.push(Node {
            input: inputs.iter().map(|&input| input.to_owned()).collect(),
            output: vec![name.clone()],
            name: name.clone(),
            op_type: operator.to_owned(),
            attribute: attributes,
        });
        name
    }

    /// Adds a constant of floats.
    pub(super) fn floats(&mut self, name: String, shape: &[usize], values: &[f32]) -> String {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes());
        self.constant(name, FLOAT, shape, bytes.collect())
    }

    /// Adds a constant of whole numbers.
    pub(super) fn integers(&mut self, name: String, values: &[i64]) -> String {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes());
        self.constant(name, INT64, &[values.len()], bytes.collect())
    }

    fn constant(&mut self, name: String, number: i32, shape: &[usize], bytes: Vec<u8>) -> String {
        self.constants.push(Tensor {
            dims: shape.iter().map(|&size| size as i64).collect(),
            data_type: number,
            name: name.clone(),
            raw_data: bytes,
        });
        name
    }
}

/// The weights of a network by name.
pub(super) struct Weights {
    pub(super) tensors: BTreeMap<String, TensorData>,
    pub(super) epsilon: f64,
}

/// A batch norm of fixed statistics as a scale and a shift of each channel, in double precision.
pub(super) struct ScaleAndShift {
    pub(super) scale: Vec<f64>,
    pub(super) shift: Vec<f64>,
}

impl Weights {
    /// A tensor of a layer. The plan and the network are of one genotype, so there is one.
    pub(super) fn get(&self, path: LayerPath, name: &str) -> Vec<f32> {
        let tensor = self.tensors.get(&format!("{path}.{name}"));
        tensor.map_or_else(Vec::new, |tensor| tensor.iter::<f32>().collect())
    }

    pub(super) fn scale_and_shift(&self, path: LayerPath, prefix: &str) -> ScaleAndShift {
        let get = |name: &str| self.get(path, &format!("{prefix}{name}"));
        let (gamma, variance) = (get("gamma"), get("running_var"));
        let (beta, mean) = (get("beta"), get("running_mean"));
        let scale: Vec<f64> = gamma
            .iter()
            .zip(&variance)
            .map(|(&gamma, &variance)| {
                f64::from(gamma) / (f64::from(variance) + self.epsilon).sqrt()
            })
            .collect();
        let shift = scale
            .iter()
            .zip(beta.iter().zip(&mean))
            .map(|(&scale, (&beta, &mean))| f64::from(beta) - f64::from(mean) * scale)
            .collect();
        ScaleAndShift { scale, shift }
    }
}

impl ScaleAndShift {
    /// The kernels of a convolution, the output channels from `first` on, with the scale in them.
    pub(super) fn folded(&self, kernels: &[f32], first: usize, channels: usize) -> Vec<f32> {
        let each = kernels.len() / channels.max(1);
        let kernels = kernels.iter().enumerate();
        kernels
            .map(|(index, &weight)| (f64::from(weight) * self.scale[first + index / each]) as f32)
            .collect()
    }

    pub(super) fn bias(&self, first: usize, channels: usize) -> Vec<f32> {
        let shift = &self.shift[first..first + channels];
        shift.iter().map(|&shift| shift as f32).collect()
    }
}
