//! The operations' gradients, as Burn's autodiff wants them, for every backend that has the primitives.

use burn::backend::Autodiff;
use burn::backend::Backend;
use burn::backend::autodiff::NodeId;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, NodeGuard, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;

use super::extension::{
    CellOperations, ConcatenatedParts, ConvolutionWeights, NormNumbers, NormPrimitives,
    NormalizedPrimitives,
};
use super::primitives::CellPrimitives;
use crate::pooling::Pooling;
use crate::unit_shape::UnitShape;
use crate::window::Window;

impl<B: CellPrimitives, C: CheckpointStrategy> ConvolutionWeights<Autodiff<B, C>> {
    /// The nodes of both. Missing weights get no gradient; the node of the image stands in for theirs.
    fn nodes(&self, image: &FloatTensor<Autodiff<B, C>>) -> [NodeGuard; 2] {
        match self {
            Self::None => [image.node(), image.node()],
            Self::Depthwise(depthwise) => [depthwise.node(), image.node()],
            Self::Dense(dense) => [image.node(), dense.node()],
            Self::Separable(depthwise, dense) => [depthwise.node(), dense.node()],
        }
    }

    fn inner(self) -> [Option<FloatTensor<B>>; 2] {
        self.split().map(|weights| Some(weights?.into_primitive()))
    }
}

/// Gives each parent that is being differentiated its gradient, if it has one.
fn register<B: Backend, const N: usize>(
    gradients: &mut Gradients,
    parents: [Option<NodeId>; N],
    by_parent: [Option<FloatTensor<B>>; N],
) {
    for pair in parents.into_iter().zip(by_parent) {
        if let (Some(node), Some(gradient)) = pair {
            gradients.register::<B>(node, gradient);
        }
    }
}

#[derive(Debug)]
struct ConvolveBackward;

impl<B: CellPrimitives> Backward<B, 3> for ConvolveBackward {
    type State = B::Convolved;

    fn backward(
        self,
        ops: Ops<Self::State, 3>,
        gradients: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let gradient = gradients.consume::<B>(&ops.node);
        let by = B::convolved_gradients(ops.state, gradient, ops.parents[0].is_some());
        let parents = ops.parents.map(|node| Some(node?.id));
        register::<B, 3>(gradients, parents, [by.image, by.depthwise, by.dense]);
    }
}

#[derive(Debug)]
struct NormalizeBackward;

impl<B: CellPrimitives> Backward<B, 5> for NormalizeBackward {
    type State = B::Normalized;

    fn backward(
        self,
        ops: Ops<Self::State, 5>,
        gradients: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let gradient = gradients.consume::<B>(&ops.node);
        let (by, [gamma, beta]) =
            B::normalized_gradients(ops.state, gradient, ops.parents[0].is_some());
        let parents = ops.parents.map(|node| Some(node?.id));
        let by_parent = [by.image, by.depthwise, by.dense, Some(gamma), Some(beta)];
        register::<B, 5>(gradients, parents, by_parent);
    }
}

#[derive(Debug)]
struct PoolBackward;

impl<B: CellPrimitives> Backward<B, 1> for PoolBackward {
    type State = B::Pooled;

    fn backward(
        self,
        ops: Ops<Self::State, 1>,
        gradients: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let gradient = gradients.consume::<B>(&ops.node);
        let by = B::pooled_gradient(ops.state, gradient);
        let parents = ops.parents.map(|node| Some(node?.id));
        register::<B, 1>(gradients, parents, [Some(by)]);
    }
}

#[derive(Debug)]
struct ConcatenateBackward;

impl<B: CellPrimitives, const N: usize> Backward<B, N> for ConcatenateBackward {
    /// The channels of the parts.
    type State = [usize; N];

    fn backward(
        self,
        ops: Ops<Self::State, N>,
        gradients: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let gradient = gradients.consume::<B>(&ops.node);
        let by = B::separated(gradient, &ops.state);
        for (node, by) in ops.parents.into_iter().zip(by) {
            if let Some(node) = node {
                gradients.register::<B>(node.id, by);
            }
        }
    }
}

/// A concatenation with its gradient.
fn concatenated<B: CellPrimitives, C: CheckpointStrategy, const N: usize>(
    parts: [FloatTensor<Autodiff<B, C>>; N],
) -> FloatTensor<Autodiff<B, C>> {
    let prepared = Backward::<B, N>::prepare::<C>(
        ConcatenateBackward,
        parts.each_ref().map(|part| part.node()),
    )
    .compute_bound()
    .stateful();
    let parts = parts.map(|part| part.into_primitive());
    let channels = parts.each_ref().map(B::channels);
    let output = B::concatenated(parts.into());
    match prepared {
        OpsKind::Tracked(prepared) => prepared.finish(channels, output),
        OpsKind::UnTracked(prepared) => prepared.finish(output),
    }
}

impl<B: CellPrimitives, C: CheckpointStrategy> CellOperations for Autodiff<B, C> {
    fn convolve(
        image: FloatTensor<Self>,
        weights: ConvolutionWeights<Self>,
        unit: UnitShape,
    ) -> FloatTensor<Self> {
        let [depthwise, dense] = weights.nodes(&image);
        let nodes = [image.node(), depthwise, dense];
        let prepared = Backward::<B, 3>::prepare::<C>(ConvolveBackward, nodes)
            .compute_bound()
            .stateful();
        let (output, saved) = B::convolved(image.into_primitive(), weights.inner(), unit);
        match prepared {
            OpsKind::Tracked(prepared) => prepared.finish(saved, output),
            OpsKind::UnTracked(prepared) => prepared.finish(output),
        }
    }

    fn normalize(
        image: FloatTensor<Self>,
        weights: ConvolutionWeights<Self>,
        norm: NormPrimitives<Self>,
        unit: UnitShape,
        numbers: NormNumbers,
    ) -> NormalizedPrimitives<Self> {
        let [depthwise, dense] = weights.nodes(&image);
        let nodes = [
            image.node(),
            depthwise,
            dense,
            norm.gamma.node(),
            norm.beta.node(),
        ];
        let prepared = Backward::<B, 5>::prepare::<C>(NormalizeBackward, nodes)
            .compute_bound()
            .stateful();
        let norm = NormPrimitives::<B> {
            gamma: norm.gamma.into_primitive(),
            beta: norm.beta.into_primitive(),
            running_mean: norm.running_mean.into_primitive(),
            running_variance: norm.running_variance.into_primitive(),
        };
        let (output, running, saved) = B::normalized(
            image.into_primitive(),
            weights.inner(),
            norm.with(numbers),
            unit,
        );
        let output = match prepared {
            OpsKind::Tracked(prepared) => prepared.finish(saved, output),
            OpsKind::UnTracked(prepared) => prepared.finish(output),
        };
        NormalizedPrimitives {
            output,
            running_mean: FloatTensor::<Self>::new(running.mean),
            running_variance: FloatTensor::<Self>::new(running.variance),
        }
    }

    fn pool(image: FloatTensor<Self>, window: Window, take: Pooling) -> FloatTensor<Self> {
        let prepared = Backward::<B, 1>::prepare::<C>(PoolBackward, [image.node()])
            .compute_bound()
            .stateful();
        let (output, saved) = B::pooled(image.into_primitive(), &window, take);
        match prepared {
            OpsKind::Tracked(prepared) => prepared.finish(saved, output),
            OpsKind::UnTracked(prepared) => prepared.finish(output),
        }
    }

    fn concatenate(parts: ConcatenatedParts<Self>) -> FloatTensor<Self> {
        match parts {
            ConcatenatedParts::Two(a, b) => concatenated::<B, C, _>([a, b]),
            ConcatenatedParts::Three(a, b, c) => concatenated::<B, C, _>([a, b, c]),
            ConcatenatedParts::Four(a, b, c, d) => concatenated::<B, C, _>([a, b, c, d]),
            ConcatenatedParts::Five(a, b, c, d, e) => concatenated::<B, C, _>([a, b, c, d, e]),
            ConcatenatedParts::Six(a, b, c, d, e, f) => concatenated::<B, C, _>([a, b, c, d, e, f]),
        }
    }
}
