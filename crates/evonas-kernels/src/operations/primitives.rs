//! The operations of one backend and their gradients, without a graph.

use std::fmt::Debug;

use burn::backend::Backend;
use burn::backend::tensor::FloatTensor;

use super::extension::{Running, UnitNorm};
use crate::pooling::Pooling;
use crate::unit_shape::UnitShape;
use crate::window::Window;

/// What a backend implements to run cell networks in channels-last order. Images are
/// `[images, height, width, channels]` in single precision.
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
        weights: [Option<FloatTensor<Self>>; 2],
        unit: UnitShape,
    ) -> (FloatTensor<Self>, Self::Convolved);

    /// The gradients by the inputs; the one by the image only if it is wanted.
    fn convolved_gradients(
        saved: Self::Convolved,
        gradient: FloatTensor<Self>,
        wants_image: bool,
    ) -> UnitGradients<Self>;

    /// Convolutions, if there are any, and batch norm by the batch's statistics, which are added to the
    /// running ones.
    fn normalized(
        image: FloatTensor<Self>,
        weights: [Option<FloatTensor<Self>>; 2],
        norm: UnitNorm<Self>,
        unit: UnitShape,
    ) -> (FloatTensor<Self>, Running<Self>, Self::Normalized);

    /// The gradients by the inputs, and by gamma and beta.
    fn normalized_gradients(
        saved: Self::Normalized,
        gradient: FloatTensor<Self>,
        wants_image: bool,
    ) -> (UnitGradients<Self>, [FloatTensor<Self>; 2]);

    /// Convolutions, if there are any, and batch norm by the running statistics.
    fn evaluated(
        image: FloatTensor<Self>,
        weights: [Option<FloatTensor<Self>>; 2],
        norm: UnitNorm<Self>,
        unit: UnitShape,
    ) -> FloatTensor<Self>;

    fn pooled(
        image: FloatTensor<Self>,
        window: &Window,
        take: Pooling,
    ) -> (FloatTensor<Self>, Self::Pooled);

    fn pooled_gradient(saved: Self::Pooled, gradient: FloatTensor<Self>) -> FloatTensor<Self>;

    /// Images with the channels of each part after those of the one before.
    fn concatenated(parts: Vec<FloatTensor<Self>>) -> FloatTensor<Self>;

    /// Parts with these numbers of channels: the gradient of [`concatenated`](Self::concatenated).
    fn separated(joined: FloatTensor<Self>, channels: &[usize]) -> Vec<FloatTensor<Self>>;

    /// The number of channels of images.
    fn channels(image: &FloatTensor<Self>) -> usize;
}

/// The gradients of a unit; of weights that it doesn't have, `None`.
pub(crate) struct UnitGradients<B: Backend> {
    pub(crate) image: Option<FloatTensor<B>>,
    pub(crate) depthwise: Option<FloatTensor<B>>,
    pub(crate) dense: Option<FloatTensor<B>>,
}
