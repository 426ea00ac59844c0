//! ReLU, convolutions and batch norm as one operation.

use burn::nn::BatchNorm;
use burn::tensor::Tensor;

use crate::batch_norm::{scale_and_shift, update_running};
use crate::composed::{self, Grouping};
use crate::convolution::Convolution;
use crate::cpu::{self, Rows, UnitShape};
use crate::hidden_state::{HiddenState, MemoryOrder};

/// ReLU, a depthwise convolution, a dense convolution and batch norm, in this order; each is optional.
///
/// One unit costs less than its parts one by one, on the CPU above all: there it is a single pass over the
/// images, and intermediate results are never stored.
#[derive(Clone, Debug, Default)]
pub struct Unit<'a> {
    /// Whether the unit begins with a ReLU.
    pub relu: bool,
    /// The depthwise convolution: every channel has a kernel of its own and yields one channel.
    pub depthwise: Option<Convolution>,
    /// The dense convolution, which mixes channels. After a depthwise convolution it must be 1x1 with
    /// stride 1.
    pub dense: Option<Convolution>,
    /// Batch norm. While the module trains (on a device with autodiff) it normalizes by the batch's
    /// statistics and adds them to the module's running ones; otherwise it uses the running ones.
    pub norm: Option<&'a BatchNorm>,
}

impl Unit<'_> {
    /// Applies the unit.
    ///
    /// # Shapes
    /// - output: the last convolution's outputs as channels, and the output height and width of the first
    ///   convolution's window
    ///
    /// # Panics
    /// If the input has other channels than the weights, or another size than the first window says.
    #[must_use]
    pub fn forward(self, input: HiddenState) -> HiddenState {
        if let Some(first) = self.depthwise.as_ref().or(self.dense.as_ref()) {
            first.window.assert_fits(input.size());
        }
        let (values, order) = input.into_parts();
        let values = match order {
            MemoryOrder::ChannelsFirst => self.compose(values),
            MemoryOrder::ChannelsLast => self.compute(values),
        };
        HiddenState::new(values, order)
    }

    /// By Burn's operations, and CubeCL kernels where they run.
    fn compose(self, input: Tensor<4>) -> Tensor<4> {
        let mut x = match self.relu {
            true => composed::relu(input),
            false => input,
        };
        if let Some(depthwise) = &self.depthwise {
            x = composed::convolve(x, depthwise, Grouping::Depthwise);
        }
        if let Some(dense) = &self.dense {
            x = composed::convolve(x, dense, Grouping::Dense);
        }
        match self.norm {
            Some(norm) => composed::batch_norm(x, norm),
            None => x,
        }
    }

    /// By the CPU's kernels.
    fn compute(self, input: Tensor<4>) -> Tensor<4> {
        let rows = match (&self.depthwise, &self.dense) {
            (Some(depthwise), _) => Rows::Depthwise(depthwise.window),
            (None, Some(dense)) if dense.window.is_single_pixel() => Rows::Pixels,
            (None, Some(dense)) => Rows::Patches(dense.window),
            (None, None) => Rows::Pixels,
        };
        let shape = UnitShape {
            rows,
            relu: self.relu,
        };
        let weight = |convolution: Option<Convolution>| Some(convolution?.weight);
        let (depthwise, dense) = (weight(self.depthwise), weight(self.dense));
        let Some(norm) = self.norm else {
            return cpu::convolve(input, depthwise, dense, shape);
        };
        // Images may come from a device without autodiff to weights on one with it.
        let differentiates =
            input.device().is_autodiff() || norm.gamma.val().device().is_autodiff();
        if differentiates && norm.training.is_enabled() {
            let (gamma, beta) = (norm.gamma.val(), norm.beta.val());
            let normalized =
                cpu::normalize(input, depthwise, dense, gamma, beta, shape, norm.epsilon);
            return update_running(norm, normalized);
        }
        let (scale, shift) = scale_and_shift(norm);
        if !differentiates {
            return cpu::scaled(input, depthwise, dense, scale, shift, shape);
        }
        let output = cpu::convolve(input, depthwise, dense, shape);
        let [_, _, _, channels] = output.dims();
        output * scale.reshape([1, 1, 1, channels]) + shift.reshape([1, 1, 1, channels])
    }
}
