//! Weights that a network takes over from another one.

mod rows;

use std::collections::BTreeMap;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Tensor, TensorData};

use self::rows::{ChannelMap, Origin, origins};
use super::decoder::CellNetwork;
use super::error::NetworkError;
use super::plan::NetworkPlan;

/// A network that took over weights, and how many.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct HeirNetwork {
    /// The network.
    pub network: CellNetwork,
    /// The share of its values, weights and running statistics, that are its parent's, from 0 to 1.
    pub inherited: f64,
}

impl CellNetwork {
    /// Takes over the weights and running statistics of `parent` in all layers that both networks have: the same
    /// layers, in the same place of the same cell. The other layers keep their own weights.
    ///
    /// If a cell's output concatenates other states than in the parent, what reads it takes over the weights of the
    /// states that both have, and has the weight 0 for the others: at first, it computes what the parent computes as far
    /// as it can.
    ///
    /// ```
    /// use evonas::burn::tensor::Device;
    /// use evonas::prelude::*;
    ///
    /// let config = NetworkConfig::new(ImageShape::gray(8, 8), 10).cells_per_stack(1).filters(4);
    /// let (space, device) = (NasnetSpace::sp1(), Device::flex());
    /// let mut rng = stream(0, 0);
    /// let genotype = space.sample(&mut rng);
    /// let parent = CellNetwork::new(&genotype, &config, &mut rng, &device)?;
    /// let mutant = space.mutation().mutate(&genotype, &mut rng);
    /// let child = CellNetwork::new(&mutant, &config, &mut rng, &device)?.inherit(&parent)?;
    /// assert!(child.inherited > 0.5);
    /// # Ok::<(), evonas::network::NetworkError>(())
    /// ```
    ///
    /// # Errors
    /// [`NetworkError`] if either network's genotype doesn't fit its configuration, which no network has that was built
    /// here.
    pub fn inherit(self, parent: &Self) -> Result<HeirNetwork, NetworkError> {
        let plan = NetworkPlan::new(self.genotype(), self.config())?;
        let parent_plan = NetworkPlan::new(parent.genotype(), parent.config())?;
        let mut values = Values::default();
        parent.valid().visit(&mut values);
        let mut heir = Heir {
            path: Vec::new(),
            values: values.values,
            origins: origins(&plan, &parent_plan),
            taken: 0,
            all: 0,
        };
        let network = self.map(&mut heir);
        Ok(HeirNetwork {
            network,
            inherited: heir.taken as f64 / heir.all.max(1) as f64,
        })
    }
}

/// The values of a network by their paths.
#[derive(Default)]
struct Values {
    path: Vec<String>,
    values: BTreeMap<String, TensorData>,
}

impl ModuleVisitor for Values {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let data = param.val().into_data();
        self.values.insert(self.path.join("."), data);
    }
}

/// Replaces the values that a network inherits.
struct Heir {
    path: Vec<String>,
    values: BTreeMap<String, TensorData>,
    origins: BTreeMap<String, Origin>,
    taken: usize,
    all: usize,
}

impl Heir {
    /// The layer's origin and the value of the parent, for the parameter at the present path.
    fn inherited(&self) -> Option<(&Origin, &TensorData)> {
        (1..self.path.len()).find_map(|length| {
            let origin = self.origins.get(&self.path[..length].join("."))?;
            let path = format!("{}.{}", origin.layer, self.path[length..].join("."));
            Some((origin, self.values.get(&path)?))
        })
    }
}

impl ModuleMapper for Heir {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let shape = param.val().dims();
        let size: usize = shape.iter().product();
        self.all += size;
        let data =
            self.inherited()
                .and_then(|(origin, data)| match (&origin.channels, input_axis(D)) {
                    (Some(channels), Some(axis)) => Some(selected(data, &shape, axis, channels)),
                    _ => (data.shape().to_vec() == shape).then(|| (data.clone(), size)),
                });
        let Some((data, taken)) = data else {
            return param;
        };
        self.taken += taken;
        param.map(|own| {
            let is_trained = own.is_require_grad();
            let value = Tensor::from_data(data, (&own.device(), own.dtype()));
            value.set_require_grad(is_trained)
        })
    }
}

/// The axis of a weight's input channels: convolutions are `[out, in, height, width]`, and matrices `[in, out]`.
const fn input_axis(rank: usize) -> Option<usize> {
    match rank {
        4 => Some(1),
        2 => Some(0),
        _ => None,
    }
}

/// A weight of this shape with the parent's channels, and 0 where there is none; and how many values are the parent's.
fn selected(
    parent: &TensorData,
    shape: &[usize],
    axis: usize,
    channels: &ChannelMap,
) -> (TensorData, usize) {
    let values: Vec<f32> = parent.iter::<f32>().collect();
    let old = parent.shape()[axis];
    let inner: usize = shape[axis + 1..].iter().product();
    let outer: usize = shape[..axis].iter().product();
    let mut found = Vec::with_capacity(shape.iter().product());
    let mut taken = 0;
    for block in 0..outer {
        for channel in channels {
            match channel {
                Some(channel) => {
                    let first = (block * old + channel) * inner;
                    found.extend_from_slice(&values[first..first + inner]);
                    taken += inner;
                }
                None => found.extend(std::iter::repeat_n(0.0, inner)),
            }
        }
    }
    (TensorData::new(found, shape.to_vec()), taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn input_channels_are_moved_and_new_ones_are_zero() {
        // [out, in, 1, 1] = [2, 2, 1, 1]
        let parent = TensorData::new(vec![1.0_f32, 2.0, 3.0, 4.0], [2, 2, 1, 1]);
        let (found, taken) = selected(&parent, &[2, 3, 1, 1], 1, &vec![Some(1), None, Some(0)]);
        let found: Vec<f32> = found.iter().collect();
        assert_eq!(found, [2.0, 0.0, 1.0, 4.0, 0.0, 3.0]);
        assert_eq!(taken, 4);
        // [in, out] = [2, 2]
        let parent = TensorData::new(vec![1.0_f32, 2.0, 3.0, 4.0], [2, 2]);
        let (found, taken) = selected(&parent, &[1, 2], 0, &vec![Some(1)]);
        assert_eq!(found.iter::<f32>().collect::<Vec<_>>(), [3.0, 4.0]);
        assert_eq!(taken, 2);
    }
}
