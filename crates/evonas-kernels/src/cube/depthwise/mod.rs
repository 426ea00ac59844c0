//! Depthwise convolution as a Burn operation. Images are `[images, channels, height, width]`.

mod kernels;

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, backend_extension};
use burn::tensor::{Shape, Tensor};
use burn_cubecl::CubeBackend;

use crate::window::Window;

/// The shape of the output for these images.
fn output_shape(image: &Shape, window: &Window) -> Shape {
    let [images, channels, ..] = image.dims::<4>();
    [images, channels, window.out_height, window.out_width].into()
}

/// The shape of the images that lead to this output.
fn image_shape(output: &Shape, window: &Window) -> Shape {
    let [images, channels, ..] = output.dims::<4>();
    [images, channels, window.height, window.width].into()
}

fn weight_shape(image: &Shape, window: &Window) -> Shape {
    let [_, channels, ..] = image.dims::<4>();
    [channels, 1, window.kernel[0], window.kernel[1]].into()
}

/// A depthwise convolution without bias, and its gradients.
#[backend_extension(Cube, Fusion, Autodiff)]
pub(super) trait DepthwiseOperations: Backend {
    /// The convolution. `weight`: `[channels, 1, kernel height, kernel width]`.
    #[fusion(dtype = image, shape = output_shape(image, window))]
    fn depthwise(
        image: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        window: Window,
    ) -> FloatTensor<Self>;

    /// The gradient by the image from the gradient by the output.
    #[fusion(dtype = gradient, shape = image_shape(gradient, window))]
    fn depthwise_image_gradient(
        gradient: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        window: Window,
    ) -> FloatTensor<Self>;

    /// The gradient by the weight from the gradient by the output.
    #[fusion(dtype = gradient, shape = weight_shape(gradient, window))]
    fn depthwise_weight_gradient(
        image: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        window: Window,
    ) -> FloatTensor<Self>;
}

impl DepthwiseOperations for CubeBackend {
    fn depthwise(
        image: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        window: Window,
    ) -> FloatTensor<Self> {
        kernels::forward(image, weight, &window)
    }

    fn depthwise_image_gradient(
        gradient: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        window: Window,
    ) -> FloatTensor<Self> {
        kernels::image_gradient(gradient, weight, &window)
    }

    fn depthwise_weight_gradient(
        image: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        window: Window,
    ) -> FloatTensor<Self> {
        kernels::weight_gradient(image, gradient, &window)
    }
}

#[derive(Debug)]
struct DepthwiseBackward;

impl<B: Backend + DepthwiseOperations> Backward<B, 2> for DepthwiseBackward {
    /// Image, weight, window.
    type State = (FloatTensor<B>, FloatTensor<B>, Window);

    fn backward(
        self,
        ops: Ops<Self::State, 2>,
        gradients: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let gradient = gradients.consume::<B>(&ops.node);
        let (image, weight, window) = ops.state;
        let [of_image, of_weight] = ops.parents;
        if let Some(node) = of_image {
            let by = B::depthwise_image_gradient(gradient.clone(), weight, window);
            gradients.register::<B>(node.id, by);
        }
        if let Some(node) = of_weight {
            let by = B::depthwise_weight_gradient(image, gradient, window);
            gradients.register::<B>(node.id, by);
        }
    }
}

impl<B: Backend + DepthwiseOperations, C: CheckpointStrategy> DepthwiseOperations
    for Autodiff<B, C>
{
    fn depthwise(
        image: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        window: Window,
    ) -> FloatTensor<Self> {
        let prepared = DepthwiseBackward
            .prepare::<C>([image.node(), weight.node()])
            .compute_bound()
            .stateful();
        let [image, weight] = [image, weight].map(|tensor| tensor.into_primitive());
        let output = B::depthwise(image.clone(), weight.clone(), window);
        match prepared {
            OpsKind::Tracked(prepared) => prepared.finish((image, weight, window), output),
            OpsKind::UnTracked(prepared) => prepared.finish(output),
        }
    }

    fn depthwise_image_gradient(
        gradient: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        window: Window,
    ) -> FloatTensor<Self> {
        let [gradient, weight] = [gradient, weight].map(|tensor| tensor.into_primitive());
        FloatTensor::<Self>::new(B::depthwise_image_gradient(gradient, weight, window))
    }

    fn depthwise_weight_gradient(
        image: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        window: Window,
    ) -> FloatTensor<Self> {
        let [image, gradient] = [image, gradient].map(|tensor| tensor.into_primitive());
        FloatTensor::<Self>::new(B::depthwise_weight_gradient(image, gradient, window))
    }
}

/// A depthwise convolution without bias.
///
/// # Shapes
/// - `image`: `[images, channels, height, width]`
/// - `weight`: `[channels, 1, kernel height, kernel width]`
/// - output: `[images, channels, out height, out width]`
///
/// # Panics
/// If the weight doesn't have one kernel for each of the image's channels, or has another type.
pub(crate) fn depthwise(image: Tensor<4>, weight: Tensor<4>, window: Window) -> Tensor<4> {
    let channels = image.dims()[1];
    assert_eq!(
        weight.dims()[..2],
        [channels, 1],
        "the image has other channels"
    );
    assert_eq!(
        weight.dtype(),
        image.dtype(),
        "image and weight have the same type"
    );
    Tensor::from_dispatch(<Dispatch as DepthwiseOperations>::depthwise(
        image.into_dispatch(),
        weight.into_dispatch(),
        window,
    ))
}
