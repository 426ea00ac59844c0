//! Batch norm with the batch's statistics as a Burn operation. Images are
//! `[images, channels, height, width]`, everything else is `[channels]`.

mod kernels;

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::fusion::custom::TensorSpec;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, ExtensionType, backend_extension};
use burn::tensor::{DType, Tensor};
use burn_cubecl::CubeBackend;

use crate::batch_norm::BatchNormOutput;

/// The result of batch norm in training.
#[derive(ExtensionType)]
#[extension_type(fusion)]
pub(super) struct NormalizedBatch<B: Backend> {
    output: FloatTensor<B>,
    mean: FloatTensor<B>,
    /// Divided by the number of values.
    variance: FloatTensor<B>,
}

/// The gradients of batch norm.
#[derive(ExtensionType)]
#[extension_type(fusion)]
pub(super) struct NormGradients<B: Backend> {
    image: FloatTensor<B>,
    gamma: FloatTensor<B>,
    beta: FloatTensor<B>,
}

/// Batch norm in training, in single precision.
#[backend_extension(Cube, Fusion, Autodiff)]
pub(super) trait BatchNormOperations: Backend {
    #[fusion(meta = normalized_of)]
    fn normalize_batch(
        image: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f64,
    ) -> NormalizedBatch<Self>;

    #[fusion(meta = gradients_of)]
    fn normalize_batch_gradients(
        image: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        variance: FloatTensor<Self>,
        epsilon: f64,
    ) -> NormGradients<Self>;
}

fn normalized_of(
    image: &TensorSpec,
    gamma: &TensorSpec,
    _: &TensorSpec,
    _: &f64,
) -> NormalizedBatchMetadata {
    NormalizedBatchMetadata {
        output: image.clone(),
        mean: gamma.clone(),
        variance: gamma.clone(),
    }
}

fn gradients_of(
    image: &TensorSpec,
    _: &TensorSpec,
    gamma: &TensorSpec,
    _: &TensorSpec,
    _: &TensorSpec,
    _: &f64,
) -> NormGradientsMetadata {
    NormGradientsMetadata {
        image: image.clone(),
        gamma: gamma.clone(),
        beta: gamma.clone(),
    }
}

impl BatchNormOperations for CubeBackend {
    fn normalize_batch(
        image: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f64,
    ) -> NormalizedBatch<Self> {
        let [mean, variance] = kernels::statistics(&image);
        let by = [&mean, &variance, &gamma, &beta];
        NormalizedBatch {
            output: kernels::normalize(image, by, epsilon),
            mean,
            variance,
        }
    }

    fn normalize_batch_gradients(
        image: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        variance: FloatTensor<Self>,
        epsilon: f64,
    ) -> NormGradients<Self> {
        let statistics = [&mean, &variance];
        let [by_gamma, by_beta] =
            kernels::parameter_gradients(&image, &gradient, statistics, epsilon);
        let by = [&mean, &variance, &gamma, &by_gamma, &by_beta];
        NormGradients {
            image: kernels::image_gradient(image, gradient, by, epsilon),
            gamma: by_gamma,
            beta: by_beta,
        }
    }
}

#[derive(Debug)]
struct BatchNormBackward;

impl<B: Backend + BatchNormOperations> Backward<B, 3> for BatchNormBackward {
    /// Image, gamma, mean, variance, epsilon.
    type State = ([FloatTensor<B>; 4], f64);

    fn backward(
        self,
        ops: Ops<Self::State, 3>,
        gradients: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let gradient = gradients.consume::<B>(&ops.node);
        let ([image, gamma, mean, variance], epsilon) = ops.state;
        let by = B::normalize_batch_gradients(image, gradient, gamma, mean, variance, epsilon);
        for (node, by) in ops.parents.into_iter().zip([by.image, by.gamma, by.beta]) {
            if let Some(node) = node {
                gradients.register::<B>(node.id, by);
            }
        }
    }
}

impl<B: Backend + BatchNormOperations, C: CheckpointStrategy> BatchNormOperations
    for Autodiff<B, C>
{
    fn normalize_batch(
        image: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f64,
    ) -> NormalizedBatch<Self> {
        let prepared = BatchNormBackward
            .prepare::<C>([image.node(), gamma.node(), beta.node()])
            .compute_bound()
            .stateful();
        let [image, gamma, beta] = [image, gamma, beta].map(|tensor| tensor.into_primitive());
        let made = B::normalize_batch(image.clone(), gamma.clone(), beta, epsilon);
        let output = match prepared {
            OpsKind::Tracked(prepared) => {
                let saved = [image, gamma, made.mean.clone(), made.variance.clone()];
                prepared.finish((saved, epsilon), made.output)
            }
            OpsKind::UnTracked(prepared) => prepared.finish(made.output),
        };
        NormalizedBatch {
            output,
            mean: FloatTensor::<Self>::new(made.mean),
            variance: FloatTensor::<Self>::new(made.variance),
        }
    }

    fn normalize_batch_gradients(
        image: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        variance: FloatTensor<Self>,
        epsilon: f64,
    ) -> NormGradients<Self> {
        let [image, gradient, gamma, mean, variance] =
            [image, gradient, gamma, mean, variance].map(|tensor| tensor.into_primitive());
        let by = B::normalize_batch_gradients(image, gradient, gamma, mean, variance, epsilon);
        NormGradients {
            image: FloatTensor::<Self>::new(by.image),
            gamma: FloatTensor::<Self>::new(by.gamma),
            beta: FloatTensor::<Self>::new(by.beta),
        }
    }
}

/// Batch norm with the batch's statistics, in single precision.
///
/// # Shapes
/// - `image`, output: `[images, channels, height, width]`
/// - `gamma`, `beta`, statistics: `[channels]`
///
/// # Panics
/// If a tensor isn't in single precision.
pub(crate) fn batch_norm(
    image: Tensor<4>,
    gamma: Tensor<1>,
    beta: Tensor<1>,
    epsilon: f64,
) -> BatchNormOutput {
    let types = [image.dtype(), gamma.dtype(), beta.dtype()];
    assert_eq!(
        types,
        [DType::F32; 3],
        "batch norm computes in single precision"
    );
    let made = <Dispatch as BatchNormOperations>::normalize_batch(
        image.into_dispatch(),
        gamma.into_dispatch(),
        beta.into_dispatch(),
        epsilon,
    );
    BatchNormOutput {
        output: Tensor::from_dispatch(made.output),
        mean: Tensor::from_dispatch(made.mean),
        variance: Tensor::from_dispatch(made.variance),
    }
}
