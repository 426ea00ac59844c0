//! The operations of cell networks as Burn operations with gradients. Images are
//! `[images, height, width, channels]`, in single precision or, on GPUs, in half precision; weights are in single
//! precision.
//!
//! Each has one signature for all devices. A backend takes part by implementing
//! [`CellPrimitives`]; the graph around it is the same for all.

mod extension;
mod gradient_mark;
mod gradients;
#[cfg(any(feature = "cuda", feature = "wgpu"))]
mod loss;
mod primitives;

use std::collections::VecDeque;

use burn::backend::{Dispatch, DispatchTensor};
use burn::tensor::{DType, Device, Tensor};

use self::extension::{
    CellOperations, ConcatenatedParts, ConvolutionWeights, EpiloguePrimitives, Inference,
    MOST_PARTS, NormPrimitives, SumFactors,
};
pub(crate) use self::extension::{NormNumbers, Running, UnitNorm};
pub(crate) use self::gradient_mark::{GradientMark, Wanted};
#[cfg(any(feature = "cuda", feature = "wgpu"))]
pub(crate) use self::loss::classifier_loss;
#[cfg(any(feature = "cuda", feature = "wgpu"))]
pub(crate) use self::primitives::{
    Addend, AddendGradients, AfterNorm, after_norm, after_norm_gradients,
};
pub(crate) use self::primitives::{CellPrimitives, Epilogue, UnitGradients, UnitWeights, scaled};
use crate::batch_norm::{BatchNorm, RunningStatistic};
use crate::pooling::Pooling;
use crate::unit_shape::UnitShape;
use crate::weight::Weight;
use crate::window::Window;

/// Whether a device has the operations for hidden states of a type.
pub(crate) fn run_on(device: &Device, dtype: DType) -> bool {
    #[cfg(any(feature = "cuda", feature = "wgpu"))]
    if crate::cube::run_on(device) {
        return crate::cube::is_stored(dtype);
    }
    dtype == DType::F32 && crate::cpu::run_on(device)
}

/// Whether passes over images are worth saving on this device: by an epilogue, or by one ReLU of a concatenation instead
/// of its readers' own. The CPU's kernels would take as many passes either way.
pub(crate) fn saves_passes(device: &Device) -> bool {
    !crate::cpu::run_on(device)
}

/// A hidden state that an operation reads.
#[derive(Clone, Debug)]
pub(crate) struct Input {
    pub(crate) values: Tensor<4>,
    pub(crate) mark: GradientMark,
}

impl Input {
    /// A state that nothing else reads.
    pub(crate) fn new(values: Tensor<4>) -> Self {
        Self {
            values,
            mark: GradientMark::default(),
        }
    }
}

/// The marks of the hidden states that an operation reads.
#[derive(Clone, Debug)]
pub(crate) struct Marks {
    image: GradientMark,
    /// That of what its epilogue adds.
    plus: Option<GradientMark>,
}

/// What happens to an operation's output in the same pass.
#[derive(Clone, Debug, Default)]
pub(crate) struct EpilogueTensors {
    /// `[images, 1, 1, 1]`
    pub(crate) factors: Option<Tensor<4>>,
    /// Of the output's shape.
    pub(crate) plus: Option<Input>,
}

impl EpilogueTensors {
    /// The epilogue of an operation, and the marks of all that it reads.
    fn split(self, image: GradientMark) -> (EpiloguePrimitives<Dispatch>, Marks) {
        let (plus, mark) = match self.plus {
            Some(Input { values, mark }) => (Some(values), Some(mark)),
            None => (None, None),
        };
        let tensors = [self.factors, plus].map(|tensor| Some(tensor?.into_dispatch()));
        let epilogue = match tensors {
            [None, None] => EpiloguePrimitives::None,
            [Some(factors), None] => EpiloguePrimitives::Factors(factors),
            [None, Some(plus)] => EpiloguePrimitives::Plus(plus),
            [Some(factors), Some(plus)] => EpiloguePrimitives::FactorsAndPlus(factors, plus),
        };
        (epilogue, Marks { image, plus: mark })
    }
}

/// The weights of a unit's convolutions, as far as it has them.
#[derive(Clone, Debug)]
pub(crate) struct UnitTensors {
    /// `[channels, 1, kernel height, kernel width]`
    depthwise: Option<Tensor<4>>,
    /// `[outputs, channels, kernel height, kernel width]`
    dense: Option<Tensor<4>>,
    /// The dense ones in the type of the images, if they were rounded before.
    rounded: Option<Tensor<4>>,
}

impl UnitTensors {
    pub(crate) fn new(depthwise: Option<Weight>, dense: Option<Weight>) -> Self {
        let [dense, rounded] = Weight::split(dense);
        Self {
            depthwise: depthwise.map(|weight| weight.values),
            dense,
            rounded,
        }
    }

    pub(crate) fn dense(weight: Weight) -> Self {
        Self::new(None, Some(weight))
    }

    fn into_primitives(self) -> ConvolutionWeights<Dispatch> {
        let tensors = [self.depthwise, self.dense, self.rounded];
        match tensors.map(|weights| Some(weights?.into_dispatch())) {
            [None, None, _] => ConvolutionWeights::None,
            [Some(depthwise), None, _] => ConvolutionWeights::Depthwise(depthwise),
            [None, Some(dense), None] => ConvolutionWeights::Dense(dense),
            [None, Some(dense), Some(rounded)] => ConvolutionWeights::RoundedDense(dense, rounded),
            [Some(depthwise), Some(dense), None] => ConvolutionWeights::Separable(depthwise, dense),
            [Some(depthwise), Some(dense), Some(rounded)] => {
                ConvolutionWeights::RoundedSeparable(depthwise, dense, rounded)
            }
        }
    }
}

/// Convolutions without bias.
///
/// # Shapes
/// - `image`: `[images, height, width, channels]`
/// - output: `[images, height, width, outputs]`
pub(crate) fn convolve(image: Input, weights: UnitTensors, unit: UnitShape) -> Tensor<4> {
    Tensor::from_dispatch(<Dispatch as CellOperations>::convolve(
        image.values.into_dispatch(),
        weights.into_primitives(),
        unit,
        image.mark,
    ))
}

/// Convolutions, if there are any, followed by batch norm with the batch's statistics, which are added to the
/// module's running ones.
///
/// # Shapes
/// Those of [`convolve`].
pub(crate) fn normalize(
    image: Input,
    weights: UnitTensors,
    norm: &BatchNorm,
    epilogue: EpilogueTensors,
    unit: UnitShape,
) -> Tensor<4> {
    let [images, height, width, _] = image.values.dims();
    let values = images * unit.out_pixels([height, width]);
    let (epilogue, marks) = epilogue.split(image.mark);
    let result = <Dispatch as CellOperations>::normalize(
        image.values.into_dispatch(),
        weights.into_primitives(),
        taken(norm),
        epilogue,
        unit,
        numbers_of(norm, values),
        marks,
    );
    set_running(norm, result.running_mean, result.running_variance);
    Tensor::from_dispatch(result.output)
}

/// Batch norm with the batch's statistics, which are added to the module's running ones, followed by convolutions.
///
/// # Shapes
/// Those of [`convolve`].
pub(crate) fn convolve_after_norm(
    image: Input,
    norm: &BatchNorm,
    weights: UnitTensors,
    unit: UnitShape,
) -> Tensor<4> {
    let [images, height, width, _] = image.values.dims();
    let result = <Dispatch as CellOperations>::convolve_after_norm(
        image.values.into_dispatch(),
        taken(norm),
        weights.into_primitives(),
        unit,
        numbers_of(norm, images * height * width),
        image.mark,
    );
    set_running(norm, result.running_mean, result.running_variance);
    Tensor::from_dispatch(result.output)
}

/// The sum of two images, each after batch norm with the batch's statistics, which are added to the module's running ones,
/// and times its factors.
///
/// # Shapes
/// - `images`, output: `[images, height, width, channels]`
/// - `factors`: `[images, 1, 1, 1]` each
pub(crate) fn normalize_sum(
    images: [Input; 2],
    norms: [&BatchNorm; 2],
    factors: Option<[Tensor<4>; 2]>,
) -> Tensor<4> {
    let [count, height, width, _] = images[0].values.dims();
    let [first, second] = images;
    let factors = match factors {
        Some([first, second]) => SumFactors::Both(first.into_dispatch(), second.into_dispatch()),
        None => SumFactors::None,
    };
    let result = <Dispatch as CellOperations>::normalize_sum(
        first.values.into_dispatch(),
        second.values.into_dispatch(),
        taken(norms[0]),
        taken(norms[1]),
        factors,
        norms.map(|norm| numbers_of(norm, count * height * width)),
        [first.mark, second.mark],
    );
    set_running(norms[0], result.first_mean, result.first_variance);
    set_running(norms[1], result.second_mean, result.second_variance);
    Tensor::from_dispatch(result.output)
}

/// Convolutions, if there are any, followed by batch norm with the running statistics. For devices without
/// autodiff.
///
/// # Shapes
/// Those of [`convolve`].
pub(crate) fn evaluate(
    image: Input,
    weights: UnitTensors,
    norm: &BatchNorm,
    epilogue: EpilogueTensors,
    unit: UnitShape,
) -> Tensor<4> {
    let running = [&norm.running_mean, &norm.running_var].map(RunningStatistic::value);
    let (epilogue, _) = epilogue.split(image.mark);
    Tensor::from_dispatch(<Dispatch as Inference>::evaluate(
        image.values.into_dispatch(),
        weights.into_primitives(),
        primitives_of(norm, running),
        epilogue,
        unit,
        numbers_of(norm, 1),
    ))
}

/// A batch norm whose running statistics are given away, to be [set](set_running) again.
fn taken(norm: &BatchNorm) -> NormPrimitives<Dispatch> {
    let running = [&norm.running_mean, &norm.running_var].map(RunningStatistic::take);
    primitives_of(norm, running)
}

fn set_running(norm: &BatchNorm, mean: DispatchTensor, variance: DispatchTensor) {
    norm.running_mean.set(Tensor::from_dispatch(mean));
    norm.running_var.set(Tensor::from_dispatch(variance));
}

fn primitives_of(norm: &BatchNorm, running: [Tensor<1>; 2]) -> NormPrimitives<Dispatch> {
    let [running_mean, running_variance] = running.map(Tensor::into_dispatch);
    NormPrimitives {
        gamma: norm.gamma.val().into_dispatch(),
        beta: norm.beta.val().into_dispatch(),
        running_mean,
        running_variance,
    }
}

/// The numbers of a batch norm for this many values of a channel.
fn numbers_of(norm: &BatchNorm, values: usize) -> NormNumbers {
    NormNumbers {
        epsilon: norm.epsilon,
        momentum: norm.momentum,
        correction: norm.correction(values),
    }
}

/// Average, max or min pooling. Padding never contributes to the result.
///
/// # Shapes
/// - `image`: `[images, height, width, channels]`
pub(crate) fn pool(
    image: Input,
    epilogue: EpilogueTensors,
    window: Window,
    take: Pooling,
) -> Tensor<4> {
    let (epilogue, marks) = epilogue.split(image.mark);
    Tensor::from_dispatch(<Dispatch as CellOperations>::pool(
        image.values.into_dispatch(),
        epilogue,
        window,
        take,
        marks,
    ))
}

/// Concatenates the channels of one or more images, and takes the ReLU if `relu`.
///
/// # Shapes
/// - `parts`: `[images, height, width, channels]` each
/// - output: `[images, height, width, sum of the channels]`
pub(crate) fn concatenate(mut parts: Vec<Input>, relu: bool) -> Tensor<4> {
    // If there are more parts than one operation takes, the first ones are concatenated before the rest.
    while parts.len() > MOST_PARTS {
        let rest = parts.split_off(MOST_PARTS);
        parts = vec![Input::new(concatenate(parts, false))];
        parts.extend(rest);
    }
    let count = parts.len();
    assert!(count > 1, "a concatenation has parts");
    let marks = parts.iter().map(|part| part.mark.clone()).collect();
    let mut parts: VecDeque<_> = parts
        .into_iter()
        .map(|part| part.values.into_dispatch())
        .collect();
    let mut next = || parts.pop_front().expect("`count` is the number of parts");
    let parts = match count {
        2 => ConcatenatedParts::Two(next(), next()),
        3 => ConcatenatedParts::Three(next(), next(), next()),
        4 => ConcatenatedParts::Four(next(), next(), next(), next()),
        5 => ConcatenatedParts::Five(next(), next(), next(), next(), next()),
        _ => ConcatenatedParts::Six(next(), next(), next(), next(), next(), next()),
    };
    Tensor::from_dispatch(<Dispatch as CellOperations>::concatenate(
        parts, relu, marks,
    ))
}
