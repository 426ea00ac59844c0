//! The operations composed of Burn's own, for devices and types without kernels. Of half precision, they compute in single
//! precision as kernels do.
//! Images are `[images, channels, height, width]`.

use burn::tensor::module::{
    avg_pool2d, batch_norm as normalize, batch_norm_train, conv2d, max_pool2d,
};
use burn::tensor::ops::{AvgPoolOptions, ConvOptions, MaxPoolOptions};
use burn::tensor::{DType, FloatDType, Tensor, activation};

use crate::batch_norm::BatchNorm;
use crate::convolution::Convolution;
use crate::pooling::Pooling;
use crate::window::Window;

/// Channels that see each other: all of them, or only themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Grouping {
    Dense,
    Depthwise,
}

pub(crate) fn relu(input: Tensor<4>) -> Tensor<4> {
    activation::relu(input)
}

pub(crate) fn convolve(
    input: Tensor<4>,
    convolution: &Convolution,
    grouping: Grouping,
) -> Tensor<4> {
    let Convolution { weight, window, .. } = convolution;
    let weight = match grouping {
        Grouping::Dense => widened(in_type_of(&input, weight.values.clone())),
        Grouping::Depthwise => weight.values.clone(),
    };
    let groups = match grouping {
        Grouping::Dense => 1,
        Grouping::Depthwise => weight.dims()[0],
    };
    let dilation = [window.dilation; 2];
    let options = ConvOptions::new_with_padding(window.stride, window.padding(), dilation, groups);
    wide(input, |input| conv2d(input, weight, None, options))
}

/// A tensor in the type of a hidden state.
pub(crate) fn in_type_of<const D: usize>(state: &Tensor<4>, tensor: Tensor<D>) -> Tensor<D> {
    tensor.cast(FloatDType::from(state.dtype()))
}

/// A tensor in at least single precision.
pub(crate) fn widened<const D: usize>(tensor: Tensor<D>) -> Tensor<D> {
    match tensor.dtype() {
        DType::F16 | DType::BF16 => tensor.cast(FloatDType::F32),
        _ => tensor,
    }
}

/// An operation in at least single precision, whose result is rounded to the input's type.
fn wide(input: Tensor<4>, operation: impl FnOnce(Tensor<4>) -> Tensor<4>) -> Tensor<4> {
    let dtype = FloatDType::from(input.dtype());
    operation(widened(input)).cast(dtype)
}

pub(crate) fn batch_norm(input: Tensor<4>, norm: &BatchNorm) -> Tensor<4> {
    wide(input, |input| wide_batch_norm(input, norm))
}

fn wide_batch_norm(input: Tensor<4>, norm: &BatchNorm) -> Tensor<4> {
    let (gamma, beta) = (norm.gamma.val(), norm.beta.val());
    if !(input.device().is_autodiff() && norm.training.is_enabled()) {
        let [mean, variance] = [&norm.running_mean, &norm.running_var].map(|of| of.value());
        return normalize(input, gamma, beta, mean, variance, norm.epsilon);
    }
    let [images, _, height, width] = input.dims();
    let correction = norm.correction(images * height * width);
    let result = batch_norm_train(input, gamma, beta, norm.epsilon);
    for (running, batch, weight) in [
        (&norm.running_mean, result.mean, norm.momentum),
        (
            &norm.running_var,
            result.variance,
            norm.momentum * correction,
        ),
    ] {
        let kept = running.value() * (1.0 - norm.momentum);
        running.set((kept + batch.detach() * weight).detach());
    }
    result.output
}

pub(crate) fn pool(input: Tensor<4>, pooling: Pooling, window: &Window) -> Tensor<4> {
    let extreme = || {
        let mut options = MaxPoolOptions::new(window.kernel);
        options.stride = window.stride;
        options.padding = window.padding();
        options
    };
    match pooling {
        Pooling::Average => {
            let mut options = AvgPoolOptions::new(window.kernel);
            options.stride = window.stride;
            options.padding = window.padding();
            options.count_include_pad = false;
            wide(input, |input| avg_pool2d(input, options))
        }
        Pooling::Max => max_pool2d(input, extreme()),
        Pooling::Min => max_pool2d(input.neg(), extreme()).neg(),
    }
}

/// Images without their first row and column, and a row and a column of zeros at the end.
pub(crate) fn shift(input: Tensor<4>) -> Tensor<4> {
    let [batch, channels, height, width] = input.dims();
    input
        .pad((0, 1, 0, 1), 0.0)
        .slice([0..batch, 0..channels, 1..height + 1, 1..width + 1])
}
