//! Steps of many parameters at once.
//!
//! An update rule of Burn's computes each parameter with a few operations of its own, which on a GPU are as many
//! launches. A cell network has hundreds of parameters, most of them small. On devices where
//! [`updates_together`] holds, a step of all of them takes a few launches.

use burn::tensor::{Device, Tensor};

/// How weights and states follow from gradients. With a weight decay of `d`, the gradient of a weight `w` is
/// `g + d w`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum UpdateRule {
    /// Stochastic gradient descent. Its state is the velocity, `v = momentum v + g`, from 0; a step is
    /// `w = w - rate v`, or `w = w - rate (momentum v + g)` by Nesterov.
    Sgd {
        /// The share of the velocity that is kept.
        momentum: f64,
        /// Whether the step looks ahead.
        nesterov: bool,
    },
    /// TensorFlow's RMSProp. Its states are `s = decay s + (1 - decay) g^2`, from 1, and
    /// `v = momentum v + rate g / sqrt(s + epsilon)`, from 0; a step is `w = w - v`.
    RmsProp {
        /// The share of the mean square that is kept.
        decay: f64,
        /// The share of the previous step that is kept.
        momentum: f64,
        /// Added to the mean square, under the root.
        epsilon: f64,
    },
}

impl UpdateRule {
    /// The number of tensors that the rule keeps of each parameter.
    #[must_use]
    pub const fn states(&self) -> usize {
        match self {
            Self::Sgd { .. } => 1,
            Self::RmsProp { .. } => 2,
        }
    }
}

/// How gradients are clipped before an update.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Clipping {
    /// All gradients are shortened by one factor, so that their joint L2 norm is at most this.
    pub most_norm: f64,
    /// Whether weight decay is part of the gradients that are clipped.
    pub decayed: bool,
}

/// A parameter in an update, in single precision. All tensors have one length.
#[derive(Debug)]
pub struct ParameterUpdate {
    /// The values, flat.
    pub weight: Tensor<1>,
    /// The gradient by them.
    pub gradient: Tensor<1>,
    /// The rule's states, in the order in which it names them.
    pub state: Vec<Tensor<1>>,
    /// This multiple of the weight is added to its gradient.
    pub weight_decay: f64,
}

/// A parameter after an update.
#[derive(Debug)]
pub struct UpdatedParameter {
    /// The new values.
    pub weight: Tensor<1>,
    /// The new states.
    pub state: Vec<Tensor<1>>,
}

/// Whether [`update_together`] and [`blend_together`] work on this device: on GPUs, not on the CPU.
#[must_use]
pub fn updates_together(device: &Device) -> bool {
    #[cfg(any(feature = "cuda", feature = "wgpu"))]
    return crate::cube::run_on(device);
    #[cfg(not(any(feature = "cuda", feature = "wgpu")))]
    {
        let _ = device;
        false
    }
}

/// One step of all parameters at this learning rate, `[1]`: a tensor, so that a [recorded](crate::StepRecorder) step
/// may be repeated with another one.
///
/// Weights and states that nothing else holds are updated in place.
///
/// # Panics
/// On devices where [`updates_together`] doesn't hold, or for tensors with autodiff.
#[must_use]
pub fn update_together(
    parameters: Vec<ParameterUpdate>,
    rule: UpdateRule,
    rate: Tensor<1>,
    clipping: Option<Clipping>,
) -> Vec<UpdatedParameter> {
    #[cfg(any(feature = "cuda", feature = "wgpu"))]
    {
        use crate::cube::{Parameter, tensor_of, update, values_of};

        let parameters = parameters
            .into_iter()
            .map(|one| Parameter {
                weight: values_of(one.weight),
                gradient: values_of(one.gradient),
                state: one.state.into_iter().map(values_of).collect(),
                weight_decay: one.weight_decay as f32,
            })
            .collect();
        update(parameters, rule, &values_of(rate), clipping)
            .into_iter()
            .map(|one| UpdatedParameter {
                weight: tensor_of(one.weight),
                state: one.state.into_iter().map(tensor_of).collect(),
            })
            .collect()
    }
    #[cfg(not(any(feature = "cuda", feature = "wgpu")))]
    {
        let _ = (parameters, rule, rate, clipping);
        panic!("this build has no device on which parameters are updated together");
    }
}

/// Moves each average, the first of a pair, towards the value after it: `kept`, `[1]`, times the average and `1 - kept`
/// times the value.
///
/// Averages that nothing else holds are updated in place.
///
/// # Panics
/// As [`update_together`].
#[must_use]
pub fn blend_together(pairs: Vec<[Tensor<1>; 2]>, kept: Tensor<1>) -> Vec<Tensor<1>> {
    #[cfg(any(feature = "cuda", feature = "wgpu"))]
    {
        use crate::cube::{blend, tensor_of, values_of};

        let pairs = pairs.into_iter().map(|pair| pair.map(values_of)).collect();
        blend(pairs, &values_of(kept))
            .into_iter()
            .map(tensor_of)
            .collect()
    }
    #[cfg(not(any(feature = "cuda", feature = "wgpu")))]
    {
        let _ = (pairs, kept);
        panic!("this build has no device on which averages are updated together");
    }
}
