//! The optimizer of a network's parameters.

use burn::module::{Module, ModuleMapper, Param};
use burn::optim::{DynOptimizer, DynState, GradientsParams, StateSink, StateSource};
use burn::tensor::{Device, Tensor};
use evonas_kernels::{Clipping, updates_together};

use super::clipping::clip;
use super::together::Together;
use super::{RmsProp, Sgd};
use crate::training::{OptimizerSettings, TrainingConfig};

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
    together: Together,
    clipping: Option<Clipping>,
    states: Vec<Option<DynState>>,
}

impl NetworkOptimizer {
    /// The optimizer of a configuration. Weight decay applies to weights, and to batch norm and
    /// biases only with [`TrainingConfig::decay_all`].
    pub(super) fn new(config: &TrainingConfig) -> Self {
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
        let [vectors, weights] = weight_decay.map(|decay| {
            let decay = if decays_first { 0.0 } else { decay };
            rule(&config.optimizer, decay)
        });
        Self {
            weights,
            vectors,
            together: Together {
                settings: config.optimizer,
                weight_decay,
            },
            clipping,
            states: Vec::new(),
        }
    }

    /// One step of all parameters, with clipped gradients if the configuration says so. On devices that have one, it
    /// is a single operation.
    pub(super) fn step<M: Module>(
        &mut self,
        rate: f64,
        network: M,
        mut gradients: GradientsParams,
        device: &Device,
    ) -> M {
        let clipping = self.clipping;
        if updates_together(device) {
            return self
                .together
                .step(network, gradients, &mut self.states, rate, clipping);
        }
        if let Some(clipping) = clipping {
            gradients = clip(gradients, &network, clipping, self.together.weight_decay);
        }
        network.map(&mut Step {
            optimizer: self,
            gradients,
            rate,
            place: 0,
        })
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
