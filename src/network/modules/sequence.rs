//! Layers in a row, grouped into what is computed together.

use std::ops::Range;

use burn::module::Module;
use burn::tensor::Device;
#[cfg(doc)]
use evonas_kernels::Unit;
use evonas_kernels::{BatchNorm, Epilogue, HiddenState, Normalized};
use rand::Rng;

use super::convolution::ConvolutionLayer;
use super::layer::{Layer, unit};
use crate::network::config::NetworkConfig;
use crate::network::layers::LayerPlan;
use crate::network::noise::{DropPathLayer, TrainingPass};

/// Layers in a row; an empty one is the identity.
#[derive(Module, Debug)]
pub(crate) struct Sequence {
    layers: Vec<Layer>,
    #[module(skip)]
    steps: Vec<LayerStep>,
}

/// Layers that are computed together, by their positions.
#[derive(Clone, Debug, PartialEq, Eq)]
enum LayerStep {
    /// ReLU, convolutions and batch norm: a [`Unit`].
    Unit(Range<usize>),
    /// A factorized reduction, of the ReLU before it if there is one.
    Reduction { relu: bool, layer: usize },
    /// Any other layer.
    Single(usize),
}

impl Sequence {
    pub(in crate::network) fn new(
        plan: &[LayerPlan],
        config: &NetworkConfig,
        rng: &mut dyn Rng,
        device: &Device,
    ) -> Self {
        let layers = plan
            .iter()
            .map(|layer| Layer::new(layer, config, rng, device))
            .collect();
        Self {
            layers,
            steps: steps(plan),
        }
    }

    /// Adds its convolutions to those found.
    pub(in crate::network) fn convolutions<'a>(&'a self, found: &mut Vec<&'a ConvolutionLayer>) {
        for layer in &self.layers {
            match layer {
                Layer::Convolution(layer) => found.push(layer),
                Layer::FactorizedReduction(layer) => found.extend(layer.convolutions()),
                _ => {}
            }
        }
    }

    /// Applies the layers in turn. Drop path and dropout act only with a training pass.
    #[must_use]
    pub(in crate::network) fn forward(
        &self,
        input: HiddenState,
        training: Option<&mut TrainingPass<'_>>,
    ) -> HiddenState {
        self.forward_plus(input, training, None)
    }

    /// The layers' output plus a hidden state. Drop path at the end and the sum are the last operation's epilogue.
    #[must_use]
    pub(in crate::network) fn forward_plus(
        &self,
        input: HiddenState,
        mut training: Option<&mut TrainingPass<'_>>,
        plus: Option<HiddenState>,
    ) -> HiddenState {
        let (steps, drop_path) = self.split_drop_path();
        let Some((last, first)) = steps.split_last() else {
            let factors = drop_path.and_then(|layer| layer.factors(&input, training));
            return Epilogue { factors, plus }.apply(input);
        };
        let (x, before) = self.lead_to(last, first, input, training.as_deref_mut());
        let factors = drop_path.and_then(|layer| layer.factors(&x, training.as_deref_mut()));
        self.step(last, before, x, training, Epilogue { factors, plus })
    }

    /// The layers' output before the batch norm of the last unit, with that norm and the factors of drop path, for a
    /// sequence that [ends with a norm](Self::ends_with_norm).
    #[must_use]
    pub(in crate::network) fn forward_before_norm(
        &self,
        input: HiddenState,
        mut training: Option<&mut TrainingPass<'_>>,
    ) -> Normalized<'_> {
        let (steps, drop_path) = self.split_drop_path();
        let (last, first) = steps.split_last().expect("the sequence isn't empty");
        let (x, before) = self.lead_to(last, first, input, training.as_deref_mut());
        let factors = drop_path.and_then(|layer| layer.factors(&x, training));
        let (layers, norm) = self.split_norm(last).expect("it ends with a batch norm");
        Normalized {
            state: unit(layers, before, x, Epilogue::default()),
            norm,
            factors,
        }
    }

    /// Whether it ends with the batch norm of a unit, apart from drop path.
    pub(in crate::network) fn ends_with_norm(&self) -> bool {
        let (steps, _) = self.split_drop_path();
        let last = steps.last();
        last.is_some_and(|last| self.split_norm(last).is_some())
    }

    /// What the last step reads: the output of the first ones, and the batch norm of that which the last one still has to
    /// apply, if any.
    fn lead_to<'a>(
        &'a self,
        last: &LayerStep,
        first: &[LayerStep],
        input: HiddenState,
        mut training: Option<&mut TrainingPass<'_>>,
    ) -> (HiddenState, Option<&'a BatchNorm>) {
        let following = first.iter().skip(1).chain([last]);
        let begin = (input, None);
        first
            .iter()
            .zip(following)
            .fold(begin, |(x, before), (step, next)| {
                match self.split_norm(step) {
                    Some((layers, norm)) if x.joins_epilogues() && self.normalizes(next) => {
                        (unit(layers, before, x, Epilogue::default()), Some(norm))
                    }
                    _ => {
                        let training = training.as_deref_mut();
                        let x = self.step(step, before, x, training, Epilogue::default());
                        (x, None)
                    }
                }
            })
    }

    /// The layers of a unit before its batch norm, if it has convolutions and that norm.
    fn split_norm(&self, step: &LayerStep) -> Option<(&[Layer], &BatchNorm)> {
        match (step, step.layers(&self.layers).split_last()?) {
            (LayerStep::Unit(_), (Layer::BatchNorm(norm), layers)) if !layers.is_empty() => {
                Some((layers, norm))
            }
            _ => None,
        }
    }

    /// Whether a step can include the batch norm of its input: it begins with a depthwise or a 1x1 convolution, or with a ReLU
    /// and one of them.
    fn normalizes(&self, step: &LayerStep) -> bool {
        let convolution = match step.layers(&self.layers) {
            [Layer::Relu(_), Layer::Convolution(layer), ..] | [Layer::Convolution(layer), ..] => {
                layer
            }
            _ => return false,
        };
        convolution.is_depthwise() || convolution.is_single_pixel()
    }

    /// Whether it is nothing but the identity.
    pub(in crate::network) const fn is_identity(&self) -> bool {
        self.steps.is_empty()
    }

    /// The steps, and the drop path after them, if there is one.
    fn split_drop_path(&self) -> (&[LayerStep], Option<&DropPathLayer>) {
        let steps = self.steps.as_slice();
        match steps.split_last() {
            Some((LayerStep::Single(last), before)) => match &self.layers[*last] {
                Layer::DropPath(layer) => (before, Some(layer)),
                _ => (steps, None),
            },
            _ => (steps, None),
        }
    }

    fn step(
        &self,
        step: &LayerStep,
        before: Option<&BatchNorm>,
        x: HiddenState,
        training: Option<&mut TrainingPass<'_>>,
        epilogue: Epilogue,
    ) -> HiddenState {
        match (step, step.layers(&self.layers)) {
            (LayerStep::Reduction { relu, .. }, [Layer::FactorizedReduction(reduction)]) => {
                reduction.forward(x, *relu, epilogue)
            }
            (LayerStep::Single(_), [Layer::Pool(pool)]) => pool.forward(x, epilogue),
            (LayerStep::Single(_), [layer]) => epilogue.apply(layer.forward(x, training)),
            (_, layers) => unit(layers, before, x, epilogue),
        }
    }
}

impl LayerStep {
    fn layers<'a>(&self, layers: &'a [Layer]) -> &'a [Layer] {
        match self {
            Self::Unit(range) => &layers[range.clone()],
            Self::Reduction { layer, .. } | Self::Single(layer) => &layers[*layer..=*layer],
        }
    }
}

/// Groups layers from the first to the last, as many as possible into each step.
fn steps(plan: &[LayerPlan]) -> Vec<LayerStep> {
    let mut steps = Vec::new();
    let mut next = 0;
    while next < plan.len() {
        let step = match (unit_length(&plan[next..]), &plan[next..]) {
            (length @ 1.., _) => LayerStep::Unit(next..next + length),
            (0, [LayerPlan::Relu, LayerPlan::FactorizedReduction { .. }, ..]) => {
                LayerStep::Reduction {
                    relu: true,
                    layer: next + 1,
                }
            }
            (0, [LayerPlan::FactorizedReduction { .. }, ..]) => LayerStep::Reduction {
                relu: false,
                layer: next,
            },
            _ => LayerStep::Single(next),
        };
        next = match &step {
            LayerStep::Unit(range) => range.end,
            LayerStep::Reduction { layer, .. } | LayerStep::Single(layer) => layer + 1,
        };
        steps.push(step);
    }
    steps
}

/// How many of these layers, from the first on, form a unit: none if it would be nothing but a ReLU.
fn unit_length(plan: &[LayerPlan]) -> usize {
    let [mut depthwise, mut dense] = [false; 2];
    for (position, layer) in plan.iter().enumerate() {
        match layer {
            LayerPlan::Relu if position == 0 => {}
            LayerPlan::Convolution(plan) if plan.is_depthwise() && !depthwise && !dense => {
                depthwise = true;
            }
            LayerPlan::Convolution(plan)
                if !plan.is_depthwise() && !dense && (!depthwise || plan.is_single_pixel()) =>
            {
                dense = true;
            }
            LayerPlan::BatchNorm { .. } => return position + 1,
            _ if depthwise || dense => return position,
            _ => return 0,
        }
    }
    match depthwise || dense {
        true => plan.len(),
        false => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::layers::{ConvolutionPlan, PoolKind, PoolPlan};
    use crate::network::padding::Padding;

    fn convolution(kernel: usize, groups: usize) -> LayerPlan {
        LayerPlan::Convolution(ConvolutionPlan {
            input: 4,
            output: 4,
            kernel: [kernel, kernel],
            stride: [1, 1],
            dilation: 1,
            groups,
            padding: Padding::Same,
        })
    }

    const NORM: LayerPlan = LayerPlan::BatchNorm { channels: 4 };
    const REDUCTION: LayerPlan = LayerPlan::FactorizedReduction {
        input: 4,
        output: 4,
    };

    #[test]
    fn a_separable_convolution_between_relu_and_batch_norm_is_one_unit() {
        let separable = || [LayerPlan::Relu, convolution(5, 4), convolution(1, 1), NORM];
        let twice = [separable(), separable()].concat();
        assert_eq!(
            steps(&twice),
            [LayerStep::Unit(0..4), LayerStep::Unit(4..8)]
        );
    }

    #[test]
    fn a_unit_has_one_convolution_of_each_kind_and_a_dense_one_that_follows_is_1x1() {
        let layers = [convolution(3, 4), convolution(3, 1), convolution(1, 1)];
        let alone = [
            LayerStep::Unit(0..1),
            LayerStep::Unit(1..2),
            LayerStep::Unit(2..3),
        ];
        assert_eq!(steps(&layers), alone);
        let layers = [convolution(3, 4), convolution(3, 4), NORM, NORM];
        let alone = [
            LayerStep::Unit(0..1),
            LayerStep::Unit(1..3),
            LayerStep::Unit(3..4),
        ];
        assert_eq!(steps(&layers), alone);
    }

    #[test]
    fn other_layers_are_steps_of_their_own() {
        let pool = LayerPlan::Pool(PoolPlan {
            kind: PoolKind::Max,
            kernel: 3,
            stride: 1,
            padding: Padding::Same,
        });
        let layers = [LayerPlan::Relu, pool.clone(), convolution(1, 1), pool];
        let single = [
            LayerStep::Single(0),
            LayerStep::Single(1),
            LayerStep::Unit(2..3),
            LayerStep::Single(3),
        ];
        assert_eq!(steps(&layers), single);
        assert_eq!(steps(&[LayerPlan::Relu]), [LayerStep::Single(0)]);
        assert_eq!(steps(&[]), []);
    }

    #[test]
    fn a_factorized_reduction_takes_the_relu_before_it() {
        let layers = [LayerPlan::Relu, REDUCTION, REDUCTION];
        let [after_relu, alone] = [(true, 1), (false, 2)];
        let step = |(relu, layer)| LayerStep::Reduction { relu, layer };
        assert_eq!(steps(&layers), [step(after_relu), step(alone)]);
    }
}
