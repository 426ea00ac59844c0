//! The kernels as Burn operations with gradients of their own. Images are
//! `[images, height, width, channels]`.

mod extension;
mod gradients;

use std::collections::VecDeque;

use burn::backend::{Dispatch, DispatchDevice};
use burn::tensor::{DType, Device, Tensor};

pub(super) use self::extension::Weights;
use self::extension::{CellOperations, Inference, MOST_PARTS, Parts};
use super::pool::Take;
use super::unit::Unit;
use super::window::Window;

/// Whether the kernels take this tensor: single precision on the Flex backend.
pub fn accelerates<const D: usize>(tensor: &Tensor<D>) -> bool {
    tensor.dtype() == DType::F32 && run_on(&tensor.device())
}

/// Whether the kernels run on this device.
pub fn run_on(device: &Device) -> bool {
    matches!(
        device.clone().inner().as_dispatch(),
        DispatchDevice::Flex(_)
    )
}

/// `[images, height, width, channels]`
type Images = Tensor<4>;

fn weights_of(depthwise: Option<Tensor<4>>, dense: Option<Tensor<4>>) -> Weights<Dispatch> {
    let weights = [depthwise, dense].map(|weights| Some(weights?.into_dispatch()));
    match weights {
        [None, None] => Weights::None,
        [Some(depthwise), None] => Weights::Depthwise(depthwise),
        [None, Some(dense)] => Weights::Dense(dense),
        [Some(depthwise), Some(dense)] => Weights::Separable(depthwise, dense),
    }
}

/// Convolutions without bias.
///
/// # Shapes
/// - `image`: `[images, height, width, channels]`
/// - `depthwise`: `[channels, 1, kernel height, kernel width]`
/// - `dense`: `[outputs, channels, kernel height, kernel width]`
/// - output: `[images, height, width, outputs]`
pub fn convolve(
    image: Images,
    depthwise: Option<Tensor<4>>,
    dense: Option<Tensor<4>>,
    unit: Unit,
) -> Images {
    Tensor::from_dispatch(<Dispatch as CellOperations>::convolve(
        image.into_dispatch(),
        weights_of(depthwise, dense),
        unit,
    ))
}

/// What a batch norm makes in training.
pub struct BatchNormOutput {
    /// The normalised, scaled and shifted input.
    pub output: Images,
    /// The batch's means by channel.
    pub mean: Tensor<1>,
    /// Its variances, divided by the number of values.
    pub variance: Tensor<1>,
}

/// Convolutions, if there are any, and batch norm by the statistics of the batch.
///
/// # Shapes
/// As [`convolve`]'s; `gamma` and `beta`: `[outputs]`.
pub fn normalise(
    image: Images,
    depthwise: Option<Tensor<4>>,
    dense: Option<Tensor<4>>,
    gamma: Tensor<1>,
    beta: Tensor<1>,
    unit: Unit,
    epsilon: f64,
) -> BatchNormOutput {
    let result = <Dispatch as CellOperations>::normalise(
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

/// Convolutions, if there are any, scaled and shifted by channel; for devices without autodiff.
///
/// # Shapes
/// As [`convolve`]'s; `scale` and `shift`: `[outputs]`.
pub fn scaled(
    image: Images,
    depthwise: Option<Tensor<4>>,
    dense: Option<Tensor<4>>,
    scale: Tensor<1>,
    shift: Tensor<1>,
    unit: Unit,
) -> Images {
    Tensor::from_dispatch(<Dispatch as Inference>::scaled(
        image.into_dispatch(),
        weights_of(depthwise, dense),
        scale.into_dispatch(),
        shift.into_dispatch(),
        unit,
    ))
}

/// Average, max or min pooling; padding is never part of the result.
///
/// # Shapes
/// - `image`: `[images, height, width, channels]`
pub fn pool(image: Images, window: Window, take: Take) -> Images {
    Tensor::from_dispatch(<Dispatch as CellOperations>::pool(
        image.into_dispatch(),
        window,
        take,
    ))
}

/// Images' channels one behind the other, at least of one part.
///
/// # Shapes
/// - `parts`: `[images, height, width, channels]` each
/// - output: `[images, height, width, sum of the channels]`
pub fn concatenate(mut parts: Vec<Images>) -> Images {
    // Of more parts than an operation takes, the first ones are put together before.
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
    let mut next = || parts.pop_front().expect("there are as many parts");
    let parts = match count {
        2 => Parts::Two(next(), next()),
        3 => Parts::Three(next(), next(), next()),
        4 => Parts::Four(next(), next(), next(), next()),
        5 => Parts::Five(next(), next(), next(), next(), next()),
        _ => Parts::Six(next(), next(), next(), next(), next(), next()),
    };
    Tensor::from_dispatch(<Dispatch as CellOperations>::concatenate(parts))
}
