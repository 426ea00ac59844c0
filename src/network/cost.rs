//! The cost of a network, known without building it.

use std::ops::AddAssign;

use serde::Serialize;

use super::config::ImageShape;
use super::layers::LayerPlan;
use super::plan::NetworkPlan;
use super::walk::LayerPath;

/// Parameters and multiply-adds of a network.
///
/// Parameters are the weights of convolutions, the scale and shift of batch norm, and the weights and
/// bias of classifiers, but not batch norm's running statistics. Multiply-adds are those of
/// convolutions and classifiers for one image. The paper's tables count the same way; they exclude the
/// auxiliary head ([`Cost::without_auxiliary`]), which is dropped after training.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Cost {
    /// Trainable parameters.
    pub parameters: u64,
    /// Multiply-adds for one image.
    pub multiply_adds: u64,
}

impl Cost {
    /// The cost of a planned network in training, with its auxiliary head if it has one.
    #[must_use]
    pub fn of(plan: &NetworkPlan) -> Self {
        Self::of_part(plan, |_| true)
    }

    /// The cost of a planned network as a classifier, without the auxiliary head.
    #[must_use]
    pub fn without_auxiliary(plan: &NetworkPlan) -> Self {
        Self::of_part(plan, |path| !matches!(path, LayerPath::Auxiliary { .. }))
    }

    /// The cost of the auxiliary head alone; 0 if there is none.
    #[must_use]
    pub fn of_auxiliary(plan: &NetworkPlan) -> Self {
        Self::of_part(plan, |path| matches!(path, LayerPath::Auxiliary { .. }))
    }

    fn of_part(plan: &NetworkPlan, belongs: impl Fn(LayerPath) -> bool) -> Self {
        let mut cost = Self::default();
        plan.visit(&mut |path, layer, _, output| {
            if belongs(path) {
                cost += layer.cost(output);
            }
        });
        cost
    }
}

impl LayerPlan {
    /// Its cost for one image, given the shape of its output.
    #[must_use]
    pub const fn cost(&self, output: ImageShape) -> Cost {
        let (weights, others) = match self {
            Self::Relu
            | Self::Pool(_)
            | Self::GlobalAveragePool
            | Self::Dropout { .. }
            | Self::DropPath { .. } => (0, 0),
            Self::BatchNorm { channels } => (0, product(2, *channels as u64)),
            Self::Convolution(plan) => {
                let weights = product((plan.input / plan.groups) as u64, plan.output as u64);
                let taps = product(plan.kernel[0] as u64, plan.kernel[1] as u64);
                (product(weights, taps), 0)
            }
            Self::FactorizedReduction { input, output } => (
                product(*input as u64, *output as u64),
                product(2, *output as u64),
            ),
            Self::Linear { input, output } => {
                (product(*input as u64, *output as u64), *output as u64)
            }
        };
        Cost {
            parameters: weights.saturating_add(others),
            multiply_adds: product(weights, product(output.height as u64, output.width as u64)),
        }
    }
}

/// Saturates at the largest number.
const fn product(left: u64, right: u64) -> u64 {
    left.saturating_mul(right)
}

/// Saturates at the largest number.
impl AddAssign for Cost {
    fn add_assign(&mut self, other: Self) {
        self.parameters = self.parameters.saturating_add(other.parameters);
        self.multiply_adds = self.multiply_adds.saturating_add(other.multiply_adds);
    }
}
