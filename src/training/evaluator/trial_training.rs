//! The training of a trial: for how long, from where, and what it reports.

use std::borrow::Cow;

use burn::module::Module;

use super::attempt::Attempt;
use super::{LOSS, TrainingEvaluator};
use crate::evaluator::{Context, EvaluationError, IntermediateResult};
use crate::objective::Objective;
use crate::training::{Progress, Task, Trainer, Training, TrainingError, TrainingWatcher};
use crate::trial::Fidelity;

impl<D, T, H> TrainingEvaluator<D, T, H> {
    /// The trainer, with the epochs of the trial's fidelity, or those of a prepared network.
    pub(super) fn trainer_of(
        &self,
        context: &Context<'_>,
        prepared: Option<usize>,
        attempt: &Attempt,
    ) -> Result<Cow<'_, Trainer>, EvaluationError> {
        let prepared = prepared.map(|epochs| epochs as f64);
        let trainer = match attempt.saves_memory() {
            true => Cow::Owned(self.trainer.clone().record_steps(false)),
            false => Cow::Borrowed(&self.trainer),
        };
        let Some(epochs) = context.fidelity().amount(Fidelity::EPOCHS).or(prepared) else {
            return Ok(trainer);
        };
        if epochs.fract() != 0.0 || !(1.0..=f64::from(u32::MAX)).contains(&epochs) {
            return Err(EvaluationError::Infeasible(format!(
                "{epochs} epochs are asked for; it must be a whole number of at least 1"
            )));
        }
        let config = trainer.config().clone().epochs(epochs as usize);
        let trainer = trainer.with_config(config);
        let trainer = trainer.map_err(EvaluationError::failed)?;
        Ok(Cow::Owned(trainer))
    }

    /// After how many epochs the training pauses: all of them unless the trial's fidelity says otherwise.
    pub(super) fn last_epoch(
        context: &Context<'_>,
        trainer: &Trainer,
    ) -> Result<usize, EvaluationError> {
        let all = trainer.config().epochs;
        let Some(epochs) = context.fidelity().amount(Fidelity::PAUSE_AFTER) else {
            return Ok(all);
        };
        if epochs.fract() != 0.0 || !(1.0..=all as f64).contains(&epochs) {
            return Err(EvaluationError::Infeasible(format!(
                "the training is to pause after {epochs} epochs; it must be a whole number from 1 to {all}"
            )));
        }
        Ok(epochs as usize)
    }

    /// Trains a network up to an epoch, from where the trial that this one continues has paused.
    pub(super) fn train<M: Module>(
        &self,
        trainer: &Trainer,
        network: M,
        last_epoch: usize,
        context: &Context<'_>,
        attempt: &Attempt,
        watch: &mut TrainingWatcher<'_>,
    ) -> Result<M, TrainingError>
    where
        T: Task<M>,
    {
        let (_, task) = &self.places[self.place(context.worker())];
        let metric = task.metrics().into_iter().next();
        let metric = metric.as_ref().map_or("metric", Objective::metric);
        let mut training = match &self.paused {
            Some(paused) => paused.training(network, trainer, context),
            None => Training::new(network, trainer, context.seed()),
        };
        while training.epochs().len() < last_epoch {
            let epoch = training.next_epoch(task, &self.training, watch)?;
            let step = epoch.number as u64;
            // The fitness after the last epoch is the trial's own.
            let judged = context.is_judged()
                && self.validate_every > 0
                && epoch.number.is_multiple_of(self.validate_every)
                && epoch.number < last_epoch;
            let result = match judged {
                true => {
                    let network = training.network();
                    let validation = &self.validation;
                    let values = trainer.metrics_watched(&network, task, validation, watch)?;
                    IntermediateResult::new(step, task.fitness(&values))
                }
                false => IntermediateResult::without_value(step),
            };
            attempt.reports();
            context.report_with_metrics(
                result
                    .of(last_epoch as u64)
                    .with_metric(LOSS, epoch.loss)
                    .with_metric(metric, epoch.metric),
            );
            if watch(Progress::Epoch(epoch)).is_break() {
                return Err(TrainingError::Stopped);
            }
        }
        if let Some(paused) = &self.paused {
            paused.keep(&training, context)?;
        }
        Ok(training.network())
    }
}
