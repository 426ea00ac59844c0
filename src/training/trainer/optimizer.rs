//! The optimizer of a network's parameters.

use std::fmt;

use burn::module::{Module, ModuleMapper, Param};
use burn::optim::decay::WeightDecayConfig;
use burn::optim::{AdamConfig, AdamWConfig};
use burn::optim::{DynOptimizer, DynState, GradientsParams, Optimizer, StateSink, StateSource};
use burn::tensor::{Device, Tensor};
use evonas_kernels::{Clipping, StepTensor, updates_together};
use serde::Serialize;
use serde_json::Value;

use super::clipping::clip;
use super::evaluate::Trainer;
use super::step_numbers::StepNumbers;
use super::together::Together;
use super::{RmsProp, Sgd};
use crate::description;
use crate::training::OptimizerSettings;

/// An optimizer of Burn's that [`OptimizerSettings`] doesn't have, or your own, for
/// [`Trainer::with_optimizer`].
///
/// ```
/// use evonas::burn::optim::LionConfig;
/// use evonas::prelude::*;
/// use evonas::training::CustomOptimizer;
///
/// let lion = CustomOptimizer::new("Lion, 0.9, 0.99", |weight_decay| {
///     LionConfig::new().with_weight_decay(weight_decay as f32).build()
/// });
/// let trainer = Trainer::new(TrainingConfig::default().learning_rate(1e-3))?.with_optimizer(lion);
/// # Ok::<(), evonas::training::TrainingError>(())
/// ```
pub struct CustomOptimizer {
    description: Value,
    rule: Box<dyn Fn(f64) -> Box<dyn DynOptimizer> + Send + Sync>,
}

impl fmt::Debug for CustomOptimizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CustomOptimizer")
            .field(&self.description)
            .finish()
    }
}

impl CustomOptimizer {
    /// An optimizer that `rule` builds for the parameters with a weight decay:
    /// [`TrainingConfig::weight_decay`](crate::training::TrainingConfig::weight_decay) for weights, and 0 for batch
    /// norm and biases unless all parameters decay. What it keeps of a parameter must have the parameter's shape.
    ///
    /// A checkpoint records the description, and a training resumes only with the same one: name the optimizer and
    /// all of its settings.
    pub fn new<O: Optimizer + 'static>(
        description: impl Serialize,
        rule: impl Fn(f64) -> O + Send + Sync + 'static,
    ) -> Self {
        Self {
            description: description::of(&description),
            rule: Box::new(move |weight_decay| Box::new(rule(weight_decay))),
        }
    }

    pub(in crate::training) const fn description(&self) -> &Value {
        &self.description
    }
}

/// Applies an update rule to every parameter of a network and keeps the rule's state of each.
///
/// Burn's `ModuleOptimizer` identifies states by the parameters' ids, which differ in a network that
/// is rebuilt to resume a training. It also restores them on the default device, which is a GPU in a
/// program built for GPUs, even on a machine without one. Here states are identified by the
/// parameter's position in the network.
pub(in crate::training) struct NetworkOptimizer {
    weights: Box<dyn DynOptimizer>,
    /// The rule for parameters of rank 1: batch norm's and biases.
    vectors: Box<dyn DynOptimizer>,
    /// A step of all parameters at once, if there is one for the rule.
    together: Option<Together>,
    /// The weight decay of parameters of rank 1, and of all others.
    weight_decay: [f64; 2],
    clipping: Option<Clipping>,
    states: Vec<Option<DynState>>,
}

impl NetworkOptimizer {
    /// The optimizer of a trainer. Weight decay applies to weights, and to batch norm and biases only with
    /// [`TrainingConfig::decay_all`](crate::training::TrainingConfig::decay_all).
    pub(super) fn new(trainer: &Trainer) -> Self {
        let config = trainer.config();
        let decay = config.weight_decay;
        let weight_decay = match config.decay_all {
            true => [decay; 2],
            false => [0.0, decay],
        };
        let clipping = config.gradient_clipping.map(|most_norm| Clipping {
            most_norm,
            decayed: config.clip_weight_decay,
        });
        // Clipping that includes weight decay leaves none to the rule.
        let decays_first = clipping.is_some_and(|clipping| clipping.decayed);
        let custom = trainer.optimizer();
        let [vectors, weights] = weight_decay.map(|decay| {
            let decay = if decays_first { 0.0 } else { decay };
            match custom {
                Some(custom) => (custom.rule)(decay),
                None => rule(&config.optimizer, decay),
            }
        });
        let together = match custom {
            Some(_) => None,
            None => Together::new(&config.optimizer, weight_decay),
        };
        Self {
            weights,
            vectors,
            together,
            weight_decay,
            clipping,
            states: Vec::new(),
        }
    }

    /// One step of all parameters, with clipped gradients if the configuration says so. On devices that have one, it
    /// is a single operation.
    pub(super) fn step<M: Module>(
        &mut self,
        numbers: &StepNumbers,
        network: M,
        mut gradients: GradientsParams,
        device: &Device,
    ) -> M {
        let clipping = self.clipping;
        if let Some(together) = self.updates_together(device) {
            let rate = numbers.rate_on(device);
            return together.step(network, gradients, &mut self.states, rate, clipping);
        }
        if let Some(clipping) = clipping {
            gradients = clip(gradients, &network, clipping, self.weight_decay);
        }
        network.map(&mut Step {
            optimizer: self,
            gradients,
            rate: numbers.rate(),
            place: 0,
        })
    }

    /// The step of all parameters at once, if there is one on this device.
    fn updates_together(&self, device: &Device) -> Option<Together> {
        self.together.filter(|_| updates_together(device))
    }

    /// Whether steps on this device are of all parameters at once.
    pub(super) fn is_together_on(&self, device: &Device) -> bool {
        self.updates_together(device).is_some()
    }

    /// The tensors of all states, in the order of the parameters, if steps on this device keep them where they lie.
    pub(super) fn tensors(&self, device: &Device) -> Option<Vec<StepTensor>> {
        let together = self.updates_together(device)?;
        let states = self.states.iter().flatten();
        Some(
            states
                .flat_map(|state| together.tensors_of(state))
                .collect(),
        )
    }

    fn rule(&self, rank: usize) -> &dyn DynOptimizer {
        match rank {
            1 => self.vectors.as_ref(),
            _ => self.weights.as_ref(),
        }
    }

    /// The state of all parameters, by names that begin with the parameter's position.
    pub(in crate::training) fn state(&self) -> StateSink {
        let mut sink = StateSink::default();
        for (place, state) in self.states.iter().enumerate() {
            if let Some(state) = state {
                self.rule(state.rank())
                    .state_flatten(&place.to_string(), state, &mut sink);
            }
        }
        sink
    }

    /// Restores what [`NetworkOptimizer::state`] returned, for parameters of these ranks.
    pub(in crate::training) fn restore(
        &mut self,
        source: &mut StateSource,
        ranks: &[usize],
        device: &Device,
    ) {
        self.states = ranks
            .iter()
            .enumerate()
            .map(|(place, &rank)| {
                self.rule(rank)
                    .state_unflatten(rank, &place.to_string(), source, device)
            })
            .collect();
    }
}

fn rule(settings: &OptimizerSettings, weight_decay: f64) -> Box<dyn DynOptimizer> {
    match *settings {
        OptimizerSettings::Sgd { momentum, nesterov } => Box::new(Sgd {
            momentum,
            nesterov,
            weight_decay,
        }),
        OptimizerSettings::RmsProp {
            decay,
            momentum,
            epsilon,
        } => Box::new(RmsProp {
            decay,
            momentum,
            epsilon,
            weight_decay,
        }),
        OptimizerSettings::Adam {
            beta_1,
            beta_2,
            epsilon,
        } => {
            let decay = (weight_decay > 0.0).then(|| WeightDecayConfig::new(weight_decay as f32));
            let config = AdamConfig::new()
                .with_beta_1(beta_1 as f32)
                .with_beta_2(beta_2 as f32)
                .with_epsilon(epsilon as f32)
                .with_weight_decay(decay);
            Box::new(config.build())
        }
        OptimizerSettings::AdamW {
            beta_1,
            beta_2,
            epsilon,
        } => {
            let config = AdamWConfig::new()
                .with_beta_1(beta_1 as f32)
                .with_beta_2(beta_2 as f32)
                .with_epsilon(epsilon as f32)
                .with_weight_decay(weight_decay as f32);
            Box::new(config.build())
        }
    }
}

/// A step of all parameters, in the order of a visit.
struct Step<'a> {
    optimizer: &'a mut NetworkOptimizer,
    gradients: GradientsParams,
    rate: f64,
    place: usize,
}

impl ModuleMapper for Step<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let place = self.place;
        self.place += 1;
        let Some(gradient) = self.gradients.remove::<D>(param.id) else {
            return param;
        };
        let states = &mut self.optimizer.states;
        if states.len() <= place {
            states.resize_with(place + 1, || None);
        }
        let state = states[place].take();
        let rule = self.optimizer.rule(D);
        let (id, weight, mapper) = param.consume();
        let checkpointing = weight.gradient_checkpointing_strategy();
        let (updated, state) = rule.step_dyn(
            D,
            self.rate,
            weight.inner().into_bridge(),
            gradient.into_bridge(),
            state,
        );
        self.optimizer.states[place] = state;
        let mut weight = Tensor::<D>::from_inner(Tensor::from_bridge(updated));
        if let Some(strategy) = checkpointing {
            weight = weight.with_gradient_checkpointing_strategy(strategy);
        }
        Param::from_mapped_value(id, weight.require_grad(), mapper)
    }
}
