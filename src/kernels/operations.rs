//! The kernels as Burn operations with gradients of their own.

use burn::backend::autodiff::NodeId;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{
    Autodiff, Backend, Dispatch, DispatchDevice, ExtensionType, Flex, backend_extension,
};
use burn::tensor::{DType, Device, Tensor};

use super::plane::Window;
use super::pool::Take;
use super::primitives;

/// Whether the kernels take this tensor: single precision on the Flex backend.
pub(crate) fn accelerates<const D: usize>(tensor: &Tensor<D>) -> bool {
    tensor.dtype() == DType::F32 && is_flex(&tensor.device())
}

fn is_flex(device: &Device) -> bool {
    matches!(
        device.clone().inner().as_dispatch(),
        DispatchDevice::Flex(_)
    )
}

/// A batch norm's output in training, and the batch's statistics.
#[derive(ExtensionType)]
pub(super) struct BatchNormPrimitives<B: Backend> {
    output: FloatTensor<B>,
    mean: FloatTensor<B>,
    variance: FloatTensor<B>,
}

/// The operations that the kernels are for.
#[backend_extension(Flex, Autodiff)]
pub(super) trait CellOperations: Backend {
    /// A depthwise convolution of the image, or of its ReLU.
    fn depthwise(
        image: FloatTensor<Self>,
        weights: FloatTensor<Self>,
        window: Window,
        relu: bool,
    ) -> FloatTensor<Self>;

    /// A 1x1 convolution of the image, or of its ReLU.
    fn pointwise(
        image: FloatTensor<Self>,
        weights: FloatTensor<Self>,
        relu: bool,
    ) -> FloatTensor<Self>;

    /// Average or max pooling.
    fn pool(image: FloatTensor<Self>, window: Window, take: Take) -> FloatTensor<Self>;

    /// Batch norm by the batch's statistics.
    fn normalise(
        input: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f64,
    ) -> BatchNormPrimitives<Self>;
}

impl CellOperations for Flex {
    fn depthwise(image: FlexTensor, weights: FlexTensor, window: Window, relu: bool) -> FlexTensor {
        primitives::depthwise_forward(image, weights, &window, relu)
    }

    fn pointwise(image: FlexTensor, weights: FlexTensor, relu: bool) -> FlexTensor {
        primitives::pointwise_forward(image, weights, relu)
    }

    fn pool(image: FlexTensor, window: Window, take: Take) -> FlexTensor {
        primitives::pool_forward(image, &window, take)
    }

    fn normalise(
        input: FlexTensor,
        gamma: FlexTensor,
        beta: FlexTensor,
        epsilon: f64,
    ) -> BatchNormPrimitives<Self> {
        let [output, mean, variance] = primitives::batch_norm_train(input, gamma, beta, epsilon);
        BatchNormPrimitives {
            output,
            mean,
            variance,
        }
    }
}

/// Hands each parent that takes part in the differentiation its gradient.
fn register<const N: usize>(
    gradients: &mut Gradients,
    parents: [Option<NodeId>; N],
    by_parent: [FlexTensor; N],
) {
    for (node, gradient) in parents.into_iter().zip(by_parent) {
        if let Some(node) = node {
            gradients.register::<Flex>(node, gradient);
        }
    }
}

#[derive(Debug)]
struct DepthwiseBackward;

impl Backward<Flex, 2> for DepthwiseBackward {
    type State = (FlexTensor, FlexTensor, Window, bool);

    fn backward(
        self,
        ops: Ops<Self::State, 2>,
        gradients: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let gradient = gradients.consume::<Flex>(&ops.node);
        let (image, weights, window, relu) = ops.state;
        let by = primitives::depthwise_backward(image, weights, gradient, &window, relu);
        register(gradients, ops.parents.map(|node| Some(node?.id)), by);
    }
}

#[derive(Debug)]
struct PointwiseBackward;

impl Backward<Flex, 2> for PointwiseBackward {
    type State = (FlexTensor, FlexTensor, bool);

    fn backward(
        self,
        ops: Ops<Self::State, 2>,
        gradients: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let gradient = gradients.consume::<Flex>(&ops.node);
        let (image, weights, relu) = ops.state;
        let by = primitives::pointwise_backward(image, weights, gradient, relu);
        register(gradients, ops.parents.map(|node| Some(node?.id)), by);
    }
}

#[derive(Debug)]
struct PoolBackward;

impl Backward<Flex, 1> for PoolBackward {
    type State = (FlexTensor, Window, Take);

    fn backward(
        self,
        ops: Ops<Self::State, 1>,
        gradients: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let gradient = gradients.consume::<Flex>(&ops.node);
        let (image, window, take) = ops.state;
        let by = primitives::pool_backward(image, gradient, &window, take);
        register(gradients, ops.parents.map(|node| Some(node?.id)), [by]);
    }
}

#[derive(Debug)]
struct NormaliseBackward;

impl Backward<Flex, 3> for NormaliseBackward {
    /// Input, gamma, means, variances, epsilon.
    type State = (FlexTensor, FlexTensor, FlexTensor, FlexTensor, f64);

    fn backward(
        self,
        ops: Ops<Self::State, 3>,
        gradients: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let gradient = gradients.consume::<Flex>(&ops.node);
        let (input, gamma, mean, variance, epsilon) = ops.state;
        let by = primitives::batch_norm_backward(input, gamma, mean, variance, epsilon, gradient);
        register(gradients, ops.parents.map(|node| Some(node?.id)), by);
    }
}

impl<C: CheckpointStrategy> CellOperations for Autodiff<Flex, C> {
    fn depthwise(
        image: FloatTensor<Self>,
        weights: FloatTensor<Self>,
        window: Window,
        relu: bool,
    ) -> FloatTensor<Self> {
        let prepared = DepthwiseBackward
            .prepare::<C>([image.node(), weights.node()])
            .compute_bound()
            .stateful();
        let (image, weights) = (image.into_primitive(), weights.into_primitive());
        let output = primitives::depthwise_forward(image.clone(), weights.clone(), &window, relu);
        match prepared {
            OpsKind::Tracked(prepared) => prepared.finish((image, weights, window, relu), output),
            OpsKind::UnTracked(prepared) => prepared.finish(output),
        }
    }

    fn pointwise(
        image: FloatTensor<Self>,
        weights: FloatTensor<Self>,
        relu: bool,
    ) -> FloatTensor<Self> {
        let prepared = PointwiseBackward
            .prepare::<C>([image.node(), weights.node()])
            .compute_bound()
            .stateful();
        let (image, weights) = (image.into_primitive(), weights.into_primitive());
        let output = primitives::pointwise_forward(image.clone(), weights.clone(), relu);
        match prepared {
            OpsKind::Tracked(prepared) => prepared.finish((image, weights, relu), output),
            OpsKind::UnTracked(prepared) => prepared.finish(output),
        }
    }

    fn pool(image: FloatTensor<Self>, window: Window, take: Take) -> FloatTensor<Self> {
        let prepared = PoolBackward
            .prepare::<C>([image.node()])
            .compute_bound()
            .stateful();
        let image = image.into_primitive();
        let output = primitives::pool_forward(image.clone(), &window, take);
        match prepared {
            OpsKind::Tracked(prepared) => prepared.finish((image, window, take), output),
            OpsKind::UnTracked(prepared) => prepared.finish(output),
        }
    }

    fn normalise(
        input: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f64,
    ) -> BatchNormPrimitives<Self> {
        let prepared = NormaliseBackward
            .prepare::<C>([input.node(), gamma.node(), beta.node()])
            .compute_bound()
            .stateful();
        let [input, gamma, beta] = [input, gamma, beta].map(|tensor| tensor.into_primitive());
        let [output, mean, variance] =
            primitives::batch_norm_train(input.clone(), gamma.clone(), beta, epsilon);
        let output = match prepared {
            OpsKind::Tracked(prepared) => {
                let state = (input, gamma, mean.clone(), variance.clone(), epsilon);
                prepared.finish(state, output)
            }
            OpsKind::UnTracked(prepared) => prepared.finish(output),
        };
        BatchNormPrimitives {
            output,
            mean: FloatTensor::<Self>::new(mean),
            variance: FloatTensor::<Self>::new(variance),
        }
    }
}

/// A depthwise convolution without bias of the image, or of its ReLU.
///
/// # Shapes
/// - `image`: `[images, channels, height, width]`
/// - `weights`: `[channels, 1, kernel, kernel]`
pub(crate) fn depthwise(
    image: Tensor<4>,
    weights: Tensor<4>,
    window: Window,
    relu: bool,
) -> Tensor<4> {
    Tensor::from_dispatch(<Dispatch as CellOperations>::depthwise(
        image.into_dispatch(),
        weights.into_dispatch(),
        window,
        relu,
    ))
}

/// A 1x1 convolution without bias of the image, or of its ReLU.
///
/// # Shapes
/// - `image`: `[images, input, height, width]`
/// - `weights`: `[output, input, 1, 1]`
pub(crate) fn pointwise(image: Tensor<4>, weights: Tensor<4>, relu: bool) -> Tensor<4> {
    Tensor::from_dispatch(<Dispatch as CellOperations>::pointwise(
        image.into_dispatch(),
        weights.into_dispatch(),
        relu,
    ))
}

/// Average or max pooling; padding is never part of the result.
///
/// # Shapes
/// - `image`: `[images, channels, height, width]`
pub(crate) fn pool(image: Tensor<4>, window: Window, take: Take) -> Tensor<4> {
    Tensor::from_dispatch(<Dispatch as CellOperations>::pool(
        image.into_dispatch(),
        window,
        take,
    ))
}

/// What a batch norm makes in training.
pub(crate) struct BatchNormOutput {
    /// The normalised, scaled and shifted input.
    pub(crate) output: Tensor<4>,
    /// The batch's means by channel.
    pub(crate) mean: Tensor<1>,
    /// Its variances, divided by the number of values.
    pub(crate) variance: Tensor<1>,
}

/// Batch norm by the statistics of the batch.
///
/// # Shapes
/// - `input`: `[images, channels, height, width]`
/// - `gamma`, `beta`: `[channels]`
pub(crate) fn batch_norm_train(
    input: Tensor<4>,
    gamma: Tensor<1>,
    beta: Tensor<1>,
    epsilon: f64,
) -> BatchNormOutput {
    let result = <Dispatch as CellOperations>::normalise(
        input.into_dispatch(),
        gamma.into_dispatch(),
        beta.into_dispatch(),
        epsilon,
    );
    BatchNormOutput {
        output: Tensor::from_dispatch(result.output),
        mean: Tensor::from_dispatch(result.mean),
        variance: Tensor::from_dispatch(result.variance),
    }
}
