//! Factorized reduction.

use burn::module::Module;
use burn::nn::BatchNorm;
use burn::tensor::{Device, Tensor, activation};
use rand::Rng;

use super::batch_norm::batch_norm;
use super::convolution::Convolution;
use super::unit::Unit;
#[cfg(doc)]
use crate::network::LayerPlan;
use crate::network::layout::Layout;
use crate::network::{ConvolutionPlan, NetworkConfig, Padding};
use evonas_kernels::cpu::{self as kernels, Rows, Window};

/// See [`LayerPlan::FactorizedReduction`].
#[derive(Module, Debug)]
pub(crate) struct FactorizedReduction {
    first: Convolution,
    second: Convolution,
    norm: BatchNorm,
}

impl FactorizedReduction {
    pub(super) fn new(
        input: usize,
        output: usize,
        config: &NetworkConfig,
        rng: &mut dyn Rng,
        device: &Device,
    ) -> Self {
        let mut path = |output| {
            let plan = ConvolutionPlan {
                input,
                output,
                kernel: [1, 1],
                stride: [2, 2],
                dilation: 1,
                groups: 1,
                padding: Padding::Same,
            };
            Convolution::new(&plan, config.precision, rng, device)
        };
        Self {
            first: path(output / 2),
            second: path(output - output / 2),
            norm: batch_norm(output, config, device),
        }
    }

    /// The reduction of the input, or of its ReLU.
    ///
    /// # Shapes
    /// Hidden states, as [`Layout::of`] says; half the height and width, rounded up.
    #[must_use]
    pub(super) fn forward(&self, input: Tensor<4>, relu: bool) -> Tensor<4> {
        let paths = match Layout::of(&input) {
            Layout::ChannelsFirst => self.compose(input, relu),
            Layout::ChannelsLast => self.compute(input, relu),
        };
        let norm = Unit {
            norm: Some(&self.norm),
            ..Unit::default()
        };
        norm.forward(Layout::concatenate(paths))
    }

    /// Both paths by Burn's operations.
    fn compose(&self, input: Tensor<4>, relu: bool) -> Vec<Tensor<4>> {
        let [batch, channels, height, width] = input.dims();
        let input = if relu { activation::relu(input) } else { input };
        // A row and a column of zeros at the end, the first ones dropped.
        let shifted = input.clone().pad((0, 1, 0, 1), 0.0).slice([
            0..batch,
            0..channels,
            1..height + 1,
            1..width + 1,
        ]);
        vec![self.first.compose(input), self.second.compose(shifted)]
    }

    /// Both paths by the CPU's own kernels.
    fn compute(&self, input: Tensor<4>, relu: bool) -> Vec<Tensor<4>> {
        let window = self.first.window(Layout::size(&input));
        // What is left out before the image comes behind it, as zeros.
        [(&self.first, 0), (&self.second, 1)]
            .map(|(path, shift)| {
                let window = Window {
                    before: window.before.map(|before| before - shift),
                    ..window
                };
                let unit = kernels::Unit {
                    rows: Rows::Patches(window),
                    relu,
                };
                kernels::convolve(input.clone(), None, Some(path.weight.val()), unit)
            })
            .into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_odd_width_is_split_into_95_equals_47_plus_48() {
        let config = NetworkConfig::cifar().cells_per_stack(1).filters(190);
        let mut rng = crate::randomness::stream(0, 0);
        let reduction = FactorizedReduction::new(4, 95, &config, &mut rng, &Device::flex());
        assert_eq!(reduction.first.weight.dims(), [47, 4, 1, 1]);
        assert_eq!(reduction.second.weight.dims(), [48, 4, 1, 1]);
        let output = reduction.forward(Tensor::ones([1, 5, 6, 4], &Device::flex()), false);
        assert_eq!(output.dims(), [1, 3, 3, 95]);
    }
}
