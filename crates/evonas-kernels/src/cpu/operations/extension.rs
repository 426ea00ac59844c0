//! The operations as extensions of Burn's backends, and their implementation on Flex.

use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, ExtensionType, Flex, backend_extension};

use crate::cpu::primitives::{self, Inputs, Normalized, NormalizedOutput, Values};
use crate::cpu::unit::UnitShape;
use crate::pooling::Pooling;
use crate::window::Window;

/// The output of batch norm in training, and the batch's statistics.
#[derive(ExtensionType)]
pub(super) struct NormalizedPrimitives<B: Backend> {
    pub(super) output: FloatTensor<B>,
    pub(super) mean: FloatTensor<B>,
    pub(super) variance: FloatTensor<B>,
}

/// The weights of a unit's convolutions.
#[derive(ExtensionType)]
pub(super) enum ConvolutionWeights<B: Backend> {
    None,
    Depthwise(FloatTensor<B>),
    Dense(FloatTensor<B>),
    Separable(FloatTensor<B>, FloatTensor<B>),
}

impl<B: Backend> ConvolutionWeights<B> {
    /// The weights of the depthwise and of the dense convolution.
    pub(super) fn split(self) -> [Option<FloatTensor<B>>; 2] {
        match self {
            Self::None => [None, None],
            Self::Depthwise(depthwise) => [Some(depthwise), None],
            Self::Dense(dense) => [None, Some(dense)],
            Self::Separable(depthwise, dense) => [Some(depthwise), Some(dense)],
        }
    }
}

/// The parts of a concatenation.
#[derive(ExtensionType)]
pub(super) enum ConcatenatedParts<B: Backend> {
    Two(FloatTensor<B>, FloatTensor<B>),
    Three(FloatTensor<B>, FloatTensor<B>, FloatTensor<B>),
    Four(
        FloatTensor<B>,
        FloatTensor<B>,
        FloatTensor<B>,
        FloatTensor<B>,
    ),
    Five(
        FloatTensor<B>,
        FloatTensor<B>,
        FloatTensor<B>,
        FloatTensor<B>,
        FloatTensor<B>,
    ),
    Six(
        FloatTensor<B>,
        FloatTensor<B>,
        FloatTensor<B>,
        FloatTensor<B>,
        FloatTensor<B>,
        FloatTensor<B>,
    ),
}

/// The largest variant of `ConcatenatedParts`, and the most parts of a published cell.
pub(super) const MOST_PARTS: usize = 6;

/// The operations of the kernels.
#[backend_extension(Flex, Autodiff)]
pub(super) trait CellOperations: Backend {
    /// Convolutions.
    fn convolve(
        image: FloatTensor<Self>,
        #[extension_type] weights: ConvolutionWeights<Self>,
        unit: UnitShape,
    ) -> FloatTensor<Self>;

    /// Convolutions, if there are any, and batch norm by the batch's statistics.
    fn normalize(
        image: FloatTensor<Self>,
        #[extension_type] weights: ConvolutionWeights<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        unit: UnitShape,
        epsilon: f64,
    ) -> NormalizedPrimitives<Self>;

    /// Average, max or min pooling.
    fn pool(image: FloatTensor<Self>, window: Window, take: Pooling) -> FloatTensor<Self>;

    /// Concatenates the channels of images.
    fn concatenate(#[extension_type] parts: ConcatenatedParts<Self>) -> FloatTensor<Self>;
}

/// An operation without gradients.
#[backend_extension(Flex)]
pub(super) trait Inference: Backend {
    /// Convolutions, if there are any, scaled and shifted by channel.
    fn scaled(
        image: FloatTensor<Self>,
        #[extension_type] weights: ConvolutionWeights<Self>,
        scale: FloatTensor<Self>,
        shift: FloatTensor<Self>,
        unit: UnitShape,
    ) -> FloatTensor<Self>;
}

impl CellOperations for Flex {
    fn convolve(
        image: FlexTensor,
        weights: ConvolutionWeights<Self>,
        unit: UnitShape,
    ) -> FlexTensor {
        Inputs::new(unit, image, weights.split()).forward()
    }

    fn normalize(
        image: FlexTensor,
        weights: ConvolutionWeights<Self>,
        gamma: FlexTensor,
        beta: FlexTensor,
        unit: UnitShape,
        epsilon: f64,
    ) -> NormalizedPrimitives<Self> {
        let inputs = Inputs::new(unit, image, weights.split());
        let (_, made) = Normalized::forward(inputs, gamma, beta, epsilon);
        let NormalizedOutput {
            output,
            mean,
            variance,
        } = made;
        NormalizedPrimitives {
            output,
            mean,
            variance,
        }
    }

    fn pool(image: FlexTensor, window: Window, take: Pooling) -> FlexTensor {
        primitives::pool_forward(&Values::new(image), &window, take)
    }

    fn concatenate(parts: ConcatenatedParts<Self>) -> FlexTensor {
        let parts = match parts {
            ConcatenatedParts::Two(a, b) => vec![a, b],
            ConcatenatedParts::Three(a, b, c) => vec![a, b, c],
            ConcatenatedParts::Four(a, b, c, d) => vec![a, b, c, d],
            ConcatenatedParts::Five(a, b, c, d, e) => vec![a, b, c, d, e],
            ConcatenatedParts::Six(a, b, c, d, e, f) => vec![a, b, c, d, e, f],
        };
        let parts: Vec<Values> = parts.into_iter().map(Values::new).collect();
        primitives::joined(&parts)
    }
}

impl Inference for Flex {
    fn scaled(
        image: FlexTensor,
        weights: ConvolutionWeights<Self>,
        scale: FlexTensor,
        shift: FlexTensor,
        unit: UnitShape,
    ) -> FlexTensor {
        let inputs = Inputs::new(unit, image, weights.split());
        primitives::scaled(&inputs, scale, shift)
    }
}
