//! The loss of a classifier as an operation with a gradient, on GPUs.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::{FloatTensor, IntTensor};
use burn::backend::{Autodiff, Backend, Dispatch, ExtensionType, backend_extension};
use burn::tensor::{Int, Tensor};
use burn_cubecl::CubeBackend;
use burn_cubecl::tensor::CubeTensor;

use crate::cube::{Loss, cross_entropy, cross_entropy_gradient};

/// The mean cross-entropy of a batch, `[1]`, and how many examples are classified correctly, `[1]`.
#[derive(ExtensionType)]
pub(crate) struct LossPrimitives<B: Backend> {
    pub(crate) mean: FloatTensor<B>,
    pub(crate) correct: FloatTensor<B>,
}

#[backend_extension(Cube, Autodiff)]
pub(super) trait ClassifierLoss: Backend {
    fn classifier_loss(
        logits: FloatTensor<Self>,
        labels: IntTensor<Self>,
        smoothing: f64,
    ) -> LossPrimitives<Self>;
}

impl ClassifierLoss for CubeBackend {
    fn classifier_loss(
        logits: CubeTensor,
        labels: CubeTensor,
        smoothing: f64,
    ) -> LossPrimitives<Self> {
        let Loss { mean, correct, .. } = cross_entropy(logits, labels, smoothing);
        LossPrimitives { mean, correct }
    }
}

#[derive(Debug)]
struct LossBackward;

impl Backward<CubeBackend, 1> for LossBackward {
    type State = CubeTensor;

    fn backward(
        self,
        ops: Ops<CubeTensor, 1>,
        gradients: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let by_mean = gradients.consume::<CubeBackend>(&ops.node);
        let [logits] = ops.parents;
        if let Some(logits) = logits {
            let by_logits = cross_entropy_gradient(ops.state, by_mean);
            gradients.register::<CubeBackend>(logits.id, by_logits);
        }
    }
}

impl<C: CheckpointStrategy> ClassifierLoss for Autodiff<CubeBackend, C> {
    fn classifier_loss(
        logits: FloatTensor<Self>,
        labels: IntTensor<Self>,
        smoothing: f64,
    ) -> LossPrimitives<Self> {
        let prepared = LossBackward
            .prepare::<C>([logits.node()])
            .compute_bound()
            .stateful();
        let loss = cross_entropy(logits.into_primitive(), labels, smoothing);
        let mean = match prepared {
            OpsKind::Tracked(prepared) => prepared.finish(loss.gradient, loss.mean),
            OpsKind::UnTracked(prepared) => prepared.finish(loss.mean),
        };
        LossPrimitives {
            mean,
            correct: FloatTensor::<Self>::new(loss.correct),
        }
    }
}

/// The mean cross-entropy of a batch, and how many examples are classified correctly.
pub(crate) fn classifier_loss(
    logits: Tensor<2>,
    labels: Tensor<1, Int>,
    smoothing: f64,
) -> [Tensor<1>; 2] {
    let loss = <Dispatch as ClassifierLoss>::classifier_loss(
        logits.into_dispatch(),
        labels.into_dispatch(),
        smoothing,
    );
    [loss.mean, loss.correct].map(Tensor::from_dispatch)
}
