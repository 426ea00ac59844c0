//! Initial weights of any module, drawn from the trial's own random numbers.

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Tensor, TensorData};
use rand::{Rng, RngExt};

/// Draws a module's initial weights from `rng`, so that a trial's score depends on its seed alone. A
/// [`Decoder`](super::Decoder) that builds modules from Burn's layers should end with it.
///
/// Burn's layers draw their weights when they are first used, from one generator per device that all
/// workers share, so a score would depend on what else is running.
///
/// Parameters of two or more dimensions are drawn uniformly from `-1 / sqrt(fan_in)` to `1 /
/// sqrt(fan_in)`, as Burn's layers do. `fan_in` is the first dimension of a matrix (`[inputs,
/// outputs]`, as in `Linear`) and the product of all but the first dimension otherwise (`[outputs,
/// inputs / groups, …]`, as in convolutions). A vector called `bias` becomes 0; other vectors, such
/// as batch norm's, are unchanged.
#[must_use]
pub fn draw_weights<M: Module>(module: M, rng: &mut dyn Rng) -> M {
    module.map(&mut Draw {
        rng,
        path: Vec::new(),
    })
}

struct Draw<'a> {
    rng: &'a mut dyn Rng,
    path: Vec<String>,
}

impl ModuleMapper for Draw<'_> {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let shape = param.lazy_shape().to_vec();
        let count: usize = shape.iter().product();
        let values: Vec<f32> = match shape.as_slice() {
            [] => return param,
            [_] if self.path.last().is_some_and(|name| name == "bias") => vec![0.0; count],
            [_] => return param,
            [inputs, _] => self.uniform(*inputs, count),
            [_, inputs @ ..] => self.uniform(inputs.iter().product(), count),
        };
        param.map(|old| {
            let (device, trained) = (old.device(), old.is_require_grad());
            let new = Tensor::from_data(TensorData::new(values, shape), (&device, old.dtype()));
            new.set_require_grad(trained)
        })
    }
}

impl Draw<'_> {
    fn uniform(&mut self, fan_in: usize, count: usize) -> Vec<f32> {
        let bound = 1.0 / (fan_in.max(1) as f32).sqrt();
        (0..count)
            .map(|_| self.rng.random_range(-bound..=bound))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use burn::nn::conv::{Conv2d, Conv2dConfig};
    use burn::nn::{BatchNorm, BatchNormConfig, Linear, LinearConfig};
    use burn::tensor::Device;

    use super::*;
    use crate::randomness::stream;

    #[derive(Module, Debug)]
    struct Layers {
        convolution: Conv2d,
        norm: BatchNorm,
        linear: Linear,
    }

    fn layers(seed: u64) -> Layers {
        let device = Device::flex().autodiff();
        let layers = Layers {
            convolution: Conv2dConfig::new([4, 6], [3, 3]).init(&device),
            norm: BatchNormConfig::new(6).init(&device),
            linear: LinearConfig::new(6, 5).init(&device),
        };
        draw_weights(layers, &mut stream(seed, 0))
    }

    fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
        tensor.into_data().try_to_vec().unwrap()
    }

    #[test]
    fn the_same_stream_draws_the_same_weights_within_bounds() {
        let [first, second, other] = [1, 1, 2].map(layers);
        let weights = |layers: &Layers| values(layers.convolution.weight.val());
        assert_eq!(weights(&first), weights(&second));
        assert_ne!(weights(&first), weights(&other));
        let largest = weights(&first)
            .into_iter()
            .fold(0.0, |most: f32, w| most.max(w.abs()));
        assert!(largest <= 1.0 / 6.0 && largest > 0.15, "{largest}");
        let largest = values(first.linear.weight.val())
            .into_iter()
            .fold(0.0, |most: f32, w| most.max(w.abs()));
        assert!(largest <= 1.0 / 6_f32.sqrt() && largest > 0.3, "{largest}");
    }

    #[test]
    fn biases_become_0_batch_norm_is_unchanged_and_both_can_be_trained() {
        let layers = layers(3);
        assert_eq!(values(layers.linear.bias.clone().unwrap().val()), [0.0; 5]);
        assert_eq!(values(layers.norm.gamma.val()), [1.0; 6]);
        assert!(layers.convolution.weight.val().is_require_grad());
        assert!(layers.linear.bias.unwrap().val().is_require_grad());
    }
}
