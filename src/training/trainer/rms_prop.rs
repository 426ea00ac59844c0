//! TensorFlow's RMSProp.

use burn::optim::{Optimizer, RecordState, StateSink, StateSource};
use burn::tensor::{Device, Tensor};

/// TensorFlow 1's RMSProp, which the paper's ImageNet networks were trained with. For a weight `w`
/// with gradient `g`, a step computes
///
/// - `s = decay s + (1 - decay) g^2`, starting from 1
/// - `v = momentum v + rate g / sqrt(s + epsilon)`, starting from 0
/// - `w = w - v`
///
/// Burn's and PyTorch's RMSProp add epsilon after the root, start `s` from 0 and leave the rate out
/// of `v`. With the published epsilons of 0.1 and 1 the results differ.
#[derive(Clone, Debug, PartialEq)]
pub struct RmsProp {
    /// The share of the mean square that is kept.
    pub decay: f64,
    /// The share of the previous step that is kept.
    pub momentum: f64,
    /// Added to the mean square, under the root.
    pub epsilon: f64,
    /// L2 weight decay: this multiple of a weight is added to its gradient.
    pub weight_decay: f64,
}

/// The state that [`RmsProp`] keeps of a parameter.
#[derive(Clone, Debug)]
pub struct RmsPropState<const D: usize> {
    pub(super) mean_square: Tensor<D>,
    pub(super) velocity: Tensor<D>,
}

impl Optimizer for RmsProp {
    type State<const D: usize> = RmsPropState<D>;

    fn step<const D: usize>(
        &self,
        rate: f64,
        weight: Tensor<D>,
        mut gradient: Tensor<D>,
        state: Option<RmsPropState<D>>,
    ) -> (Tensor<D>, Option<RmsPropState<D>>) {
        if self.weight_decay > 0.0 {
            gradient = gradient + weight.clone() * self.weight_decay;
        }
        let state = state.unwrap_or_else(|| RmsPropState {
            mean_square: weight.ones_like(),
            velocity: weight.zeros_like(),
        });
        let square = gradient.clone().square();
        let mean_square = state.mean_square * self.decay + square * (1.0 - self.decay);
        let step = gradient / (mean_square.clone() + self.epsilon).sqrt() * rate;
        let velocity = state.velocity * self.momentum + step;
        let state = RmsPropState {
            mean_square,
            velocity: velocity.clone(),
        };
        (weight - velocity, Some(state))
    }

    fn to_device<const D: usize>(state: RmsPropState<D>, device: &Device) -> RmsPropState<D> {
        RmsPropState {
            mean_square: state.mean_square.to_device(device),
            velocity: state.velocity.to_device(device),
        }
    }
}

const MEAN_SQUARE: &str = "mean_square";
const VELOCITY: &str = "velocity";

impl<const D: usize> RecordState for RmsPropState<D> {
    fn state_flatten(&self, prefix: &str, out: &mut StateSink) {
        out.push_tensor(prefix, MEAN_SQUARE, self.mean_square.to_data());
        out.push_tensor(prefix, VELOCITY, self.velocity.to_data());
    }

    fn state_unflatten(prefix: &str, source: &mut StateSource, device: &Device) -> Option<Self> {
        let mut take = |name| {
            let data = source.take_tensor(prefix, name)?;
            Some(Tensor::from_data(data, device))
        };
        Some(Self {
            mean_square: take(MEAN_SQUARE)?,
            velocity: take(VELOCITY)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_steps_follow_the_formula() {
        let rms_prop = RmsProp {
            decay: 0.9,
            momentum: 0.8,
            epsilon: 0.1,
            weight_decay: 0.01,
        };
        let device = Device::flex();
        let mut weight = Tensor::<1>::from_data([2.0_f32, -1.0], &device);
        let mut state = None;
        let mut expected = [2.0_f64, -1.0];
        let (mut squares, mut velocities) = ([1.0_f64; 2], [0.0_f64; 2]);
        for (rate, gradient) in [(0.1, [0.5_f32, -3.0]), (0.05, [1.0, 4.0])] {
            let gradients = Tensor::from_data(gradient, &device);
            (weight, state) = rms_prop.step(rate, weight, gradients, state);
            for place in 0..2 {
                let g = f64::from(gradient[place]) + 0.01 * expected[place];
                squares[place] = 0.9 * squares[place] + 0.1 * g * g;
                velocities[place] =
                    0.8 * velocities[place] + rate * g / (squares[place] + 0.1).sqrt();
                expected[place] -= velocities[place];
            }
        }
        let found: Vec<f32> = weight.into_data().try_to_vec().unwrap();
        for (found, expected) in found.into_iter().zip(expected) {
            assert!(
                (f64::from(found) - expected).abs() < 1e-5,
                "{found} {expected}"
            );
        }
    }
}
