//! The operations of one backend and their gradients, without a graph.

use std::fmt::Debug;

use burn::backend::Backend;
use burn::backend::tensor::FloatTensor;

use super::extension::{Running, UnitNorm};
use super::gradient_mark::Wanted;
use crate::pooling::Pooling;
use crate::unit_shape::UnitShape;
use crate::window::Window;

/// What a backend implements to run cell networks in channels-last order. Images are
/// `[images, height, width, channels]`. Weights and the gradients by them are in single precision; images may be in another,
/// which the outputs and the gradients by images then have too.
///
/// Each operation returns what its gradient needs besides its output.
pub(crate) trait CellPrimitives: Backend {
    /// What the gradients of convolutions need.
    type Convolved: Clone + Debug + Send + 'static;
    /// What the gradients of convolutions followed by batch norm need.
    type Normalized: Clone + Debug + Send + 'static;
    /// What the gradient of a pooling needs.
    type Pooled: Clone + Debug + Send + 'static;

    /// Convolutions by the depthwise and the dense weights, as far as there are any.
    fn convolved(
        image: FloatTensor<Self>,
        weights: UnitWeights<Self>,
        unit: UnitShape,
    ) -> (FloatTensor<Self>, Self::Convolved);

    /// The gradients by the inputs; the one by the image only if it is wanted.
    fn convolved_gradients(
        saved: Self::Convolved,
        gradient: FloatTensor<Self>,
        image: Option<Wanted<Self>>,
    ) -> UnitGradients<Self>;

    /// Convolutions, if there are any, and batch norm by the batch's statistics, which are added to the
    /// running ones.
    fn normalized(
        image: FloatTensor<Self>,
        weights: UnitWeights<Self>,
        norm: UnitNorm<Self>,
        epilogue: Epilogue<Self>,
        unit: UnitShape,
    ) -> (FloatTensor<Self>, Running<Self>, Self::Normalized);

    /// The gradients by the inputs, and by gamma and beta. That of what the epilogue adds is `gradient` itself.
    fn normalized_gradients(
        saved: Self::Normalized,
        gradient: FloatTensor<Self>,
        image: Option<Wanted<Self>>,
    ) -> (UnitGradients<Self>, [FloatTensor<Self>; 2]);

    /// Convolutions, if there are any, and batch norm by the running statistics.
    fn evaluated(
        image: FloatTensor<Self>,
        weights: UnitWeights<Self>,
        norm: UnitNorm<Self>,
        epilogue: Epilogue<Self>,
        unit: UnitShape,
    ) -> FloatTensor<Self>;

    fn pooled(
        image: FloatTensor<Self>,
        window: &Window,
        take: Pooling,
        epilogue: Epilogue<Self>,
    ) -> (FloatTensor<Self>, Self::Pooled);

    /// The gradient by the image. That of what the epilogue adds is `gradient` itself.
    fn pooled_gradient(
        saved: Self::Pooled,
        gradient: FloatTensor<Self>,
        image: Wanted<Self>,
    ) -> FloatTensor<Self>;

    /// Images with the channels of each part after those of the one before.
    fn concatenated(parts: Vec<FloatTensor<Self>>) -> FloatTensor<Self>;

    /// Parts with these numbers of channels: the gradient of [`concatenated`](Self::concatenated).
    fn separated(joined: FloatTensor<Self>, channels: &[usize]) -> Vec<FloatTensor<Self>>;

    /// The ReLU of [`concatenated`](Self::concatenated).
    fn rectified(parts: Vec<FloatTensor<Self>>) -> FloatTensor<Self> {
        Self::relu(Self::concatenated(parts))
    }

    /// The gradient of [`rectified`](Self::rectified), which returned `output`.
    fn rectified_gradient(
        output: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        channels: &[usize],
    ) -> Vec<FloatTensor<Self>> {
        Self::separated(Self::relu_backward(output, gradient), channels)
    }

    /// The number of channels of images.
    fn channels(image: &FloatTensor<Self>) -> usize;
}

/// The weights of a unit's convolutions, as far as it has them.
#[derive(Clone, Debug)]
pub(crate) struct UnitWeights<B: Backend> {
    /// `[channels, 1, kernel height, kernel width]`
    pub(crate) depthwise: Option<FloatTensor<B>>,
    /// `[outputs, channels, kernel height, kernel width]`
    pub(crate) dense: Option<FloatTensor<B>>,
    /// The dense ones in the type of the images, if they were rounded before.
    pub(crate) rounded: Option<FloatTensor<B>>,
}

/// What happens to an operation's output in the same pass; see [`crate::Epilogue`].
#[derive(Clone, Debug)]
pub(crate) struct Epilogue<B: Backend> {
    /// `[images, 1, 1, 1]`
    pub(crate) factors: Option<FloatTensor<B>>,
    /// Of the output's shape.
    pub(crate) plus: Option<FloatTensor<B>>,
}

impl<B: Backend> Epilogue<B> {
    /// The output after it, by operations of their own.
    pub(crate) fn of(self, output: FloatTensor<B>) -> FloatTensor<B> {
        let output = scaled::<B>(output, self.factors);
        match self.plus {
            Some(plus) => B::float_add(output, plus),
            None => output,
        }
    }
}

/// Images times factors of each, if there are any: an epilogue's, or on the way back.
pub(crate) fn scaled<B: Backend>(
    images: FloatTensor<B>,
    factors: Option<FloatTensor<B>>,
) -> FloatTensor<B> {
    match factors {
        Some(factors) => B::float_mul(images, factors),
        None => images,
    }
}

/// The gradients of a unit; of weights that it doesn't have, `None`.
pub(crate) struct UnitGradients<B: Backend> {
    pub(crate) image: Option<FloatTensor<B>>,
    pub(crate) depthwise: Option<FloatTensor<B>>,
    pub(crate) dense: Option<FloatTensor<B>>,
}

impl<B: Backend> UnitGradients<B> {
    /// The gradients, with what the one by the image is added to.
    pub(crate) fn with(self, image: Option<Wanted<B>>) -> Self {
        let by_image = match (self.image, image) {
            (Some(by), Some(wanted)) => Some(wanted.add(by)),
            (by, _) => by,
        };
        Self {
            image: by_image,
            ..self
        }
    }
}
