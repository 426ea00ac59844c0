//! The operations' gradients.

use burn::backend::autodiff::NodeId;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, NodeGuard, Ops, OpsKind};
use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Flex};

use super::extension::{
    CellOperations, ConcatenatedParts, ConvolutionWeights, NormalizedPrimitives,
};
use crate::cpu::primitives::{self, Inputs, Normalized, Values};
use crate::cpu::unit::UnitShape;
use crate::pooling::Pooling;
use crate::window::Window;

impl<C: CheckpointStrategy> ConvolutionWeights<Autodiff<Flex, C>> {
    /// The nodes of both. Missing weights get no gradient; the node of the image stands in for theirs.
    fn nodes(&self, image: &FloatTensor<Autodiff<Flex, C>>) -> [NodeGuard; 2] {
        match self {
            Self::None => [image.node(), image.node()],
            Self::Depthwise(depthwise) => [depthwise.node(), image.node()],
            Self::Dense(dense) => [image.node(), dense.node()],
            Self::Separable(depthwise, dense) => [depthwise.node(), dense.node()],
        }
    }

    fn inner(self) -> ConvolutionWeights<Flex> {
        match self {
            Self::None => ConvolutionWeights::None,
            Self::Depthwise(depthwise) => ConvolutionWeights::Depthwise(depthwise.into_primitive()),
            Self::Dense(dense) => ConvolutionWeights::Dense(dense.into_primitive()),
            Self::Separable(depthwise, dense) => {
                ConvolutionWeights::Separable(depthwise.into_primitive(), dense.into_primitive())
            }
        }
    }
}

/// Gives each parent that is being differentiated its gradient, if it has one.
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
struct NormalizeBackward;

impl Backward<Flex, 5> for NormalizeBackward {
    type State = Normalized;

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
    type State = (Values, Window, Pooling);

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
    /// The channels of the parts.
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

/// A concatenation with its gradient.
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
    fn convolve(
        image: FloatTensor<Self>,
        weights: ConvolutionWeights<Self>,
        unit: UnitShape,
    ) -> FloatTensor<Self> {
        let [depthwise, dense] = weights.nodes(&image);
        let prepared = ConvolveBackward
            .prepare::<C>([image.node(), depthwise, dense])
            .compute_bound()
            .stateful();
        let inputs = Inputs::new(unit, image.into_primitive(), weights.inner().split());
        let output = inputs.forward();
        match prepared {
            OpsKind::Tracked(prepared) => prepared.finish(inputs, output),
            OpsKind::UnTracked(prepared) => prepared.finish(output),
        }
    }

    fn normalize(
        image: FloatTensor<Self>,
        weights: ConvolutionWeights<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        unit: UnitShape,
        epsilon: f64,
    ) -> NormalizedPrimitives<Self> {
        let [depthwise, dense] = weights.nodes(&image);
        let nodes = [image.node(), depthwise, dense, gamma.node(), beta.node()];
        let prepared = NormalizeBackward
            .prepare::<C>(nodes)
            .compute_bound()
            .stateful();
        let inputs = Inputs::new(unit, image.into_primitive(), weights.inner().split());
        let [gamma, beta] = [gamma, beta].map(|tensor| tensor.into_primitive());
        let (saved, made) = Normalized::forward(inputs, gamma, beta, epsilon);
        let output = match prepared {
            OpsKind::Tracked(prepared) => prepared.finish(saved, made.output),
            OpsKind::UnTracked(prepared) => prepared.finish(made.output),
        };
        NormalizedPrimitives {
            output,
            mean: FloatTensor::<Self>::new(made.mean),
            variance: FloatTensor::<Self>::new(made.variance),
        }
    }

    fn pool(image: FloatTensor<Self>, window: Window, take: Pooling) -> FloatTensor<Self> {
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

    fn concatenate(parts: ConcatenatedParts<Self>) -> FloatTensor<Self> {
        match parts {
            ConcatenatedParts::Two(a, b) => concatenated::<C, _>([a, b]),
            ConcatenatedParts::Three(a, b, c) => concatenated::<C, _>([a, b, c]),
            ConcatenatedParts::Four(a, b, c, d) => concatenated::<C, _>([a, b, c, d]),
            ConcatenatedParts::Five(a, b, c, d, e) => concatenated::<C, _>([a, b, c, d, e]),
            ConcatenatedParts::Six(a, b, c, d, e, f) => concatenated::<C, _>([a, b, c, d, e, f]),
        }
    }
}
