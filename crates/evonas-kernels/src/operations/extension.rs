//! The operations as extensions of Burn's backends.

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, ExtensionType, backend_extension};

use super::Marks;
use super::gradient_mark::GradientMark;
use super::primitives::{Addend, CellPrimitives, Epilogue, UnitWeights};
use crate::pooling::Pooling;
use crate::unit_shape::UnitShape;
use crate::window::Window;

/// The output of batch norm in training, and the running statistics after it.
#[derive(ExtensionType)]
pub(crate) struct NormalizedPrimitives<B: Backend> {
    pub(crate) output: FloatTensor<B>,
    pub(crate) running_mean: FloatTensor<B>,
    pub(crate) running_variance: FloatTensor<B>,
}

/// The sum of two normalized images, and the running statistics after it.
#[derive(ExtensionType)]
pub(crate) struct SumPrimitives<B: Backend> {
    pub(crate) output: FloatTensor<B>,
    pub(crate) first_mean: FloatTensor<B>,
    pub(crate) first_variance: FloatTensor<B>,
    pub(crate) second_mean: FloatTensor<B>,
    pub(crate) second_variance: FloatTensor<B>,
}

/// The factors of the addends of a sum.
#[derive(ExtensionType)]
pub(crate) enum SumFactors<B: Backend> {
    None,
    Both(FloatTensor<B>, FloatTensor<B>),
}

impl<B: Backend> SumFactors<B> {
    pub(super) fn split(self) -> [Option<FloatTensor<B>>; 2] {
        match self {
            Self::None => [None, None],
            Self::Both(first, second) => [Some(first), Some(second)],
        }
    }
}

/// Running statistics.
pub(crate) struct Running<B: Backend> {
    pub(crate) mean: FloatTensor<B>,
    pub(crate) variance: FloatTensor<B>,
}

/// A batch norm.
#[derive(ExtensionType)]
pub(crate) struct NormPrimitives<B: Backend> {
    pub(crate) gamma: FloatTensor<B>,
    pub(crate) beta: FloatTensor<B>,
    pub(crate) running_mean: FloatTensor<B>,
    pub(crate) running_variance: FloatTensor<B>,
}

/// A batch norm with its numbers.
pub(crate) struct UnitNorm<B: Backend> {
    pub(crate) gamma: FloatTensor<B>,
    pub(crate) beta: FloatTensor<B>,
    pub(crate) running: Running<B>,
    pub(crate) numbers: NormNumbers,
}

impl<B: Backend> NormPrimitives<B> {
    pub(super) fn with(self, numbers: NormNumbers) -> UnitNorm<B> {
        UnitNorm {
            gamma: self.gamma,
            beta: self.beta,
            running: Running {
                mean: self.running_mean,
                variance: self.running_variance,
            },
            numbers,
        }
    }
}

/// The numbers of a batch norm.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NormNumbers {
    /// Added to the variance, under the root.
    pub(crate) epsilon: f64,
    /// The weight of a batch's mean in the running one.
    pub(crate) momentum: f64,
    /// The batch's variance is multiplied by this before it is added to the running one.
    pub(crate) correction: f64,
}

/// The weights of a unit's convolutions.
#[derive(ExtensionType)]
pub(crate) enum ConvolutionWeights<B: Backend> {
    None,
    Depthwise(FloatTensor<B>),
    Dense(FloatTensor<B>),
    /// The same weight twice: in single precision, and in the type of the images.
    RoundedDense(FloatTensor<B>, FloatTensor<B>),
    Separable(FloatTensor<B>, FloatTensor<B>),
    /// As [`RoundedDense`](Self::RoundedDense), after the depthwise weight.
    RoundedSeparable(FloatTensor<B>, FloatTensor<B>, FloatTensor<B>),
}

impl<B: Backend> ConvolutionWeights<B> {
    pub(super) fn split(self) -> UnitWeights<B> {
        let (depthwise, dense, rounded) = match self {
            Self::None => (None, None, None),
            Self::Depthwise(depthwise) => (Some(depthwise), None, None),
            Self::Dense(dense) => (None, Some(dense), None),
            Self::RoundedDense(dense, rounded) => (None, Some(dense), Some(rounded)),
            Self::Separable(depthwise, dense) => (Some(depthwise), Some(dense), None),
            Self::RoundedSeparable(depthwise, dense, rounded) => {
                (Some(depthwise), Some(dense), Some(rounded))
            }
        };
        UnitWeights {
            depthwise,
            dense,
            rounded,
        }
    }
}

/// What happens to an operation's output in the same pass; see [`Epilogue`].
#[derive(ExtensionType)]
pub(crate) enum EpiloguePrimitives<B: Backend> {
    None,
    Factors(FloatTensor<B>),
    Plus(FloatTensor<B>),
    FactorsAndPlus(FloatTensor<B>, FloatTensor<B>),
}

impl<B: Backend> EpiloguePrimitives<B> {
    pub(super) fn split(self) -> Epilogue<B> {
        let (factors, plus) = match self {
            Self::None => (None, None),
            Self::Factors(factors) => (Some(factors), None),
            Self::Plus(plus) => (None, Some(plus)),
            Self::FactorsAndPlus(factors, plus) => (Some(factors), Some(plus)),
        };
        Epilogue { factors, plus }
    }
}

/// The parts of a concatenation.
#[derive(ExtensionType)]
pub(crate) enum ConcatenatedParts<B: Backend> {
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

/// The operations.
#[backend_extension(Flex, Cube: cfg(any(feature = "cuda", feature = "wgpu")), Autodiff)]
pub(super) trait CellOperations: Backend {
    /// Convolutions.
    fn convolve(
        image: FloatTensor<Self>,
        #[extension_type] weights: ConvolutionWeights<Self>,
        unit: UnitShape,
        mark: GradientMark,
    ) -> FloatTensor<Self>;

    /// Convolutions, if there are any, and batch norm by the batch's statistics.
    fn normalize(
        image: FloatTensor<Self>,
        #[extension_type] weights: ConvolutionWeights<Self>,
        #[extension_type] norm: NormPrimitives<Self>,
        #[extension_type] epilogue: EpiloguePrimitives<Self>,
        unit: UnitShape,
        numbers: NormNumbers,
        marks: Marks,
    ) -> NormalizedPrimitives<Self>;

    /// Batch norm by the batch's statistics, and then convolutions.
    fn convolve_after_norm(
        image: FloatTensor<Self>,
        #[extension_type] norm: NormPrimitives<Self>,
        #[extension_type] weights: ConvolutionWeights<Self>,
        unit: UnitShape,
        numbers: NormNumbers,
        mark: GradientMark,
    ) -> NormalizedPrimitives<Self>;

    /// The sum of two images, each after batch norm by the batch's statistics, and times its factors.
    fn normalize_sum(
        first: FloatTensor<Self>,
        second: FloatTensor<Self>,
        #[extension_type] first_norm: NormPrimitives<Self>,
        #[extension_type] second_norm: NormPrimitives<Self>,
        #[extension_type] factors: SumFactors<Self>,
        numbers: [NormNumbers; 2],
        marks: [GradientMark; 2],
    ) -> SumPrimitives<Self>;

    /// Average, max or min pooling.
    fn pool(
        image: FloatTensor<Self>,
        #[extension_type] epilogue: EpiloguePrimitives<Self>,
        window: Window,
        take: Pooling,
        marks: Marks,
    ) -> FloatTensor<Self>;

    /// Concatenates the channels of images, or the ReLU of that.
    fn concatenate(
        #[extension_type] parts: ConcatenatedParts<Self>,
        relu: bool,
        marks: Vec<GradientMark>,
    ) -> FloatTensor<Self>;
}

/// The addends of a sum.
pub(super) fn addends<B: Backend>(
    images: [FloatTensor<B>; 2],
    norms: [NormPrimitives<B>; 2],
    factors: [Option<FloatTensor<B>>; 2],
    numbers: [NormNumbers; 2],
) -> [Addend<B>; 2] {
    let addend = |image, norm: NormPrimitives<B>, factors, numbers| Addend {
        image,
        norm: norm.with(numbers),
        factors,
    };
    let [first, second] = images;
    let [first_norm, second_norm] = norms;
    let [first_factors, second_factors] = factors;
    [
        addend(first, first_norm, first_factors, numbers[0]),
        addend(second, second_norm, second_factors, numbers[1]),
    ]
}

impl<B: Backend> SumPrimitives<B> {
    pub(super) fn of(output: FloatTensor<B>, running: [Running<B>; 2]) -> Self {
        let [first, second] = running;
        Self {
            output,
            first_mean: first.mean,
            first_variance: first.variance,
            second_mean: second.mean,
            second_variance: second.variance,
        }
    }
}

/// An operation without gradients.
#[backend_extension(Flex, Cube: cfg(any(feature = "cuda", feature = "wgpu")))]
pub(super) trait Inference: Backend {
    /// Convolutions, if there are any, and batch norm by the running statistics.
    fn evaluate(
        image: FloatTensor<Self>,
        #[extension_type] weights: ConvolutionWeights<Self>,
        #[extension_type] norm: NormPrimitives<Self>,
        #[extension_type] epilogue: EpiloguePrimitives<Self>,
        unit: UnitShape,
        numbers: NormNumbers,
    ) -> FloatTensor<Self>;
}

impl<B: CellPrimitives> CellOperations for B {
    fn convolve(
        image: FloatTensor<Self>,
        weights: ConvolutionWeights<Self>,
        unit: UnitShape,
        _mark: GradientMark,
    ) -> FloatTensor<Self> {
        let (output, _) = B::convolved(image, weights.split(), unit);
        output
    }

    fn normalize(
        image: FloatTensor<Self>,
        weights: ConvolutionWeights<Self>,
        norm: NormPrimitives<Self>,
        epilogue: EpiloguePrimitives<Self>,
        unit: UnitShape,
        numbers: NormNumbers,
        _marks: Marks,
    ) -> NormalizedPrimitives<Self> {
        let (output, running, _) = B::normalized(
            image,
            weights.split(),
            norm.with(numbers),
            epilogue.split(),
            unit,
        );
        NormalizedPrimitives {
            output,
            running_mean: running.mean,
            running_variance: running.variance,
        }
    }

    fn convolve_after_norm(
        image: FloatTensor<Self>,
        norm: NormPrimitives<Self>,
        weights: ConvolutionWeights<Self>,
        unit: UnitShape,
        numbers: NormNumbers,
        _mark: GradientMark,
    ) -> NormalizedPrimitives<Self> {
        let (output, running, _) =
            B::convolved_after_norm(image, norm.with(numbers), weights.split(), unit);
        NormalizedPrimitives {
            output,
            running_mean: running.mean,
            running_variance: running.variance,
        }
    }

    fn normalize_sum(
        first: FloatTensor<Self>,
        second: FloatTensor<Self>,
        first_norm: NormPrimitives<Self>,
        second_norm: NormPrimitives<Self>,
        factors: SumFactors<Self>,
        numbers: [NormNumbers; 2],
        _marks: [GradientMark; 2],
    ) -> SumPrimitives<Self> {
        let norms = [first_norm, second_norm];
        let addends = addends([first, second], norms, factors.split(), numbers);
        let (output, running, _) = B::normalized_sum(addends);
        SumPrimitives::of(output, running)
    }

    fn pool(
        image: FloatTensor<Self>,
        epilogue: EpiloguePrimitives<Self>,
        window: Window,
        take: Pooling,
        _marks: Marks,
    ) -> FloatTensor<Self> {
        let (output, _) = B::pooled(image, &window, take, epilogue.split());
        output
    }

    fn concatenate(
        parts: ConcatenatedParts<Self>,
        relu: bool,
        _marks: Vec<GradientMark>,
    ) -> FloatTensor<Self> {
        let parts = match parts {
            ConcatenatedParts::Two(a, b) => vec![a, b],
            ConcatenatedParts::Three(a, b, c) => vec![a, b, c],
            ConcatenatedParts::Four(a, b, c, d) => vec![a, b, c, d],
            ConcatenatedParts::Five(a, b, c, d, e) => vec![a, b, c, d, e],
            ConcatenatedParts::Six(a, b, c, d, e, f) => vec![a, b, c, d, e, f],
        };
        match relu {
            true => B::rectified(parts),
            false => B::concatenated(parts),
        }
    }
}

impl<B: CellPrimitives> Inference for B {
    fn evaluate(
        image: FloatTensor<Self>,
        weights: ConvolutionWeights<Self>,
        norm: NormPrimitives<Self>,
        epilogue: EpiloguePrimitives<Self>,
        unit: UnitShape,
        numbers: NormNumbers,
    ) -> FloatTensor<Self> {
        B::evaluated(
            image,
            weights.split(),
            norm.with(numbers),
            epilogue.split(),
            unit,
        )
    }
}
