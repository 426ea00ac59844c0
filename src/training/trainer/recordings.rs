//! Steps that a device repeats from a recording.
//!
//! The first steps on batches of one shape are taken operation by operation: kernels are compiled and tuned, and the
//! optimizer's states come to be. The next one is taken twice, first to reserve the memory that it needs and then to be
//! recorded, and all others are repeated: what differs from step to step (the batch, the factors of random layers, the
//! learning rate) is replaced where it lies.

use std::collections::HashMap;

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use evonas_kernels::{
    RecordedStep, RecordingError, StepPlace, StepRecorder, StepShape, StepTensor,
};

use super::learner::{Learner, StepResult};
use super::step_numbers::StepNumbers;
use crate::network::{Draws, FactorPlan, TrainingPass};
use crate::training::{RecordedBatch, Task};

/// Steps on batches of one shape before the one that is recorded.
const FIRST_STEPS: usize = 2;
/// Recordings of a training: an epoch has batches of at most two sizes, and drop path begins after the first step.
const MOST_RECORDINGS: usize = 2;
/// Steps that were to be recorded and moved the weights, before no more are tried.
const MOST_UNSTABLE: usize = 4;

/// What a recording is for: one task, batches of these shapes, and these random layers that drop something.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct StepKind {
    /// The type of the task, and where it is: another one may have another loss.
    task: (&'static str, usize),
    batch: Vec<StepShape>,
    active: Vec<bool>,
}

/// The recordings of a training.
#[derive(Debug, Default)]
pub(super) struct StepRecordings {
    /// The random layers of the network, once a step has drawn their factors.
    plans: HashMap<Vec<StepShape>, FactorPlan>,
    /// How many steps were taken.
    taken: HashMap<StepKind, usize>,
    recorded: HashMap<StepKind, Recording>,
    /// Where everything lies that recorded steps change.
    places: Vec<Option<StepPlace>>,
    unstable: usize,
}

/// A recorded step, with the tensors whose values are replaced before it is repeated, and those that it writes its results
/// to.
#[derive(Debug)]
struct Recording {
    step: RecordedStep,
    inputs: Vec<StepTensor>,
    result: StepResult,
}

impl Recording {
    fn repeat(&self, inputs: &[StepTensor]) -> Result<StepResult, RecordingError> {
        let pairs: Vec<[&StepTensor; 2]> =
            self.inputs.iter().zip(inputs).map(<[_; 2]>::from).collect();
        StepTensor::replace_all(&pairs);
        self.step.repeat()?;
        Ok(copied(&self.result))
    }
}

/// The results of a step in memory that the next step doesn't write to.
fn copied(result: &StepResult) -> StepResult {
    let copy = |tensor: &Tensor<1>| StepTensor::from(tensor.clone()).copied().into_float();
    StepResult {
        loss: copy(&result.loss),
        totals: copy(&result.totals),
    }
}

/// Everything that a step reads besides weights and states.
struct Inputs<B> {
    batch: RecordedBatch<B>,
    kind: StepKind,
    factors: Option<Tensor<1>>,
    numbers: StepNumbers,
}

impl<B> Inputs<B> {
    /// All tensors, in the order of [`Recording::inputs`].
    fn tensors(&self) -> Vec<StepTensor> {
        let mut tensors = self.batch.tensors.clone();
        tensors.extend(self.factors.clone().map(StepTensor::from));
        tensors.extend(self.numbers.on_device().cloned().map(StepTensor::from));
        tensors
    }

    /// The same with a batch in memory of its own, which other steps may write to.
    fn own(mut self) -> Self {
        let tensors = self.batch.tensors.iter();
        self.batch.tensors = tensors.map(StepTensor::copied).collect();
        self
    }
}

impl StepRecordings {
    /// Whether a step is recorded.
    pub(super) fn has_any(&self) -> bool {
        !self.recorded.is_empty()
    }

    /// Begins anew.
    pub(super) fn forget(&mut self) {
        *self = Self {
            unstable: self.unstable,
            ..Self::default()
        };
    }

    /// Takes a step, in one of the ways. Also returns whether to go on with recordings.
    pub(super) fn step<M: Module, T: Task<M>>(
        &mut self,
        learner: &mut Learner<M>,
        task: &T,
        batch: T::Batch,
        pass: &mut TrainingPass<'_>,
        numbers: StepNumbers,
    ) -> (StepResult, bool) {
        let recorded = task.recorded_batch(learner.trained(), &batch);
        let shapes = recorded.as_ref().and_then(|recorded| {
            let shapes = recorded.tensors.iter().map(StepTensor::shape);
            shapes.collect::<Option<Vec<StepShape>>>()
        });
        // A task that isn't recorded, or a device that records nothing.
        let (Some(recorded), Some(shapes)) = (recorded, shapes) else {
            return (learner.take(task, batch, pass, numbers), false);
        };
        let plan = self.plans.get(&shapes);
        let kind = StepKind {
            task: (std::any::type_name::<T>(), std::ptr::from_ref(task).addr()),
            active: plan.map_or_else(Vec::new, |plan| plan.active(pass.progress())),
            batch: shapes,
        };
        if self.recorded.contains_key(&kind) || self.is_due(&kind) {
            let plan = plan.cloned();
            drop(batch);
            return self.by_recording(learner, task, recorded, kind, plan, pass, numbers);
        }
        drop(recorded);
        *self.taken.entry(kind.clone()).or_default() += 1;
        let result = learner.take(task, batch, pass, numbers);
        if self.has_any() && self.places != places_of(learner, &device_of(learner)) {
            self.forget();
        }
        let go_on = match pass.take_draws() {
            Draws::Nothing => true,
            Draws::AtOnce(plan) => {
                self.plans.insert(kind.batch, plan);
                true
            }
            Draws::Otherwise => false,
        };
        (result, go_on)
    }

    /// Whether a step of this kind is to be recorded.
    fn is_due(&self, kind: &StepKind) -> bool {
        let taken = self.taken.get(kind).copied().unwrap_or(0);
        taken >= FIRST_STEPS && self.recorded.len() < MOST_RECORDINGS
    }

    /// Repeats a step, or records it first.
    #[expect(
        clippy::too_many_arguments,
        reason = "a step and what was found out about it"
    )]
    fn by_recording<M: Module, T: Task<M>>(
        &mut self,
        learner: &mut Learner<M>,
        task: &T,
        batch: RecordedBatch<T::Batch>,
        kind: StepKind,
        plan: Option<FactorPlan>,
        pass: &mut TrainingPass<'_>,
        numbers: StepNumbers,
    ) -> (StepResult, bool) {
        if let Some(recording) = self.recorded.get(&kind)
            && !recording.step.is_of_this_thread()
        {
            self.forget();
            let batch = (batch.assemble)(batch.tensors);
            return (learner.take(task, batch, pass, numbers), true);
        }
        let device = device_of(learner);
        let factors = plan.map(|plan| pass.values_of(&plan));
        let factors = factors
            .filter(|factors| !factors.is_empty())
            .map(|factors| Tensor::from_data(factors.as_slice(), &device));
        let inputs = Inputs {
            batch,
            kind,
            factors,
            numbers: numbers.on(&device),
        };
        let Some(recording) = self.recorded.get(&inputs.kind) else {
            return self.record(learner, task, inputs, pass, &device);
        };
        let result = recording
            .repeat(&inputs.tensors())
            .unwrap_or_else(|error| panic!("a training step can't be repeated: {error}"));
        learner.count_repeated();
        (result, true)
    }

    /// Records a step and computes it. If that fails, the step is taken as others are.
    fn record<M: Module, T: Task<M>>(
        &mut self,
        learner: &mut Learner<M>,
        task: &T,
        inputs: Inputs<T::Batch>,
        pass: &mut TrainingPass<'_>,
        device: &Device,
    ) -> (StepResult, bool) {
        let inputs = inputs.own();
        let take = |learner: &mut Learner<M>, pass: &mut TrainingPass<'_>| {
            let batch = (inputs.batch.assemble)(inputs.batch.tensors.clone());
            pass.give(inputs.factors.clone());
            learner.take(task, batch, pass, inputs.numbers.clone())
        };
        let before = Before::of(learner, device);
        let recorder = before.map(|before| StepRecorder::prepare(device).map(|it| (before, it)));
        let (before, recorder) = match recorder {
            Some(Ok(prepared)) => prepared,
            Some(Err(error)) => {
                tracing::info!("training steps are not recorded: {error}");
                return (take(learner, pass), false);
            }
            None => return (take(learner, pass), false),
        };
        // Reserves the memory of a step.
        let result = take(learner, pass);
        if !before.lies_where_it_lay(learner, device) {
            // Somebody else holds the weights, so that the step wrote to others: it can't be repeated, and is taken.
            self.unstable += 1;
            self.taken.clear();
            return (result, self.unstable < MOST_UNSTABLE);
        }
        drop(result);
        before.put_back(learner, device);
        let (result, recorded) = recorder.record(|| take(learner, pass));
        let recorded = recorded.and_then(|step| step.repeat().map(|()| step));
        match recorded {
            Ok(step) if before.lies_where_it_lay(learner, device) => {
                let taken = copied(&result);
                let recording = Recording {
                    step,
                    inputs: inputs.tensors(),
                    result,
                };
                self.places = before.places;
                self.recorded.insert(inputs.kind, recording);
                return (taken, true);
            }
            Ok(_) => tracing::warn!("training steps are not recorded: one moved the weights"),
            Err(error) => tracing::warn!("training steps are not recorded: {error}"),
        }
        before.put_back(learner, device);
        // Memory may be what was missing.
        drop(before);
        self.forget();
        device.memory_cleanup();
        (take(learner, pass), false)
    }
}

/// Everything that a step changes, as it was before.
struct Before {
    places: Vec<Option<StepPlace>>,
    copies: Vec<StepTensor>,
}

impl Before {
    /// Copies everything, if all of it can be put back.
    fn of<M: Module>(learner: &Learner<M>, device: &Device) -> Option<Self> {
        let changing = learner.changing_tensors(device)?;
        let can_be_put_back = changing.iter().all(|tensor| tensor.shape().is_some());
        can_be_put_back.then(|| Self {
            places: changing.iter().map(StepTensor::place).collect(),
            copies: changing.iter().map(StepTensor::copied).collect(),
        })
    }

    fn lies_where_it_lay<M: Module>(&self, learner: &Learner<M>, device: &Device) -> bool {
        self.places == places_of(learner, device)
    }

    /// Puts everything back after a step.
    fn put_back<M: Module>(&self, learner: &mut Learner<M>, device: &Device) {
        let changing = learner.changing_tensors(device).unwrap_or_default();
        let pairs = changing.iter().zip(&self.copies).map(<[_; 2]>::from);
        StepTensor::replace_all(&pairs.collect::<Vec<_>>());
        learner.count(false);
    }
}

/// Where everything lies that a step changes.
fn places_of<M: Module>(learner: &Learner<M>, device: &Device) -> Vec<Option<StepPlace>> {
    let changing = learner.changing_tensors(device).unwrap_or_default();
    changing.iter().map(StepTensor::place).collect()
}

/// The device of a network, without autodiff.
fn device_of<M: Module>(learner: &Learner<M>) -> Device {
    let devices = learner.trained().devices();
    devices.into_iter().next().unwrap_or_default().inner()
}
