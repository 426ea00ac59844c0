//! Layers that are computed as one: ReLU, convolutions and batch norm.

use burn::nn::BatchNorm;
use burn::tensor::{Tensor, activation};

use super::Layer;
use super::batch_norm::{compose, keep_statistics, scale_and_shift};
use super::convolution::Convolution;
use crate::network::layout::Layout;
use evonas_kernels::cpu::{self as kernels, Rows, Window};

/// ReLU, a depthwise convolution, a dense one and batch norm, in this order; each may be missing.
/// Where the CPU's own kernels run they are one operation, else Burn's operations one by one.
#[derive(Clone, Copy, Default)]
pub(super) struct Unit<'a> {
    pub(super) relu: bool,
    pub(super) depthwise: Option<&'a Convolution>,
    pub(super) dense: Option<&'a Convolution>,
    pub(super) norm: Option<&'a BatchNorm>,
}

impl<'a> Unit<'a> {
    /// The unit that these layers begin with, and how many of them it takes: none if they begin with
    /// other layers, or with nothing but a ReLU.
    pub(super) fn of(layers: &'a [Layer]) -> (Self, usize) {
        let mut unit = Self::default();
        let mut taken = 0;
        for layer in layers {
            match layer {
                Layer::Relu(_) if taken == 0 => unit.relu = true,
                Layer::Convolution(convolution)
                    if unit.depthwise.is_none()
                        && unit.dense.is_none()
                        && convolution.is_depthwise() =>
                {
                    unit.depthwise = Some(convolution);
                }
                Layer::Convolution(convolution)
                    if unit.dense.is_none()
                        && !convolution.is_depthwise()
                        && (unit.depthwise.is_none() || convolution.is_single_pixel()) =>
                {
                    unit.dense = Some(convolution);
                }
                Layer::BatchNorm(norm) => {
                    unit.norm = Some(norm);
                    taken += 1;
                    break;
                }
                _ => break,
            }
            taken += 1;
        }
        if unit.depthwise.is_none() && unit.dense.is_none() && unit.norm.is_none() {
            taken = 0;
        }
        (unit, taken)
    }

    /// # Shapes
    /// Hidden states, as [`Layout::of`] says.
    pub(super) fn forward(&self, input: Tensor<4>) -> Tensor<4> {
        match Layout::of(&input) {
            Layout::ChannelsFirst => self.compose(input),
            Layout::ChannelsLast => self.compute(input),
        }
    }

    /// Where the CPU's kernels don't run.
    fn compose(&self, input: Tensor<4>) -> Tensor<4> {
        let mut x = if self.relu {
            activation::relu(input)
        } else {
            input
        };
        for convolution in [self.depthwise, self.dense].into_iter().flatten() {
            x = convolution.compose(x);
        }
        match self.norm {
            Some(norm) => compose(norm, x),
            None => x,
        }
    }

    /// By the CPU's own kernels.
    fn compute(&self, input: Tensor<4>) -> Tensor<4> {
        let size = Layout::size(&input);
        let rows = match (self.depthwise, self.dense) {
            (Some(depthwise), _) => Rows::Depthwise(depthwise.window(size)),
            (None, Some(dense)) => rows_of(dense.window(size)),
            (None, None) => Rows::Pixels,
        };
        let unit = kernels::Unit {
            rows,
            relu: self.relu,
        };
        let weights = |convolution: Option<&Convolution>| Some(convolution?.weight.val());
        let (depthwise, dense) = (weights(self.depthwise), weights(self.dense));
        let Some(norm) = self.norm else {
            return kernels::convolve(input, depthwise, dense, unit);
        };
        // Images may come from a device without autodiff to weights on one with it.
        let differentiates =
            input.device().is_autodiff() || norm.gamma.val().device().is_autodiff();
        if differentiates && norm.training.is_enabled() {
            let (gamma, beta) = (norm.gamma.val(), norm.beta.val());
            let made = kernels::normalise(input, depthwise, dense, gamma, beta, unit, norm.epsilon);
            return keep_statistics(norm, made);
        }
        let (scale, shift) = scale_and_shift(norm);
        if !differentiates {
            return kernels::scaled(input, depthwise, dense, scale, shift, unit);
        }
        let output = kernels::convolve(input, depthwise, dense, unit);
        let [_, _, _, channels] = output.dims();
        output * scale.reshape([1, 1, 1, channels]) + shift.reshape([1, 1, 1, channels])
    }
}

/// What a dense convolution multiplies.
pub(super) fn rows_of(window: Window) -> Rows {
    if window.is_single_pixel() {
        Rows::Pixels
    } else {
        Rows::Patches(window)
    }
}
