//! ReLU, convolutions and batch norm as one operation.

use burn::tensor::{FloatDType, Tensor};

use crate::batch_norm::BatchNorm;
use crate::composed::{self, Grouping};
use crate::convolution::{Convolution, Products};
use crate::epilogue::Epilogue;
use crate::hidden_state::{HiddenState, MemoryOrder};
use crate::operations::{self, UnitTensors};
use crate::unit_shape::{Rows, UnitShape};

/// Batch norm of the input, ReLU, a depthwise convolution, a dense convolution and batch norm, in this order; each is optional.
///
/// One unit costs less than its parts one by one, on the CPU above all: there it is a single pass over the
/// images, and intermediate results are never stored.
#[derive(Clone, Debug, Default)]
pub struct Unit<'a> {
    /// Batch norm of the input. Where passes are [saved](HiddenState::joins_epilogues), a depthwise convolution with stride 1
    /// normalizes in training what it reads, so that the normalized input is never stored, and before a 1x1 convolution the
    /// ReLU is part of batch norm's pass. It follows the rules of [`norm`](Self::norm).
    pub before: Option<&'a BatchNorm>,
    /// Whether there is a ReLU before the convolutions.
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
        self.forward_with(input, Epilogue::default())
    }

    /// Applies the unit, followed by an epilogue.
    ///
    /// # Shapes
    /// Those of [`forward`](Self::forward).
    ///
    /// # Panics
    /// As [`forward`](Self::forward), or if the epilogue doesn't fit the output.
    #[must_use]
    pub fn forward_with(self, input: HiddenState, epilogue: Epilogue) -> HiddenState {
        if let Some(first) = self.depthwise.as_ref().or(self.dense.as_ref()) {
            first.window.assert_fits(input.size());
        }
        epilogue.assert_fits(self.output_dims(input.dims()));
        if !self.relu || self.before.is_some() {
            input.assert_whole();
        }
        let has_convolution = self.depthwise.is_some() || self.dense.is_some();
        if let Some(before) = self.before
            && !(has_convolution && input.joins_epilogues() && trains_on(before, &input))
        {
            let norm = Unit {
                norm: Some(before),
                ..Unit::default()
            };
            let unit = Unit {
                before: None,
                ..self
            };
            return unit.forward_with(norm.forward(input), epilogue);
        }
        match (input.order(), input.joins_epilogues()) {
            (MemoryOrder::ChannelsFirst, _) => {
                let values = self.compose(input.into_values());
                epilogue.apply(HiddenState::new(values, MemoryOrder::ChannelsFirst))
            }
            (MemoryOrder::ChannelsLast, true) => self.compute(input, epilogue),
            (MemoryOrder::ChannelsLast, false) => {
                epilogue.apply(self.compute(input, Epilogue::default()))
            }
        }
    }

    /// `[batch, channels, height, width]` of the output, for an input of this shape.
    fn output_dims(&self, [batch, channels, height, width]: [usize; 4]) -> [usize; 4] {
        let outputs = match &self.dense {
            Some(dense) => dense.weight.dims()[0],
            None => channels,
        };
        let [height, width] = match self.depthwise.as_ref().or(self.dense.as_ref()) {
            Some(first) => [first.window.out_height, first.window.out_width],
            None => [height, width],
        };
        [batch, outputs, height, width]
    }

    /// By Burn's operations.
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

    /// By the kernels, with an epilogue.
    pub(crate) fn compute(self, input: HiddenState, epilogue: Epilogue) -> HiddenState {
        let rows = match (&self.depthwise, &self.dense) {
            (Some(depthwise), _) => Rows::Depthwise(depthwise.window),
            (None, Some(dense)) if dense.window.is_single_pixel() => Rows::Pixels,
            (None, Some(dense)) => Rows::Patches(dense.window),
            (None, None) => Rows::Pixels,
        };
        let shape = UnitShape {
            rows,
            relu: self.relu && !input.is_rectified(),
            products: self
                .dense
                .as_ref()
                .map_or_else(Products::default, |dense| dense.products),
        };
        let weight = |convolution: Option<Convolution>| Some(convolution?.weight);
        let weights = UnitTensors::new(weight(self.depthwise), weight(self.dense));
        let state = |values| HiddenState::new(values, MemoryOrder::ChannelsLast);
        if let Some(before) = self.before {
            let output = operations::convolve_after_norm(input.into(), before, weights, shape);
            let rest = Unit {
                norm: self.norm,
                ..Unit::default()
            };
            return match self.norm {
                Some(_) => rest.compute(state(output), epilogue),
                None => epilogue.apply(state(output)),
            };
        }
        let Some(norm) = self.norm else {
            let output = operations::convolve(input.into(), weights, shape);
            return epilogue.apply(state(output));
        };
        // Images may come from a device without autodiff to weights on one with it.
        let differentiates = input.device().is_autodiff()
            || norm.gamma.val().device().is_autodiff()
            || epilogue.is_autodiff();
        let trains = norm.training.is_enabled();
        if !differentiates || trains {
            let (input, epilogue) = (input.into(), epilogue.into_tensors());
            return state(match differentiates {
                false => operations::evaluate(input, weights, norm, epilogue, shape),
                true => operations::normalize(input, weights, norm, epilogue, shape),
            });
        }
        let output = operations::convolve(input.into(), weights, shape);
        let [_, _, _, channels] = output.dims();
        let [scale, shift] = scale_and_shift(norm).map(|by| by.reshape([1, 1, 1, channels]));
        let dtype = FloatDType::from(output.dtype());
        let normalized = composed::widened(output) * scale + shift;
        epilogue.apply(state(normalized.cast(dtype)))
    }
}

/// Whether a batch norm normalizes by the batch's statistics, with a gradient.
pub(crate) fn trains_on(norm: &BatchNorm, input: &HiddenState) -> bool {
    let is_autodiff = input.device().is_autodiff() || norm.gamma.val().device().is_autodiff();
    is_autodiff && norm.training.is_enabled()
}

/// The factor and the summand by which batch norm transforms each channel with its running statistics.
fn scale_and_shift(norm: &BatchNorm) -> [Tensor<1>; 2] {
    let deviation = (norm.running_var.value() + norm.epsilon).sqrt();
    let scale = norm.gamma.val() / deviation;
    let shift = norm.beta.val() - norm.running_mean.value() * scale.clone();
    [scale, shift]
}
