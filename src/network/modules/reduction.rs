//! Factorized reduction.

use burn::module::Module;
use burn::tensor::Device;
use evonas_kernels::{BatchNorm, Epilogue, FactorizedPaths, HiddenState, Unit};
use rand::Rng;

use super::batch_norm::batch_norm;
use super::convolution::ConvolutionLayer;
use crate::network::config::NetworkConfig;
use crate::network::layers::ConvolutionPlan;
#[cfg(doc)]
use crate::network::layers::LayerPlan;
use crate::network::padding::Padding;

/// See [`LayerPlan::FactorizedReduction`].
#[derive(Module, Debug)]
pub(crate) struct FactorizedReduction {
    first: ConvolutionLayer,
    second: ConvolutionLayer,
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
            ConvolutionLayer::new(&plan, config.precision, rng, device)
        };
        Self {
            first: path(output / 2),
            second: path(output - output / 2),
            norm: batch_norm(output, config, device),
        }
    }

    pub(super) const fn convolutions(&self) -> [&ConvolutionLayer; 2] {
        [&self.first, &self.second]
    }

    /// The reduction of the input, or of its ReLU, to half the height and width, rounded up, followed by an epilogue.
    #[must_use]
    pub(super) fn forward(
        &self,
        input: HiddenState,
        relu: bool,
        epilogue: Epilogue,
    ) -> HiddenState {
        let paths = FactorizedPaths {
            relu,
            first: self.first.weight(),
            second: self.second.weight(),
            products: self.first.products(),
        };
        let norm = Unit {
            norm: Some(&self.norm),
            ..Unit::default()
        };
        norm.forward_with(paths.forward(input), epilogue)
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Tensor;

    use super::*;

    #[test]
    fn an_odd_width_is_split_into_95_equals_47_plus_48() {
        let config = NetworkConfig::cifar().filters(190);
        let mut rng = crate::randomness::stream(0, 0);
        let reduction = FactorizedReduction::new(4, 95, &config, &mut rng, &Device::flex());
        assert_eq!(reduction.first.weight.dims(), [47, 4, 1, 1]);
        assert_eq!(reduction.second.weight.dims(), [48, 4, 1, 1]);
        let images = Tensor::ones([1, 4, 5, 6], &Device::flex());
        let input = HiddenState::enter(images);
        let output = reduction.forward(input, false, Epilogue::default());
        assert_eq!(output.dims(), [1, 95, 3, 3]);
    }
}
