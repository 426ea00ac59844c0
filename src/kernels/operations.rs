//! The kernels as Burn operations with gradients of their own. Images are
//! `[images, height, width, channels]`.

use std::collections::VecDeque;

use burn::backend::autodiff::NodeId;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, NodeGuard, Ops, OpsKind};
use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{
    Autodiff, Backend, Dispatch, DispatchDevice, ExtensionType, Flex, backend_extension,
};
use burn::tensor::{DType, Device, Tensor};

use super::pool::Take;
use super::primitives::{self, Inputs, Normalised, NormalisedOutput, Values};
use super::unit::Unit;
use super::window::Window;

/// Whether the kernels take this tensor: single precision on the Flex backend.
pub(crate) fn accelerates<const D: usize>(tensor: &Tensor<D>) -> bool {
    tensor.dtype() == DType::F32 && run_on(&tensor.device())
}

/// Whether the kernels run on this device.
pub(crate) fn run_on(device: &Device) -> bool {
    matches!(
        device.clone().inner().as_dispatch(),
        DispatchDevice::Flex(_)
    )
}

/// A batch norm's output in training, and the batch's statistics.
#[derive(ExtensionType)]
pub(super) struct NormalisedPrimitives<B: Backend> {
    output: FloatTensor<B>,
    mean: FloatTensor<B>,
    variance: FloatTensor<B>,
}

/// The weights of a unit's convolutions.
#[derive(ExtensionType)]
pub(super) enum Weights<B: Backend> {
    None,
    Depthwise(FloatTensor<B>),
    Dense(FloatTensor<B>),
    Separable(FloatTensor<B>, FloatTensor<B>),
}

impl<B: Backend> Weights<B> {
    /// Those of the depthwise convolution and of the dense one.
    pub(super) fn split(self) -> [Option<FloatTensor<B>>; 2] {
        match self {
            Self::None => [None, None],
            Self::Depthwise(depthwise) => [Some(depthwise), None],
            Self::Dense(dense) => [None, Some(dense)],
            Self::Separable(depthwise, dense) => [Some(depthwise), Some(dense)],
        }
    }
}

impl<C: CheckpointStrategy> Weights<Autodiff<Flex, C>> {
    /// The nodes of both. Weights that aren't there get no gradient; the image stands in for their
    /// nodes.
    fn nodes(&self, image: &FloatTensor<Autodiff<Flex, C>>) -> [NodeGuard; 2] {
        match self {
            Self::None => [image.node(), image.node()],
            Self::Depthwise(depthwise) => [depthwise.node(), image.node()],
            Self::Dense(dense) => [image.node(), dense.node()],
            Self::Separable(depthwise, dense) => [depthwise.node(), dense.node()],
        }
    }

    fn inner(self) -> Weights<Flex> {
        match self {
            Self::None => Weights::None,
            Self::Depthwise(depthwise) => Weights::Depthwise(depthwise.into_primitive()),
            Self::Dense(dense) => Weights::Dense(dense.into_primitive()),
            Self::Separable(depthwise, dense) => {
                Weights::Separable(depthwise.into_primitive(), dense.into_primitive())
            }
        }
    }
}

/// What a concatenation puts together.
#[derive(ExtensionType)]
pub(super) enum Parts<B: Backend> {
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

/// As many as `Parts` takes, and published cells have.
const MOST_PARTS: usize = 6;

/// The operations that the kernels are for.
#[backend_extension(Flex, Autodiff)]
pub(super) trait CellOperations: Backend {
    /// Convolutions.
    fn convolve(
        image: FloatTensor<Self>,
        #[extension_type] weights: Weights<Self>,
        unit: Unit,
    ) -> FloatTensor<Self>;

    /// Convolutions, if there are any, and batch norm by the batch's statistics.
    fn normalise(
        image: FloatTensor<Self>,
        #[extension_type] weights: Weights<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        unit: Unit,
        epsilon: f64,
    ) -> NormalisedPrimitives<Self>;

    /// Average, max or min pooling.
    fn pool(image: FloatTensor<Self>, window: Window, take: Take) -> FloatTensor<Self>;

    /// Images' channels one behind the other.
    fn concatenate(#[extension_type] parts: Parts<Self>) -> FloatTensor<Self>;
}

/// An operation without gradients.
#[backend_extension(Flex)]
pub(super) trait Inference: Backend {
    /// Convolutions, if there are any, scaled and shifted by channel.
    fn scaled(
        image: FloatTensor<Self>,
        #[extension_type] weights: Weights<Self>,
        scale: FloatTensor<Self>,
        shift: FloatTensor<Self>,
        unit: Unit,
    ) -> FloatTensor<Self>;
}

impl CellOperations for Flex {
    fn convolve(image: FlexTensor, weights: Weights<Self>, unit: Unit) -> FlexTensor {
        Inputs::new(unit, image, weights).forward()
    }

    fn normalise(
        image: FlexTensor,
        weights: Weights<Self>,
        gamma: FlexTensor,
        beta: FlexTensor,
        unit: Unit,
        epsilon: f64,
    ) -> NormalisedPrimitives<Self> {
        let inputs = Inputs::new(unit, image, weights);
        let (_, made) = Normalised::forward(inputs, gamma, beta, epsilon);
        let NormalisedOutput {
            output,
            mean,
            variance,
        } = made;
        NormalisedPrimitives {
            output,
            mean,
            variance,
        }
    }

    fn pool(image: FlexTensor, window: Window, take: Take) -> FlexTensor {
        primitives::pool_forward(&Values::new(image), &window, take)
    }

    fn concatenate(parts: Parts<Self>) -> FlexTensor {
        let parts = match parts {
            Parts::Two(a, b) => vec![a, b],
            Parts::Three(a, b, c) => vec![a, b, c],
            Parts::Four(a, b, c, d) => vec![a, b, c, d],
            Parts::Five(a, b, c, d, e) => vec![a, b, c, d, e],
            Parts::Six(a, b, c, d, e, f) => vec![a, b, c, d, e, f],
        };
        let parts: Vec<Values> = parts.into_iter().map(Values::new).collect();
        primitives::joined(&parts)
    }
}

impl Inference for Flex {
    fn scaled(
        image: FlexTensor,
        weights: Weights<Self>,
        scale: FlexTensor,
        shift: FlexTensor,
        unit: Unit,
    ) -> FlexTensor {
        let inputs = Inputs::new(unit, image, weights);
        primitives::scaled(&inputs, scale, shift)
    }
}

/// Hands each parent that takes part in the differentiation its gradient, if it has one.
fn register<const N: usize>(
    gradients: &mut Gradients,
    parents: [Option<NodeId>; N],
    by_parent: [Option<FlexTensor>; N],
) {
    for pair in parents.into_iter().zip(by_parent) {
        if let (Some(node), Some(gradient)) = pair {
            gradients.register::<Flex>(node, gradient);
        }
    }
}

#[derive(Debug)]
struct ConvolveBackward;

impl Backward<Flex, 3> for ConvolveBackward {
    type State = Inputs;

    fn backward(
        self,
        ops: Ops<Self::State, 3>,
        gradients: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let gradient = gradients.consume::<Flex>(&ops.node);
        let by = ops.state.backward(gradient, ops.parents[0].is_some());
        let parents = ops.parents.map(|node| Some(node?.id));
        register(gradients, parents, [by.image, by.depthwise, by.dense]);
    }
}

#[derive(Debug)]
struct NormaliseBackward;

impl Backward<Flex, 5> for NormaliseBackward {
    type State = Normalised;

    fn backward(
        self,
        ops: Ops<Self::State, 5>,
        gradients: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let gradient = gradients.consume::<Flex>(&ops.node);
        let (by, [gamma, beta]) = ops.state.backward(gradient, ops.parents[0].is_some());
        let parents = ops.parents.map(|node| Some(node?.id));
        let by_parent = [by.image, by.depthwise, by.dense, Some(gamma), Some(beta)];
        register(gradients, parents, by_parent);
    }
}

#[derive(Debug)]
struct PoolBackward;

impl Backward<Flex, 1> for PoolBackward {
    type State = (Values, Window, Take);

    fn backward(
        self,
        ops: Ops<Self::State, 1>,
        gradients: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let gradient = gradients.consume::<Flex>(&ops.node);
        let (image, window, take) = ops.state;
        let by = primitives::pool_backward(&image, gradient, &window, take);
        register(
            gradients,
            ops.parents.map(|node| Some(node?.id)),
            [Some(by)],
        );
    }
}

#[derive(Debug)]
struct ConcatenateBackward;

impl<const N: usize> Backward<Flex, N> for ConcatenateBackward {
    /// The parts' channels.
    type State = [usize; N];

    fn backward(
        self,
        ops: Ops<Self::State, N>,
        gradients: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let gradient = gradients.consume::<Flex>(&ops.node);
        let by = primitives::separate(gradient, ops.state);
        let parents = ops.parents.map(|node| Some(node?.id));
        register(gradients, parents, by.map(Some));
    }
}

/// A concatenation with its gradients.
fn concatenated<C: CheckpointStrategy, const N: usize>(
    parts: [FloatTensor<Autodiff<Flex, C>>; N],
) -> FloatTensor<Autodiff<Flex, C>> {
    let prepared = ConcatenateBackward
        .prepare::<C>(parts.each_ref().map(|part| part.node()))
        .compute_bound()
        .stateful();
    let parts = parts.map(|part| Values::new(part.into_primitive()));
    let channels = parts.each_ref().map(|part| part.dims()[3]);
    let output = primitives::joined(&parts);
    match prepared {
        OpsKind::Tracked(prepared) => prepared.finish(channels, output),
        OpsKind::UnTracked(prepared) => prepared.finish(output),
    }
}

impl<C: CheckpointStrategy> CellOperations for Autodiff<Flex, C> {
    fn convolve(image: FloatTensor<Self>, weights: Weights<Self>, unit: Unit) -> FloatTensor<Self> {
        let [depthwise, dense] = weights.nodes(&image);
        let prepared = ConvolveBackward
            .prepare::<C>([image.node(), depthwise, dense])
            .compute_bound()
            .stateful();
        let inputs = Inputs::new(unit, image.into_primitive(), weights.inner());
        let output = inputs.forward();
        match prepared {
            OpsKind::Tracked(prepared) => prepared.finish(inputs, output),
            OpsKind::UnTracked(prepared) => prepared.finish(output),
        }
    }

    fn normalise(
        image: FloatTensor<Self>,
        weights: Weights<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        unit: Unit,
        epsilon: f64,
    ) -> NormalisedPrimitives<Self> {
        let [depthwise, dense] = weights.nodes(&image);
        let nodes = [image.node(), depthwise, dense, gamma.node(), beta.node()];
        let prepared = NormaliseBackward
            .prepare::<C>(nodes)
            .compute_bound()
            .stateful();
        let inputs = Inputs::new(unit, image.into_primitive(), weights.inner());
        let [gamma, beta] = [gamma, beta].map(|tensor| tensor.into_primitive());
        let (saved, made) = Normalised::forward(inputs, gamma, beta, epsilon);
        let output = match prepared {
            OpsKind::Tracked(prepared) => prepared.finish(saved, made.output),
            OpsKind::UnTracked(prepared) => prepared.finish(made.output),
        };
        NormalisedPrimitives {
            output,
            mean: FloatTensor::<Self>::new(made.mean),
            variance: FloatTensor::<Self>::new(made.variance),
        }
    }

    fn pool(image: FloatTensor<Self>, window: Window, take: Take) -> FloatTensor<Self> {
        let prepared = PoolBackward
            .prepare::<C>([image.node()])
            .compute_bound()
            .stateful();
        let image = Values::new(image.into_primitive());
        let output = primitives::pool_forward(&image, &window, take);
        match prepared {
            OpsKind::Tracked(prepared) => prepared.finish((image, window, take), output),
            OpsKind::UnTracked(prepared) => prepared.finish(output),
        }
    }

    fn concatenate(parts: Parts<Self>) -> FloatTensor<Self> {
        match parts {
            Parts::Two(a, b) => concatenated::<C, _>([a, b]),
            Parts::Three(a, b, c) => concatenated::<C, _>([a, b, c]),
            Parts::Four(a, b, c, d) => concatenated::<C, _>([a, b, c, d]),
            Parts::Five(a, b, c, d, e) => concatenated::<C, _>([a, b, c, d, e]),
            Parts::Six(a, b, c, d, e, f) => concatenated::<C, _>([a, b, c, d, e, f]),
        }
    }
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
pub(crate) fn convolve(
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
pub(crate) struct BatchNormOutput {
    /// The normalised, scaled and shifted input.
    pub(crate) output: Images,
    /// The batch's means by channel.
    pub(crate) mean: Tensor<1>,
    /// Its variances, divided by the number of values.
    pub(crate) variance: Tensor<1>,
}

/// Convolutions, if there are any, and batch norm by the statistics of the batch.
///
/// # Shapes
/// As [`convolve`]'s; `gamma` and `beta`: `[outputs]`.
pub(crate) fn normalise(
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
pub(crate) fn scaled(
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
pub(crate) fn pool(image: Images, window: Window, take: Take) -> Images {
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
pub(crate) fn concatenate(mut parts: Vec<Images>) -> Images {
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
