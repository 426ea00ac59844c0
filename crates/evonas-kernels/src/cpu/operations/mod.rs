//! The kernels as Burn operations with gradients. Images are `[images, height, width, channels]`.

mod extension;
mod gradients;

use std::collections::VecDeque;

use burn::backend::{Dispatch, DispatchDevice};
use burn::tensor::{Device, Tensor};

use self::extension::{
    CellOperations, ConcatenatedParts, ConvolutionWeights, Inference, MOST_PARTS,
};
use super::unit::UnitShape;
use crate::batch_norm::BatchNormOutput;
use crate::pooling::Pooling;
use crate::window::Window;

/// Whether the kernels run on this device.
pub(crate) fn run_on(device: &Device) -> bool {
    matches!(
        device.clone().inner().as_dispatch(),
        DispatchDevice::Flex(_)
    )
}

fn weights_of(
    depthwise: Option<Tensor<4>>,
    dense: Option<Tensor<4>>,
) -> ConvolutionWeights<Dispatch> {
    let weights = [depthwise, dense].map(|weights| Some(weights?.into_dispatch()));
    match weights {
        [None, None] => ConvolutionWeights::None,
        [Some(depthwise), None] => ConvolutionWeights::Depthwise(depthwise),
        [None, Some(dense)] => ConvolutionWeights::Dense(dense),
        [Some(depthwise), Some(dense)] => ConvolutionWeights::Separable(depthwise, dense),
    }
}

/// Convolutions without bias.
///
/// # Shapes
/// - `image`: `[images, height, width, channels]`
/// - `depthwise`: `[channels, 1, kernel height, kernel width]`
/// - `dense`: `[outputs, channels, kernel height, kernel width]`
/// - output: `[images, height, width, outputs]`
pub(crate) fn convolve(
    image: Tensor<4>,
    depthwise: Option<Tensor<4>>,
    dense: Option<Tensor<4>>,
    unit: UnitShape,
) -> Tensor<4> {
    Tensor::from_dispatch(<Dispatch as CellOperations>::convolve(
        image.into_dispatch(),
        weights_of(depthwise, dense),
        unit,
    ))
}

/// Convolutions, if there are any, followed by batch norm with the batch's statistics.
///
/// # Shapes
/// Those of [`convolve`]; `gamma` and `beta`: `[outputs]`.
pub(crate) fn normalize(
    image: Tensor<4>,
    depthwise: Option<Tensor<4>>,
    dense: Option<Tensor<4>>,
    gamma: Tensor<1>,
    beta: Tensor<1>,
    unit: UnitShape,
    epsilon: f64,
) -> BatchNormOutput {
    let result = <Dispatch as CellOperations>::normalize(
        image.into_dispatch(),
        weights_of(depthwise, dense),
        gamma.into_dispatch(),
        beta.into_dispatch(),
        unit,
        epsilon,
    );
    BatchNormOutput {
        output: Tensor::from_dispatch(result.output),
        mean: Tensor::from_dispatch(result.mean),
        variance: Tensor::from_dispatch(result.variance),
    }
}

/// Convolutions, if there are any, then scaled and shifted by channel. For devices without autodiff.
///
/// # Shapes
/// Those of [`convolve`]; `scale` and `shift`: `[outputs]`.
pub(crate) fn scaled(
    image: Tensor<4>,
    depthwise: Option<Tensor<4>>,
    dense: Option<Tensor<4>>,
    scale: Tensor<1>,
    shift: Tensor<1>,
    unit: UnitShape,
) -> Tensor<4> {
    Tensor::from_dispatch(<Dispatch as Inference>::scaled(
        image.into_dispatch(),
        weights_of(depthwise, dense),
        scale.into_dispatch(),
        shift.into_dispatch(),
        unit,
    ))
}

/// Average, max or min pooling. Padding never contributes to the result.
///
/// # Shapes
/// - `image`: `[images, height, width, channels]`
pub(crate) fn pool(image: Tensor<4>, window: Window, take: Pooling) -> Tensor<4> {
    Tensor::from_dispatch(<Dispatch as CellOperations>::pool(
        image.into_dispatch(),
        window,
        take,
    ))
}

/// Concatenates the channels of one or more images.
///
/// # Shapes
/// - `parts`: `[images, height, width, channels]` each
/// - output: `[images, height, width, sum of the channels]`
pub(crate) fn concatenate(mut parts: Vec<Tensor<4>>) -> Tensor<4> {
    // If there are more parts than one operation takes, the first ones are concatenated before the rest.
    while parts.len() > MOST_PARTS {
        let rest = parts.split_off(MOST_PARTS);
        parts = vec![concatenate(parts)];
        parts.extend(rest);
    }
    let count = parts.len();
    if count == 1 {
        return parts.remove(0);
    }
    let mut parts: VecDeque<_> = parts.into_iter().map(Tensor::into_dispatch).collect();
    let mut next = || parts.pop_front().expect("`count` is the number of parts");
    let parts = match count {
        2 => ConcatenatedParts::Two(next(), next()),
        3 => ConcatenatedParts::Three(next(), next(), next()),
        4 => ConcatenatedParts::Four(next(), next(), next(), next()),
        5 => ConcatenatedParts::Five(next(), next(), next(), next(), next()),
        _ => ConcatenatedParts::Six(next(), next(), next(), next(), next(), next()),
    };
    Tensor::from_dispatch(<Dispatch as CellOperations>::concatenate(parts))
}
