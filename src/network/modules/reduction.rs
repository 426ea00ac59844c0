//! Factorized reduction.

use burn::module::Module;
use burn::nn::BatchNorm;
use burn::tensor::{Device, Tensor};
use rand::Rng;

use super::batch_norm::{batch_norm, normalise};
use super::convolution::Convolution;
#[cfg(doc)]
use crate::network::LayerPlan;
use crate::network::{ConvolutionPlan, NetworkConfig, Padding};

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
            Convolution::new(&plan, rng, device)
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
    /// - input: `[batch, input, height, width]`
    /// - output: `[batch, output, ceil(height / 2), ceil(width / 2)]`
    #[must_use]
    pub(super) fn forward(&self, input: Tensor<4>, relu: bool) -> Tensor<4> {
        let [batch, channels, height, width] = input.dims();
        // A row and a column of zeros at the end, the first ones dropped.
        let shifted = input.clone().pad((0, 1, 0, 1), 0.0).slice([
            0..batch,
            0..channels,
            1..height + 1,
            1..width + 1,
        ]);
        let paths = vec![
            self.first.forward(input, relu),
            self.second.forward(shifted, relu),
        ];
        normalise(&self.norm, Tensor::cat(paths, 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_odd_width_is_split_into_95_equals_47_plus_48() {
        let config = NetworkConfig::cifar(1, 190);
        let mut rng = crate::randomness::stream(0, 0);
        let reduction = FactorizedReduction::new(4, 95, &config, &mut rng, &Device::flex());
        assert_eq!(reduction.first.weight.dims(), [47, 4, 1, 1]);
        assert_eq!(reduction.second.weight.dims(), [48, 4, 1, 1]);
        let output = reduction.forward(Tensor::ones([1, 4, 5, 6], &Device::flex()), false);
        assert_eq!(output.dims(), [1, 95, 3, 3]);
    }
}
