//! One step of a training.

use std::fmt;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor};
use evonas_kernels::StepTensor;

use super::evaluate::Trainer;
use super::moving_average::MovingAverage;
use super::optimizer::NetworkOptimizer;
use super::recordings::StepRecordings;
use super::step_numbers::StepNumbers;
use crate::network::TrainingPass;
use crate::training::{StepLoss, Task, TrainingConfig};

/// A network in training, with its optimizer and averaged weights: takes one batch at a time.
///
/// [`Training`](super::Training) runs it over whole epochs. Use it directly for your own training
/// loop, or to measure steps.
pub struct Learner<M> {
    /// `None` only while the optimizer holds it.
    network: Option<M>,
    optimizer: NetworkOptimizer,
    average: Option<MovingAverage<M>>,
    config: TrainingConfig,
    /// `None` if steps aren't recorded, and while one is taken.
    recordings: Option<StepRecordings>,
    repeated: u64,
}

impl<M> fmt::Debug for Learner<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Learner").finish_non_exhaustive()
    }
}

impl<M: Module> Learner<M> {
    /// A learner before its first step, with the trainer's optimizer, gradient clipping and moving average.
    #[must_use]
    pub fn new(network: M, trainer: &Trainer) -> Self {
        let network = network.train();
        let average = trainer
            .config()
            .moving_average
            .map(|decay| MovingAverage::new(&network, decay));
        Self::assemble(network, average, trainer)
    }

    /// A learner with the averaged weights of an earlier one.
    pub(in crate::training) fn resumed(
        network: M,
        average: Option<MovingAverage<M>>,
        trainer: &Trainer,
    ) -> Self {
        Self::assemble(network.train(), average, trainer)
    }

    fn assemble(network: M, average: Option<MovingAverage<M>>, trainer: &Trainer) -> Self {
        Self {
            network: Some(network),
            optimizer: NetworkOptimizer::new(trainer),
            average,
            config: trainer.config().clone(),
            recordings: trainer.records_steps().then(StepRecordings::default),
            repeated: 0,
        }
    }

    /// Forward, backward, and a step of the optimizer at this learning rate, on a batch of a task. Nothing is read
    /// from the device, so the step may still be under way when this returns.
    pub fn step<T: Task<M>>(
        &mut self,
        task: &T,
        batch: T::Batch,
        pass: &mut TrainingPass<'_>,
        learning_rate: f64,
    ) -> StepResult {
        let numbers = self.numbers(learning_rate);
        let Some(mut recordings) = self.recordings.take() else {
            return self.take(task, batch, pass, numbers);
        };
        let (result, go_on) = recordings.step(self, task, batch, pass, numbers);
        self.recordings = go_on.then_some(recordings);
        result
    }

    /// The same with any loss of the network, such as [`StepLoss::of_classifier`]. It is never recorded.
    pub fn step_with(
        &mut self,
        learning_rate: f64,
        loss: impl FnOnce(&M, &TrainingConfig) -> StepLoss,
    ) -> StepResult {
        // The loss sees the weights, and may keep them.
        if let Some(recordings) = &mut self.recordings {
            recordings.forget();
        }
        let numbers = self.numbers(learning_rate);
        self.take_with(numbers, loss)
    }

    fn numbers(&self, learning_rate: f64) -> StepNumbers {
        let average = self.average.as_ref();
        StepNumbers::new(learning_rate, average.map_or(0.0, MovingAverage::kept_next))
    }

    /// Takes a step, operation by operation.
    pub(super) fn take<T: Task<M>>(
        &mut self,
        task: &T,
        batch: T::Batch,
        pass: &mut TrainingPass<'_>,
        numbers: StepNumbers,
    ) -> StepResult {
        self.take_with(numbers, |network, config| {
            task.loss(network, batch, config, pass)
        })
    }

    fn take_with(
        &mut self,
        mut numbers: StepNumbers,
        loss: impl FnOnce(&M, &TrainingConfig) -> StepLoss,
    ) -> StepResult {
        let StepLoss {
            differentiated,
            reported,
            totals,
        } = loss(self.trained(), &self.config);
        let device = reported.device();
        if numbers.on_device().is_none() && self.optimizer.is_together_on(&device) {
            numbers = numbers.on(&device);
        }
        let gradients = GradientsParams::from_grads(differentiated.backward(), self.trained());
        // Moved, not cloned: weights with one owner are updated in place.
        if let Some(network) = self.network.take() {
            let stepped = self.optimizer.step(&numbers, network, gradients, &device);
            self.network = Some(stepped);
        }
        if let Some(average) = self.average.take() {
            self.average = Some(average.update_by(self.trained(), &numbers));
        }
        StepResult {
            loss: reported,
            totals,
        }
    }

    /// All tensors that steps change where they lie, in a fixed order: weights, running statistics, the optimizer's
    /// states and averages. `None` if they don't.
    pub(super) fn changing_tensors(&self, device: &Device) -> Option<Vec<StepTensor>> {
        let mut all = Values(Vec::new());
        self.trained().visit(&mut all);
        all.0.extend(self.optimizer.tensors(device)?);
        if let Some(average) = &self.average {
            average.averages().visit(&mut all);
        }
        Some(all.0)
    }

    /// How many steps the device has repeated from a [recording](Trainer::record_steps).
    #[must_use]
    pub const fn repeated_steps(&self) -> u64 {
        self.repeated
    }

    /// Counts a step that was repeated.
    pub(super) const fn count_repeated(&mut self) {
        self.repeated += 1;
        self.count(true);
    }

    /// Counts a step that the averages didn't see, or takes back one that didn't happen.
    pub(super) const fn count(&mut self, taken: bool) {
        if let Some(average) = &mut self.average {
            average.count(taken);
        }
    }

    /// The network to evaluate and to keep: with averaged weights if the configuration says so.
    #[must_use]
    pub fn network(&self) -> M {
        let network = match &self.average {
            Some(average) => average.network(),
            None => self.trained().clone(),
        };
        // A recorded step writes to the weights whoever shares them.
        match &self.recordings {
            Some(recordings) if recordings.has_any() => network.map(&mut Copied),
            _ => network,
        }
    }

    /// The network that takes the steps.
    pub(in crate::training) const fn trained(&self) -> &M {
        self.network
            .as_ref()
            .expect("no step has panicked before it gave the network back")
    }

    pub(in crate::training) const fn average(&self) -> Option<&MovingAverage<M>> {
        self.average.as_ref()
    }

    pub(in crate::training) const fn optimizer(&self) -> &NetworkOptimizer {
        &self.optimizer
    }

    pub(in crate::training) const fn optimizer_mut(&mut self) -> &mut NetworkOptimizer {
        &mut self.optimizer
    }
}

/// The values of a module's floats, without autodiff.
struct Values(Vec<StepTensor>);

impl ModuleVisitor for Values {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.0.push(plain(param.val()).into());
    }
}

fn plain<const D: usize>(tensor: Tensor<D>) -> Tensor<D> {
    match tensor.is_autodiff() {
        true => tensor.inner(),
        false => tensor,
    }
}

/// Gives a module's floats memory of their own.
struct Copied;

impl ModuleMapper for Copied {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let (id, value, mapper) = param.consume();
        let is_autodiff = value.is_autodiff();
        let has_gradient = value.is_require_grad();
        let copy = StepTensor::from(plain(value)).copied().into_float();
        let copy: Tensor<D> = match is_autodiff {
            true => Tensor::from_inner(copy).set_require_grad(has_gradient),
            false => copy,
        };
        Param::from_mapped_value(id, copy, mapper)
    }
}

/// The results of a step, on the device.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct StepResult {
    /// The mean loss of the batch before the step, without auxiliary losses, `[1]`.
    pub loss: Tensor<1>,
    /// The totals of the task's metrics over the batch before the step, `[totals]`: for images, how many were
    /// classified correctly.
    pub totals: Tensor<1>,
}

impl StepResult {
    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            loss: self.loss + other.loss,
            totals: self.totals + other.totals,
        }
    }

    /// The loss and the totals; NaN for the loss if a parameter of `network` is not finite. All are read at once, since
    /// every read waits for the device.
    pub(super) fn read<M: Module>(self, network: &M) -> (f64, Vec<f64>) {
        let loss = match non_finite(network) {
            Some(non_finite) => self.loss + non_finite,
            None => self.loss,
        };
        let all = Tensor::cat(vec![loss, self.totals], 0).into_data();
        let mut values = all.iter::<f64>();
        let loss = values.next().unwrap_or(f64::NAN);
        (loss, values.collect())
    }
}

/// NaN if a parameter of a network is not finite, otherwise 0.
fn non_finite<M: Module>(network: &M) -> Option<Tensor<1>> {
    struct NonFinite(Option<Tensor<1>>);

    impl ModuleVisitor for NonFinite {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let own = param.val().inner().sum() * 0.0;
            self.0 = Some(match self.0.take() {
                Some(sum) => sum + own,
                None => own,
            });
        }
    }

    let mut visitor = NonFinite(None);
    network.visit(&mut visitor);
    visitor.0
}
