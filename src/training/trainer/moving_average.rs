//! Weights averaged over the steps of a training.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::Tensor;
use evonas_kernels::{blend_together, updates_together};

use super::step_numbers::StepNumbers;

/// The exponential moving average of a network's weights and running statistics over the steps of
/// its training. It often classifies better than the last weights.
///
/// Step `n` (from 1) replaces each average `a` by `d a + (1 - d) w`, with the new weight `w` and `d =
/// min(decay, (1 + n) / (10 + n))`, so that the first weights are soon forgotten (TensorFlow's
/// `ExponentialMovingAverage` with `num_updates`, as in AmoebaNet's released code).
#[derive(Clone, Debug)]
pub struct MovingAverage<M> {
    network: M,
    decay: f64,
    steps: u64,
}

impl<M: Module> MovingAverage<M> {
    /// An average that starts from a network's weights.
    #[must_use]
    pub fn new(network: &M, decay: f64) -> Self {
        Self::resumed(network, decay, 0)
    }

    /// An average over `steps` steps so far.
    pub(in crate::training) fn resumed(average: &M, decay: f64, steps: u64) -> Self {
        Self {
            network: average.valid(),
            decay,
            steps,
        }
    }

    /// Adds a network's weights to the average.
    #[must_use]
    pub fn update(self, network: &M) -> Self {
        let numbers = StepNumbers::new(0.0, self.kept_next());
        self.update_by(network, &numbers)
    }

    /// The share of the averages that the next step keeps.
    pub(super) const fn kept_next(&self) -> f64 {
        let n = self.steps.saturating_add(1) as f64;
        self.decay.min((1.0 + n) / (10.0 + n))
    }

    /// Counts a step that was repeated from a recording, or one less if it wasn't taken.
    pub(super) const fn count(&mut self, taken: bool) {
        self.steps = match taken {
            true => self.steps.saturating_add(1),
            false => self.steps.saturating_sub(1),
        };
    }

    /// Where the averages lie.
    pub(super) const fn averages(&self) -> &M {
        &self.network
    }

    pub(super) fn update_by(self, network: &M, numbers: &StepNumbers) -> Self {
        // A checkpoint may claim any number.
        let steps = self.steps.saturating_add(1);
        let kept = numbers.kept();
        let mut values = FlatParameters(Vec::new());
        network.valid().visit(&mut values);
        let device = values.0.first().map(Tensor::device);
        let network = match device.filter(updates_together) {
            Some(device) => blended_together(self.network, values.0, numbers.kept_on(&device)),
            None => self.network.map(&mut Blend {
                values: values.0.into_iter(),
                kept,
            }),
        };
        Self {
            network,
            decay: self.decay,
            steps,
        }
    }

    /// The number of steps averaged so far.
    #[must_use]
    pub const fn steps(&self) -> u64 {
        self.steps
    }

    /// The network with averaged weights, without autodiff.
    #[must_use]
    pub fn network(&self) -> M {
        self.network.valid()
    }
}

/// All float values of a module, flattened, in the order of a visit.
struct FlatParameters(Vec<Tensor<1>>);

impl ModuleVisitor for FlatParameters {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.0.push(param.val().reshape([-1]));
    }
}

/// Blends values into a module's, in the order of [`FlatParameters`].
struct Blend {
    values: std::vec::IntoIter<Tensor<1>>,
    kept: f64,
}

impl ModuleMapper for Blend {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let value = self.values.next().expect("both networks are of one module");
        let kept = self.kept;
        param.map(|average| {
            let value = value.reshape(average.shape());
            average * kept + value * (1.0 - kept)
        })
    }
}

/// All values blended at once, on devices that can.
fn blended_together<M: Module>(average: M, values: Vec<Tensor<1>>, kept: Tensor<1>) -> M {
    // Values with one owner are updated in place, so the network gives them away meanwhile.
    let mut taken = Take(Vec::new());
    let network = average.map(&mut taken);
    let (averages, shapes): (Vec<_>, Vec<_>) = taken.0.into_iter().unzip();
    let pairs = averages.into_iter().zip(values);
    let blended = blend_together(
        pairs.map(|(average, value)| [average, value]).collect(),
        kept,
    );
    network.map(&mut Return(blended.into_iter().zip(shapes)))
}

/// Takes all values out of a module, flattened, with their shapes.
struct Take(Vec<(Tensor<1>, Vec<usize>)>);

impl ModuleMapper for Take {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        param.map(|value| {
            let (device, shape) = (value.device(), value.dims().to_vec());
            self.0.push((value.reshape([-1]), shape));
            Tensor::empty([1; D], &device)
        })
    }
}

/// Puts values back into a module.
struct Return<I>(I);

impl<I: Iterator<Item = (Tensor<1>, Vec<usize>)>> ModuleMapper for Return<I> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let (value, dims) = self.0.next().expect("both networks are of one module");
        param.map(|_| {
            let mut shape = [0; D];
            shape.copy_from_slice(&dims);
            value.reshape(shape)
        })
    }
}

#[cfg(test)]
mod tests {
    use burn::nn::{Linear, LinearConfig};
    use burn::tensor::Device;

    use super::*;

    #[test]
    fn the_average_follows_the_formula() {
        let device = Device::flex().autodiff();
        let first: Linear = LinearConfig::new(2, 2).init(&device);
        let second: Linear = LinearConfig::new(2, 2).init(&device);
        let weight =
            |layer: &Linear| -> Vec<f32> { layer.weight.val().into_data().try_to_vec().unwrap() };
        let average = MovingAverage::new(&first, 0.25)
            .update(&second)
            .update(&second);
        // d = 2/11 after one step, 3/12 = 0.25 after two.
        let kept = 2.0 / 11.0 * 0.25;
        let found = weight(&average.network());
        for (place, found) in found.into_iter().enumerate() {
            let wanted = kept * weight(&first)[place] + (1.0 - kept) * weight(&second)[place];
            assert!((found - wanted).abs() < 1e-6, "{found} {wanted}");
        }
        assert!(!average.network().weight.val().is_autodiff());
    }
}
