//! Stochastic gradient descent.

use burn::optim::{Optimizer, RecordState, StateSink, StateSource};
use burn::tensor::{Device, Tensor};

/// Stochastic gradient descent with momentum, without dampening, as Burn's `Sgd` computes it. For a weight `w` with
/// gradient `g`, a step computes
///
/// - `v = momentum v + g`, starting from `g`
/// - `w = w - rate v`, or `w = w - rate (momentum v + g)` by Nesterov
///
/// Burn keeps the velocity to itself. This rule shares it with the steps of all parameters at once that GPUs take.
#[derive(Clone, Debug, PartialEq)]
pub struct Sgd {
    /// The share of the velocity that is kept.
    pub momentum: f64,
    /// Whether the step looks ahead.
    pub nesterov: bool,
    /// L2 weight decay: this multiple of a weight is added to its gradient.
    pub weight_decay: f64,
}

/// The state that [`Sgd`] keeps of a parameter.
#[derive(Clone, Debug)]
pub struct SgdState<const D: usize> {
    pub(super) velocity: Tensor<D>,
}

impl Optimizer for Sgd {
    type State<const D: usize> = SgdState<D>;

    fn step<const D: usize>(
        &self,
        rate: f64,
        weight: Tensor<D>,
        mut gradient: Tensor<D>,
        state: Option<SgdState<D>>,
    ) -> (Tensor<D>, Option<SgdState<D>>) {
        if self.weight_decay > 0.0 {
            gradient = weight.clone() * self.weight_decay + gradient;
        }
        let velocity = match state {
            Some(state) => gradient.clone() + state.velocity * self.momentum,
            None => gradient.clone(),
        };
        let step = match self.nesterov {
            true => velocity.clone() * self.momentum + gradient,
            false => velocity.clone(),
        };
        (weight - step * rate, Some(SgdState { velocity }))
    }

    fn to_device<const D: usize>(state: SgdState<D>, device: &Device) -> SgdState<D> {
        SgdState {
            velocity: state.velocity.to_device(device),
        }
    }
}

const VELOCITY: &str = "momentum.velocity";

impl<const D: usize> RecordState for SgdState<D> {
    fn state_flatten(&self, prefix: &str, out: &mut StateSink) {
        out.push_tensor(prefix, VELOCITY, self.velocity.to_data());
    }

    fn state_unflatten(prefix: &str, source: &mut StateSource, device: &Device) -> Option<Self> {
        let data = source.take_tensor(prefix, VELOCITY)?;
        Some(Self {
            velocity: Tensor::from_data(data, device),
        })
    }
}

#[cfg(test)]
mod tests {
    use burn::optim::SgdConfig;
    use burn::optim::decay::WeightDecayConfig;
    use burn::optim::momentum::MomentumConfig;

    use super::*;

    /// Three steps, and the names of the state.
    fn steps<O: Optimizer>(rule: &O) -> (Vec<f32>, Vec<String>) {
        let device = Device::flex();
        let mut weight = Tensor::<1>::from_data([2.0_f32, -1.3, 0.7], &device);
        let mut state = None;
        for step in 1..4 {
            let gradient = weight.clone() * 0.37 + f64::from(step) * 0.113;
            (weight, state) = rule.step(0.1 / f64::from(step), weight, gradient, state);
        }
        let mut sink = StateSink::default();
        state
            .expect("the rule keeps a state")
            .state_flatten("7", &mut sink);
        let names = sink.tensors.into_iter().map(|(name, _)| name).collect();
        (weight.into_data().try_to_vec().unwrap(), names)
    }

    #[test]
    fn steps_are_those_of_burn_to_the_bit_and_states_have_their_names() {
        for nesterov in [false, true] {
            for weight_decay in [0.0, 1e-2] {
                let momentum = MomentumConfig::new()
                    .with_momentum(0.9)
                    .with_dampening(0.0)
                    .with_nesterov(nesterov);
                let decay =
                    (weight_decay > 0.0).then(|| WeightDecayConfig::new(weight_decay as f32));
                let burn = SgdConfig::new()
                    .with_momentum(Some(momentum))
                    .with_weight_decay(decay)
                    .build();
                let own = Sgd {
                    momentum: 0.9,
                    nesterov,
                    weight_decay,
                };
                assert_eq!(steps(&own), steps(&burn));
            }
        }
    }
}
