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

    /// Batch norm by the batch's statistics, which are added to the running ones, and then convolutions.
    fn convolved_after_norm(
        image: FloatTensor<Self>,
        norm: UnitNorm<Self>,
        weights: UnitWeights<Self>,
        unit: UnitShape,
    ) -> (FloatTensor<Self>, Running<Self>, AfterNorm<Self>) {
        after_norm::<Self>(image, norm, weights, unit)
    }

    /// The gradients by the inputs, and by gamma and beta.
    fn convolved_after_norm_gradients(
        saved: AfterNorm<Self>,
        gradient: FloatTensor<Self>,
        image: Option<Wanted<Self>>,
    ) -> (UnitGradients<Self>, [FloatTensor<Self>; 2]) {
        after_norm_gradients::<Self>(saved, gradient, image)
    }

    /// The sum of two images, each after batch norm by the batch's statistics, which are added to the running ones, and times
    /// its factors.
    fn normalized_sum(
        addends: [Addend<Self>; 2],
    ) -> (FloatTensor<Self>, [Running<Self>; 2], [Self::Normalized; 2]) {
        let mut sum = None;
        let results = addends.map(|addend| {
            let Addend {
                image,
                norm,
                factors,
            } = addend;
            let epilogue = Epilogue {
                factors,
                plus: sum.take(),
            };
            let none = UnitWeights::none();
            let (output, running, saved) =
                Self::normalized(image, none, norm, epilogue, UnitShape::PIXELS);
            sum = Some(output);
            (running, saved)
        });
        let [(first, of_first), (second, of_second)] = results;
        let sum = sum.expect("there are two addends");
        (sum, [first, second], [of_first, of_second])
    }

    /// The gradients by each image, if it is wanted, and by its gamma and beta.
    fn normalized_sum_gradients(
        saved: [Self::Normalized; 2],
        gradient: FloatTensor<Self>,
        images: [Option<Wanted<Self>>; 2],
    ) -> [AddendGradients<Self>; 2] {
        let mut images = images.into_iter();
        saved.map(|saved| {
            let image = images.next().flatten();
            let (by, norm) = Self::normalized_gradients(saved, gradient.clone(), image);
            (by.image, norm)
        })
    }

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

impl<B: Backend> UnitWeights<B> {
    pub(crate) const fn none() -> Self {
        Self {
            depthwise: None,
            dense: None,
            rounded: None,
        }
    }
}

/// What the gradients of convolutions after batch norm need.
pub(crate) type AfterNorm<B> = (
    <B as CellPrimitives>::Normalized,
    <B as CellPrimitives>::Convolved,
);

/// An image of a sum, and the batch norm before it.
pub(crate) struct Addend<B: Backend> {
    pub(crate) image: FloatTensor<B>,
    pub(crate) norm: UnitNorm<B>,
    /// `[images, 1, 1, 1]`
    pub(crate) factors: Option<FloatTensor<B>>,
}

/// The gradient by the image of an addend, if it is wanted, and those by gamma and beta.
pub(crate) type AddendGradients<B> = (Option<FloatTensor<B>>, [FloatTensor<B>; 2]);

/// [`CellPrimitives::convolved_after_norm`] by an operation for each.
pub(crate) fn after_norm<B: CellPrimitives>(
    image: FloatTensor<B>,
    norm: UnitNorm<B>,
    weights: UnitWeights<B>,
    unit: UnitShape,
) -> (FloatTensor<B>, Running<B>, AfterNorm<B>) {
    let epilogue = Epilogue {
        factors: None,
        plus: None,
    };
    let none = UnitWeights::none();
    let (image, running, of_norm) = B::normalized(image, none, norm, epilogue, UnitShape::PIXELS);
    let (output, convolved) = B::convolved(image, weights, unit);
    (output, running, (of_norm, convolved))
}

/// [`CellPrimitives::convolved_after_norm_gradients`] by an operation for each.
pub(crate) fn after_norm_gradients<B: CellPrimitives>(
    (norm, convolved): AfterNorm<B>,
    gradient: FloatTensor<B>,
    image: Option<Wanted<B>>,
) -> (UnitGradients<B>, [FloatTensor<B>; 2]) {
    let by = B::convolved_gradients(convolved, gradient, Some(Wanted { onto: None }));
    let by_normalized = by.image.expect("it is wanted");
    let (of_norm, by_norm) = B::normalized_gradients(norm, by_normalized, image);
    let by = UnitGradients {
        image: of_norm.image,
        ..by
    };
    (by, by_norm)
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
