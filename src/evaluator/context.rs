//! What an evaluation knows about the search around it.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::{Deadline, EvaluationError, IntermediateResult, StopSignal};
use crate::randomness::{Stream, stream};
use crate::stopper::{SharedStopper, Verdict};
use crate::trial::{Fidelity, Trial, TrialId};

/// What one evaluation knows about the search around it, and how it communicates with the search.
pub struct Context<'a> {
    trial: TrialId,
    parent: Option<TrialId>,
    continues: Option<TrialId>,
    seed: u64,
    worker: usize,
    stop: &'a StopSignal,
    report: &'a (dyn Fn(IntermediateResult) + Sync),
    deadline: Option<Deadline>,
    fidelity: Option<&'a Fidelity>,
    stopper: Option<&'a SharedStopper>,
    /// The last step and value that were reported, if the stopper has ended the trial.
    stopped_at: Mutex<Option<(u64, f64)>>,
}

impl fmt::Debug for Context<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("trial", &self.trial)
            .field("seed", &self.seed)
            .field("worker", &self.worker)
            .finish_non_exhaustive()
    }
}

impl<'a> Context<'a> {
    /// A context for calling an evaluator outside a search. `report` receives what is given to
    /// [`Context::report`] and [`Context::report_with_metrics`].
    #[must_use]
    pub const fn new(
        trial: TrialId,
        seed: u64,
        worker: usize,
        stop: &'a StopSignal,
        report: &'a (dyn Fn(IntermediateResult) + Sync),
    ) -> Self {
        Self {
            trial,
            parent: None,
            continues: None,
            seed,
            worker,
            stop,
            report,
            deadline: None,
            fidelity: None,
            stopper: None,
            stopped_at: Mutex::new(None),
        }
    }

    /// Names the trial whose genotype was mutated.
    #[must_use]
    pub const fn with_parent(mut self, parent: Option<TrialId>) -> Self {
        self.parent = parent;
        self
    }

    /// Names the trial whose evaluation may be continued.
    #[must_use]
    pub const fn with_continues(mut self, continues: Option<TrialId>) -> Self {
        self.continues = continues;
        self
    }

    /// The context of a trial, for an executor: its number, seed, parent, fidelity and which trial it continues.
    #[must_use]
    pub fn of<G>(
        trial: &'a Trial<G>,
        worker: usize,
        stop: &'a StopSignal,
        report: &'a (dyn Fn(IntermediateResult) + Sync),
    ) -> Self {
        Self::new(trial.id, trial.seed, worker, stop, report)
            .with_parent(trial.parent)
            .with_continues(trial.continues)
            .with_fidelity(&trial.fidelity)
    }

    /// Sets a time limit, which begins now. Time in which the process was stopped (by Ctrl-Z, say) doesn't count.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.deadline = Some(Deadline::new(Instant::now(), timeout));
        self
    }

    /// Sets how thoroughly to evaluate; by default, fully.
    #[must_use]
    pub const fn with_fidelity(mut self, fidelity: &'a Fidelity) -> Self {
        self.fidelity = Some(fidelity);
        self
    }

    /// Has a stopper judge every reported value.
    #[must_use]
    pub const fn with_stopper(mut self, stopper: &'a SharedStopper) -> Self {
        self.stopper = Some(stopper);
        self
    }

    /// How thoroughly the trial is to be evaluated.
    #[must_use]
    pub fn fidelity(&self) -> &Fidelity {
        const FULL: &Fidelity = &Fidelity::full();
        self.fidelity.unwrap_or(FULL)
    }

    /// The trial's number.
    #[must_use]
    pub const fn trial(&self) -> TrialId {
        self.trial
    }

    /// The trial whose genotype was mutated, to start from its weights, say; `None` for a random genotype.
    /// A resumed search may run a trial whose parent ended in an earlier process.
    #[must_use]
    pub const fn parent(&self) -> Option<TrialId> {
        self.parent
    }

    /// An earlier trial of the same genotype and [seed](Context::seed), at a lower fidelity, from whose state this
    /// evaluation may continue, to train a network further, say; `None` for a trial that starts from scratch.
    ///
    /// Continuing saves time and must not change the score: where the state is gone, because the earlier trial ran
    /// on another worker or in a process that has ended, the evaluation starts from scratch and does all that its
    /// [fidelity](Context::fidelity) asks for. [`Promotion`](crate::algorithm::Promotion) has an example.
    #[must_use]
    pub const fn continues(&self) -> Option<TrialId> {
        self.continues
    }

    /// When the trial's time is up, to limit what can't be asked to stop, such as a child process or a request;
    /// `None` without a time limit. The [simulated executor](crate::executor::Simulated) has none: its limit
    /// is one of simulated time. It moves on when the process was stopped for a while.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline?.instant()
    }

    /// The trial's seed.
    #[must_use]
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// A random stream of the trial's seed. Use another `number` for each purpose.
    #[must_use]
    pub fn rng(&self, number: u64) -> Stream {
        stream(self.seed, number)
    }

    /// The worker that runs the trial, from 0. The score must not depend on it.
    #[must_use]
    pub const fn worker(&self) -> usize {
        self.worker
    }

    /// Whether a stopper judges what the trial reports. A value that costs something to measure is worth
    /// reporting only then.
    #[must_use]
    pub const fn is_judged(&self) -> bool {
        self.stopper.is_some()
    }

    /// Reports an intermediate value to observers and the stopper, such as the validation accuracy after
    /// epoch `step`: higher is better. The stopper never sees a value that isn't finite.
    pub fn report(&self, step: u64, value: f64) {
        self.report_with_metrics(IntermediateResult::new(step, value));
    }

    /// Like [`Context::report`], with the last step if it is known, and with further figures for observers.
    pub fn report_with_metrics(&self, result: IntermediateResult) {
        let (step, last) = (result.step, result.is_last());
        let comparable = result.comparable();
        (self.report)(result);
        if let (Some(stopper), Some(value)) = (self.stopper, comparable) {
            let verdict = stopper.reported(self.trial, step, value);
            let mut stopped_at = self.stopped_at();
            if last {
                // Nothing is left to save, even if the stopper said so before and nobody asked.
                *stopped_at = None;
            } else if verdict == Verdict::Stop || stopped_at.is_some() {
                *stopped_at = Some((step, value));
            }
        }
    }

    /// Fails if the evaluation should end: the search stops, the trial's time is up, or the stopper has
    /// seen enough. An evaluator calls it now and then, with `?`.
    ///
    /// # Errors
    /// [`EvaluationError::Interrupted`], [`EvaluationError::TimedOut`] or
    /// [`EvaluationError::Stopped`].
    pub fn check_stop(&self) -> Result<(), EvaluationError> {
        if self.stop.is_set() {
            return Err(EvaluationError::Interrupted);
        }
        if self.timed_out() {
            return Err(EvaluationError::TimedOut);
        }
        match *self.stopped_at() {
            Some((step, value)) => Err(EvaluationError::Stopped { step, value }),
            None => Ok(()),
        }
    }

    pub(super) fn is_interrupted(&self) -> bool {
        self.stop.is_set()
    }

    pub(super) fn timed_out(&self) -> bool {
        self.deadline
            .is_some_and(|deadline| deadline.is_over(Instant::now()))
    }

    fn stopped_at(&self) -> std::sync::MutexGuard<'_, Option<(u64, f64)>> {
        self.stopped_at
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::Context;

    #[test]
    fn an_evaluation_may_share_its_context_among_threads() {
        const fn shared<T: Send + Sync>() {}
        shared::<Context<'_>>();
    }
}
