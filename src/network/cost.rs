//! What a network costs, without building it.

use std::ops::AddAssign;

use serde::Serialize;

use super::{LayerPath, NetworkPlan};

/// Parameters and multiply-adds of a network.
///
/// Counted are convolution weights, batch norm's scale and shift and a classifier's weights and
/// bias; not batch norm's running statistics. Multiply-adds are those of convolutions and
/// classifiers, for one image. These are the conventions of the paper's tables, whose figures leave
/// the auxiliary head out ([`Cost::without_auxiliary`]), as it is gone after training.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Cost {
    /// Trainable parameters.
    pub parameters: u64,
    /// Multiply-adds of one image.
    pub multiply_adds: u64,
}

impl Cost {
    /// The cost of a planned network, as it trains: with the auxiliary head, if it has one.
    #[must_use]
    pub fn of(plan: &NetworkPlan) -> Self {
        Self::of_part(plan, |_| true)
    }

    /// The cost of a planned network as it classifies: without the auxiliary head.
    #[must_use]
    pub fn without_auxiliary(plan: &NetworkPlan) -> Self {
        Self::of_part(plan, |place| !matches!(place, LayerPath::Auxiliary { .. }))
    }

    /// The cost of the auxiliary head alone; nothing if there is none.
    #[must_use]
    pub fn of_auxiliary(plan: &NetworkPlan) -> Self {
        Self::of_part(plan, |place| matches!(place, LayerPath::Auxiliary { .. }))
    }

    fn of_part(plan: &NetworkPlan, belongs: impl Fn(LayerPath) -> bool) -> Self {
        let mut cost = Self::default();
        plan.visit(&mut |place, layer, _, output| {
            if belongs(place) {
                cost += layer.cost(output);
            }
        });
        cost
    }
}

/// Saturates at the largest number.
impl AddAssign for Cost {
    fn add_assign(&mut self, other: Self) {
        self.parameters = self.parameters.saturating_add(other.parameters);
        self.multiply_adds = self.multiply_adds.saturating_add(other.multiply_adds);
    }
}
