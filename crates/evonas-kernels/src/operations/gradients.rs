//! The operations' gradients, as Burn's autodiff wants them, for every backend that has the primitives.

use burn::backend::Autodiff;
use burn::backend::Backend;
use burn::backend::autodiff::NodeId;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, NodeGuard, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;

use super::Marks;
use super::extension::{
    CellOperations, ConcatenatedParts, ConvolutionWeights, EpiloguePrimitives, NormNumbers,
    NormPrimitives, NormalizedPrimitives, Running, SumFactors, SumPrimitives, addends,
};
use super::gradient_mark::{GradientMark, Wanted};
use super::primitives::{AfterNorm, CellPrimitives, Epilogue, UnitWeights};
use crate::pooling::Pooling;
use crate::unit_shape::UnitShape;
use crate::window::Window;

impl<B: CellPrimitives, C: CheckpointStrategy> ConvolutionWeights<Autodiff<B, C>> {
    /// The nodes of both. Missing weights get no gradient; the node of the image stands in for theirs.
    fn nodes(&self, image: &FloatTensor<Autodiff<B, C>>) -> [NodeGuard; 2] {
        match self {
            Self::None => [image.node(), image.node()],
            Self::Depthwise(depthwise) => [depthwise.node(), image.node()],
            Self::Dense(dense) | Self::RoundedDense(dense, _) => [image.node(), dense.node()],
            Self::Separable(depthwise, dense) | Self::RoundedSeparable(depthwise, dense, _) => {
                [depthwise.node(), dense.node()]
            }
        }
    }

    fn inner(self) -> UnitWeights<B> {
        let UnitWeights {
            depthwise,
            dense,
            rounded,
        } = self.split();
        let inner = |tensor: Option<FloatTensor<Autodiff<B, C>>>| Some(tensor?.into_primitive());
        UnitWeights {
            depthwise: inner(depthwise),
            dense: inner(dense),
            rounded: inner(rounded),
        }
    }
}

impl<B: CellPrimitives, C: CheckpointStrategy> NormPrimitives<Autodiff<B, C>> {
    fn inner(self) -> NormPrimitives<B> {
        NormPrimitives {
            gamma: self.gamma.into_primitive(),
            beta: self.beta.into_primitive(),
            running_mean: self.running_mean.into_primitive(),
            running_variance: self.running_variance.into_primitive(),
        }
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

/// Gives a state that was read its gradient, if it has one.
fn register_marked<B: Backend>(
    gradients: &mut Gradients,
    parent: Option<NodeId>,
    gradient: Option<FloatTensor<B>>,
    mark: &GradientMark,
) {
    if let (Some(parent), Some(gradient)) = (parent, gradient) {
        mark.register::<B>(gradients, parent, gradient);
    }
}

/// Gives what an epilogue has added its gradient, which is the one by the output. It is parent `number`, or the
/// image, which stands in for it.
fn register_plus<B: Backend, S, const N: usize>(
    gradients: &mut Gradients,
    ops: &Ops<S, N>,
    number: usize,
    marks: &Marks,
    gradient: &FloatTensor<B>,
) {
    let parent = ops.parents[number].as_ref();
    if let (Some(mark), Some(parent)) = (&marks.plus, parent) {
        mark.register::<B>(gradients, parent.id, gradient.clone());
    }
}

/// The epilogue of an operation, and the node of what it adds; that of the image stands in for it if there is none.
fn inner_epilogue<B: CellPrimitives, C: CheckpointStrategy>(
    epilogue: EpiloguePrimitives<Autodiff<B, C>>,
    image: &FloatTensor<Autodiff<B, C>>,
) -> (Epilogue<B>, NodeGuard) {
    let Epilogue { factors, plus } = epilogue.split();
    let node = plus
        .as_ref()
        .map_or_else(|| image.node(), |plus| plus.node());
    let [factors, plus] = [factors, plus].map(|tensor| Some(tensor?.into_primitive()));
    (Epilogue { factors, plus }, node)
}

#[derive(Debug)]
struct ConvolveBackward;

impl<B: CellPrimitives> Backward<B, 3> for ConvolveBackward {
    type State = (B::Convolved, GradientMark);

    fn backward(
        self,
        ops: Ops<Self::State, 3>,
        gradients: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let gradient = gradients.consume::<B>(&ops.node);
        let image = Wanted::by_parent(&ops, 0, &ops.state.1, gradients);
        let (saved, mark) = ops.state;
        let by = B::convolved_gradients(saved, gradient, image);
        let [image, weights @ ..] = ops.parents.map(|node| Some(node?.id));
        register_marked::<B>(gradients, image, by.image, &mark);
        register::<B, 2>(gradients, weights, [by.depthwise, by.dense]);
    }
}

#[derive(Debug)]
struct NormalizeBackward;

impl<B: CellPrimitives> Backward<B, 6> for NormalizeBackward {
    type State = (B::Normalized, Marks);

    fn backward(
        self,
        ops: Ops<Self::State, 6>,
        gradients: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let gradient = gradients.consume::<B>(&ops.node);
        register_plus::<B, _, 6>(gradients, &ops, 5, &ops.state.1, &gradient);
        let image = Wanted::by_parent(&ops, 0, &ops.state.1.image, gradients);
        let (saved, marks) = ops.state;
        let (by, [gamma, beta]) = B::normalized_gradients(saved, gradient, image);
        let [image, weights @ .., _] = ops.parents.map(|node| Some(node?.id));
        register_marked::<B>(gradients, image, by.image, &marks.image);
        let by_weights = [by.depthwise, by.dense, Some(gamma), Some(beta)];
        register::<B, 4>(gradients, weights, by_weights);
    }
}

#[derive(Debug)]
struct ConvolveAfterNormBackward;

impl<B: CellPrimitives> Backward<B, 5> for ConvolveAfterNormBackward {
    type State = (AfterNorm<B>, GradientMark);

    fn backward(
        self,
        ops: Ops<Self::State, 5>,
        gradients: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let gradient = gradients.consume::<B>(&ops.node);
        let image = Wanted::by_parent(&ops, 0, &ops.state.1, gradients);
        let (saved, mark) = ops.state;
        let (by, [gamma, beta]) = B::convolved_after_norm_gradients(saved, gradient, image);
        let [image, weights @ ..] = ops.parents.map(|node| Some(node?.id));
        register_marked::<B>(gradients, image, by.image, &mark);
        let by_weights = [by.depthwise, by.dense, Some(gamma), Some(beta)];
        register::<B, 4>(gradients, weights, by_weights);
    }
}

#[derive(Debug)]
struct NormalizeSumBackward;

impl<B: CellPrimitives> Backward<B, 6> for NormalizeSumBackward {
    type State = ([B::Normalized; 2], [GradientMark; 2]);

    fn backward(
        self,
        ops: Ops<Self::State, 6>,
        gradients: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let gradient = gradients.consume::<B>(&ops.node);
        let marks = &ops.state.1;
        let first = Wanted::by_parent(&ops, 0, &marks[0], gradients);
        // What was registered for a state that is added to itself is taken out once.
        let [first_id, second_id] = [0, 1].map(|number| Some(ops.parents[number].as_ref()?.id));
        let second = match first_id.is_some() && first_id == second_id {
            true => Some(Wanted { onto: None }),
            false => Wanted::by_parent(&ops, 1, &marks[1], gradients),
        };
        let (saved, marks) = ops.state;
        let by = B::normalized_sum_gradients(saved, gradient, [first, second]);
        let [images @ .., first, second, third, fourth] = ops.parents.map(|node| Some(node?.id));
        let norms = [[first, second], [third, fourth]];
        for (((image, norm), (by_image, by_norm)), mark) in
            images.into_iter().zip(norms).zip(by).zip(marks)
        {
            register_marked::<B>(gradients, image, by_image, &mark);
            register::<B, 2>(gradients, norm, by_norm.map(Some));
        }
    }
}

#[derive(Debug)]
struct PoolBackward;

impl<B: CellPrimitives> Backward<B, 2> for PoolBackward {
    type State = (B::Pooled, Marks);

    fn backward(
        self,
        ops: Ops<Self::State, 2>,
        gradients: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let gradient = gradients.consume::<B>(&ops.node);
        register_plus::<B, _, 2>(gradients, &ops, 1, &ops.state.1, &gradient);
        let Some(image) = Wanted::by_parent(&ops, 0, &ops.state.1.image, gradients) else {
            return;
        };
        let (saved, marks) = ops.state;
        let by = B::pooled_gradient(saved, gradient, image);
        let [image, _] = ops.parents.map(|node| Some(node?.id));
        register_marked::<B>(gradients, image, Some(by), &marks.image);
    }
}

#[derive(Debug)]
struct ConcatenateBackward;

/// What the gradient of a concatenation needs.
#[derive(Clone, Debug)]
struct Concatenated<B: Backend, const N: usize> {
    channels: [usize; N],
    marks: Vec<GradientMark>,
    /// The output, if it went through a ReLU.
    rectified: Option<FloatTensor<B>>,
}

impl<B: CellPrimitives, const N: usize> Backward<B, N> for ConcatenateBackward {
    type State = Concatenated<B, N>;

    fn backward(
        self,
        ops: Ops<Self::State, N>,
        gradients: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let gradient = gradients.consume::<B>(&ops.node);
        let Concatenated {
            channels,
            marks,
            rectified,
        } = ops.state;
        let by = match rectified {
            Some(output) => B::rectified_gradient(output, gradient, &channels),
            None => B::separated(gradient, &channels),
        };
        for ((node, by), mark) in ops.parents.into_iter().zip(by).zip(marks) {
            register_marked::<B>(gradients, node.map(|node| node.id), Some(by), &mark);
        }
    }
}

/// A concatenation with its gradient.
fn concatenated<B: CellPrimitives, C: CheckpointStrategy, const N: usize>(
    parts: [FloatTensor<Autodiff<B, C>>; N],
    relu: bool,
    marks: Vec<GradientMark>,
) -> FloatTensor<Autodiff<B, C>> {
    let prepared = Backward::<B, N>::prepare::<C>(
        ConcatenateBackward,
        parts.each_ref().map(|part| part.node()),
    )
    .compute_bound()
    .stateful();
    let parts = parts.map(|part| part.into_primitive());
    let channels = parts.each_ref().map(B::channels);
    let output = match relu {
        true => B::rectified(parts.into()),
        false => B::concatenated(parts.into()),
    };
    match prepared {
        OpsKind::Tracked(prepared) => {
            let rectified = relu.then(|| output.clone());
            let saved = Concatenated {
                channels,
                marks,
                rectified,
            };
            prepared.finish(saved, output)
        }
        OpsKind::UnTracked(prepared) => prepared.finish(output),
    }
}

impl<B: CellPrimitives, C: CheckpointStrategy> CellOperations for Autodiff<B, C> {
    fn convolve(
        image: FloatTensor<Self>,
        weights: ConvolutionWeights<Self>,
        unit: UnitShape,
        mark: GradientMark,
    ) -> FloatTensor<Self> {
        let [depthwise, dense] = weights.nodes(&image);
        let nodes = [image.node(), depthwise, dense];
        let prepared = Backward::<B, 3>::prepare::<C>(ConvolveBackward, nodes)
            .compute_bound()
            .stateful();
        let (output, saved) = B::convolved(image.into_primitive(), weights.inner(), unit);
        match prepared {
            OpsKind::Tracked(prepared) => prepared.finish((saved, mark), output),
            OpsKind::UnTracked(prepared) => prepared.finish(output),
        }
    }

    fn normalize(
        image: FloatTensor<Self>,
        weights: ConvolutionWeights<Self>,
        norm: NormPrimitives<Self>,
        epilogue: EpiloguePrimitives<Self>,
        unit: UnitShape,
        numbers: NormNumbers,
        marks: Marks,
    ) -> NormalizedPrimitives<Self> {
        let [depthwise, dense] = weights.nodes(&image);
        let (epilogue, plus) = inner_epilogue::<B, C>(epilogue, &image);
        let nodes = [
            image.node(),
            depthwise,
            dense,
            norm.gamma.node(),
            norm.beta.node(),
            plus,
        ];
        let prepared = Backward::<B, 6>::prepare::<C>(NormalizeBackward, nodes)
            .compute_bound()
            .stateful();
        let (output, running, saved) = B::normalized(
            image.into_primitive(),
            weights.inner(),
            norm.inner().with(numbers),
            epilogue,
            unit,
        );
        let output = match prepared {
            OpsKind::Tracked(prepared) => prepared.finish((saved, marks), output),
            OpsKind::UnTracked(prepared) => prepared.finish(output),
        };
        NormalizedPrimitives {
            output,
            running_mean: FloatTensor::<Self>::new(running.mean),
            running_variance: FloatTensor::<Self>::new(running.variance),
        }
    }

    fn convolve_after_norm(
        image: FloatTensor<Self>,
        norm: NormPrimitives<Self>,
        weights: ConvolutionWeights<Self>,
        unit: UnitShape,
        numbers: NormNumbers,
        mark: GradientMark,
    ) -> NormalizedPrimitives<Self> {
        let [depthwise, dense] = weights.nodes(&image);
        let nodes = [
            image.node(),
            depthwise,
            dense,
            norm.gamma.node(),
            norm.beta.node(),
        ];
        let prepared = Backward::<B, 5>::prepare::<C>(ConvolveAfterNormBackward, nodes)
            .compute_bound()
            .stateful();
        let (output, running, saved) = B::convolved_after_norm(
            image.into_primitive(),
            norm.inner().with(numbers),
            weights.inner(),
            unit,
        );
        let output = match prepared {
            OpsKind::Tracked(prepared) => prepared.finish((saved, mark), output),
            OpsKind::UnTracked(prepared) => prepared.finish(output),
        };
        NormalizedPrimitives {
            output,
            running_mean: FloatTensor::<Self>::new(running.mean),
            running_variance: FloatTensor::<Self>::new(running.variance),
        }
    }

    fn normalize_sum(
        first: FloatTensor<Self>,
        second: FloatTensor<Self>,
        first_norm: NormPrimitives<Self>,
        second_norm: NormPrimitives<Self>,
        factors: SumFactors<Self>,
        numbers: [NormNumbers; 2],
        marks: [GradientMark; 2],
    ) -> SumPrimitives<Self> {
        let nodes = [
            first.node(),
            second.node(),
            first_norm.gamma.node(),
            first_norm.beta.node(),
            second_norm.gamma.node(),
            second_norm.beta.node(),
        ];
        let prepared = Backward::<B, 6>::prepare::<C>(NormalizeSumBackward, nodes)
            .compute_bound()
            .stateful();
        let factors = factors.split();
        let (output, running, saved) = B::normalized_sum(addends(
            [first, second].map(|image| image.into_primitive()),
            [first_norm, second_norm].map(NormPrimitives::inner),
            factors.map(|factors| Some(factors?.into_primitive())),
            numbers,
        ));
        let output = match prepared {
            OpsKind::Tracked(prepared) => prepared.finish((saved, marks), output),
            OpsKind::UnTracked(prepared) => prepared.finish(output),
        };
        let running = running.map(|running| Running {
            mean: FloatTensor::<Self>::new(running.mean),
            variance: FloatTensor::<Self>::new(running.variance),
        });
        SumPrimitives::of(output, running)
    }

    fn pool(
        image: FloatTensor<Self>,
        epilogue: EpiloguePrimitives<Self>,
        window: Window,
        take: Pooling,
        marks: Marks,
    ) -> FloatTensor<Self> {
        let (epilogue, plus) = inner_epilogue::<B, C>(epilogue, &image);
        let prepared = Backward::<B, 2>::prepare::<C>(PoolBackward, [image.node(), plus])
            .compute_bound()
            .stateful();
        let (output, saved) = B::pooled(image.into_primitive(), &window, take, epilogue);
        match prepared {
            OpsKind::Tracked(prepared) => prepared.finish((saved, marks), output),
            OpsKind::UnTracked(prepared) => prepared.finish(output),
        }
    }

    fn concatenate(
        parts: ConcatenatedParts<Self>,
        relu: bool,
        marks: Vec<GradientMark>,
    ) -> FloatTensor<Self> {
        match parts {
            ConcatenatedParts::Two(a, b) => concatenated::<B, C, _>([a, b], relu, marks),
            ConcatenatedParts::Three(a, b, c) => concatenated::<B, C, _>([a, b, c], relu, marks),
            ConcatenatedParts::Four(a, b, c, d) => {
                concatenated::<B, C, _>([a, b, c, d], relu, marks)
            }
            ConcatenatedParts::Five(a, b, c, d, e) => {
                concatenated::<B, C, _>([a, b, c, d, e], relu, marks)
            }
            ConcatenatedParts::Six(a, b, c, d, e, f) => {
                concatenated::<B, C, _>([a, b, c, d, e, f], relu, marks)
            }
        }
    }
}
