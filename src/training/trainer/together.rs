//! A step of all parameters at once, on devices that have one.

use burn::module::{Module, ModuleMapper, Param};
use burn::optim::{DynState, GradientsParams};
use burn::tensor::{Device, GradientCheckpointingStrategy, Tensor};
use evonas_kernels::{
    Clipping, ParameterUpdate, StepTensor, UpdateRule, UpdatedParameter, update_together,
};

use super::rms_prop::RmsPropState;
use super::sgd::SgdState;
use crate::training::OptimizerSettings;

/// What a step needs besides the network and its gradients.
#[derive(Clone, Copy, Debug)]
pub(super) struct Together {
    rule: UpdateRule,
    /// The weight decay of parameters of rank 1, and of all others.
    weight_decay: [f64; 2],
}

impl Together {
    /// The step of an optimizer, if there is one of all parameters at once.
    pub(super) const fn new(settings: &OptimizerSettings, weight_decay: [f64; 2]) -> Option<Self> {
        let rule = match *settings {
            OptimizerSettings::Sgd { momentum, nesterov } => UpdateRule::Sgd { momentum, nesterov },
            OptimizerSettings::RmsProp {
                decay,
                momentum,
                epsilon,
            } => UpdateRule::RmsProp {
                decay,
                momentum,
                epsilon,
            },
            OptimizerSettings::Adam { .. } | OptimizerSettings::AdamW { .. } => return None,
        };
        Some(Self { rule, weight_decay })
    }

    /// One step of a network; its states are those of the update rules, by the parameter's position.
    pub(super) fn step<M: Module>(
        self,
        network: M,
        gradients: GradientsParams,
        states: &mut Vec<Option<DynState>>,
        rate: Tensor<1>,
        clipping: Option<Clipping>,
    ) -> M {
        let mut taken = Take {
            together: self,
            gradients,
            states: &mut *states,
            place: 0,
            updates: Vec::new(),
            origins: Vec::new(),
        };
        // Weights with one owner are updated in place, so the network gives them away meanwhile.
        let network = network.map(&mut taken);
        let Take {
            updates, origins, ..
        } = taken;
        let rule = self.rule;
        let updated = update_together(updates, rule, rate, clipping);
        network.map(&mut Return {
            updated: updated.into_iter().zip(origins),
            next: None,
            states,
            place: 0,
            rule,
        })
    }

    /// The tensors of a parameter's state.
    pub(super) fn tensors_of(self, state: &DynState) -> Vec<StepTensor> {
        match state.rank() {
            1 => self.tensors_of_rank::<1>(state),
            2 => self.tensors_of_rank::<2>(state),
            3 => self.tensors_of_rank::<3>(state),
            4 => self.tensors_of_rank::<4>(state),
            5 => self.tensors_of_rank::<5>(state),
            rank => panic!("no parameter has {rank} dimensions"),
        }
    }

    fn tensors_of_rank<const D: usize>(self, state: &DynState) -> Vec<StepTensor> {
        match self.rule {
            UpdateRule::Sgd { .. } => {
                let state = state.downcast_ref::<SgdState<D>>();
                vec![state.velocity.clone().into()]
            }
            _ => {
                let state = state.downcast_ref::<RmsPropState<D>>();
                vec![
                    state.mean_square.clone().into(),
                    state.velocity.clone().into(),
                ]
            }
        }
    }

    /// The states of a parameter before its step, flat.
    fn states_of<const D: usize>(
        self,
        state: Option<DynState>,
        weight: &Tensor<1>,
    ) -> Vec<Tensor<1>> {
        let flat = |tensor: Tensor<D>| tensor.reshape([-1]);
        match (self.rule, state) {
            (UpdateRule::Sgd { .. }, Some(state)) => {
                vec![flat(state.downcast::<SgdState<D>>().velocity)]
            }
            (UpdateRule::Sgd { .. }, None) => vec![weight.zeros_like()],
            (_, Some(state)) => {
                let state = state.downcast::<RmsPropState<D>>();
                vec![flat(state.mean_square), flat(state.velocity)]
            }
            (_, None) => vec![weight.ones_like(), weight.zeros_like()],
        }
    }
}

/// Where a parameter was.
#[derive(Debug)]
struct Origin {
    place: usize,
    shape: Vec<usize>,
    checkpointing: Option<GradientCheckpointingStrategy>,
}

/// Takes the parameters that have a gradient out of a network.
struct Take<'a> {
    together: Together,
    gradients: GradientsParams,
    states: &'a mut Vec<Option<DynState>>,
    place: usize,
    updates: Vec<ParameterUpdate>,
    origins: Vec<Origin>,
}

impl ModuleMapper for Take<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let place = self.place;
        self.place += 1;
        let Some(gradient) = self.gradients.remove::<D>(param.id) else {
            return param;
        };
        if self.states.len() <= place {
            self.states.resize_with(place + 1, || None);
        }
        let (id, weight, mapper) = param.consume();
        self.origins.push(Origin {
            place,
            shape: weight.dims().to_vec(),
            checkpointing: weight.gradient_checkpointing_strategy(),
        });
        let weight = weight.inner();
        let device = weight.device();
        let weight: Tensor<1> = weight.reshape([-1]);
        let state = self
            .together
            .states_of::<D>(self.states[place].take(), &weight);
        self.updates.push(ParameterUpdate {
            weight,
            gradient: gradient.reshape([-1]),
            state,
            weight_decay: self.together.weight_decay[usize::from(D > 1)],
        });
        Param::from_mapped_value(id, vacant(&device), mapper)
    }
}

/// What stands for a parameter while it is away.
fn vacant<const D: usize>(device: &Device) -> Tensor<D> {
    Tensor::empty([1; D], device)
}

/// Puts parameters back into a network.
struct Return<'a, I> {
    updated: I,
    next: Option<(UpdatedParameter, Origin)>,
    states: &'a mut Vec<Option<DynState>>,
    place: usize,
    rule: UpdateRule,
}

impl<I: Iterator<Item = (UpdatedParameter, Origin)>> ModuleMapper for Return<'_, I> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let place = self.place;
        self.place += 1;
        let next = self.next.take().or_else(|| self.updated.next());
        let Some((updated, origin)) = next else {
            return param;
        };
        if origin.place != place {
            self.next = Some((updated, origin));
            return param;
        }
        let mut shape = [0; D];
        shape.copy_from_slice(&origin.shape);
        let mut states = updated.state.into_iter().map(|state| state.reshape(shape));
        let mut state = || {
            states
                .next()
                .expect("an update returns as many states as it took")
        };
        self.states[place] = Some(match self.rule {
            UpdateRule::Sgd { .. } => {
                let state = SgdState::<D> { velocity: state() };
                DynState::create(state, D)
            }
            _ => {
                let (mean_square, velocity) = (state(), state());
                let state = RmsPropState::<D> {
                    mean_square,
                    velocity,
                };
                DynState::create(state, D)
            }
        });
        let (id, _, mapper) = param.consume();
        let mut weight = Tensor::<D>::from_inner(updated.weight.reshape(shape));
        if let Some(strategy) = origin.checkpointing {
            weight = weight.with_gradient_checkpointing_strategy(strategy);
        }
        Param::from_mapped_value(id, weight.require_grad(), mapper)
    }
}
