//! What an evaluation knows of the search around it.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rand_chacha::ChaCha8Rng;

use super::EvaluationError;
use crate::randomness::stream;
use crate::trial::TrialId;

/// A switch that ends a search from outside (Ctrl-C, say). Clones share it.
#[derive(Clone, Debug, Default)]
pub struct StopSignal {
    set: Arc<AtomicBool>,
    parent: Option<Arc<StopSignal>>,
}

impl StopSignal {
    /// A signal that is not set.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A signal that is set with this one, but can be set without it.
    #[must_use]
    pub fn child(&self) -> Self {
        Self {
            set: Arc::default(),
            parent: Some(Arc::new(self.clone())),
        }
    }

    /// Asks the search to stop. What is done is kept; trials in flight are interrupted.
    pub fn stop(&self) {
        self.set.store(true, Ordering::Relaxed);
    }

    /// Whether it was asked to.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.set.load(Ordering::Relaxed)
            || self.parent.as_ref().is_some_and(|parent| parent.is_set())
    }
}

/// The surroundings of one evaluation.
pub struct Context<'a> {
    trial: TrialId,
    seed: u64,
    worker: usize,
    stop: &'a StopSignal,
    report: &'a (dyn Fn(u64, f64) + Sync),
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
    /// A context of one's own, to call an evaluator outside a search. `report` takes the step and
    /// value of every [`Context::report`].
    #[must_use]
    pub const fn new(
        trial: TrialId,
        seed: u64,
        worker: usize,
        stop: &'a StopSignal,
        report: &'a (dyn Fn(u64, f64) + Sync),
    ) -> Self {
        Self {
            trial,
            seed,
            worker,
            stop,
            report,
        }
    }

    /// The trial's number.
    #[must_use]
    pub const fn trial(&self) -> TrialId {
        self.trial
    }

    /// The trial's own seed.
    #[must_use]
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// Stream `number` of the trial's seed: one for each purpose.
    #[must_use]
    pub fn rng(&self, number: u64) -> ChaCha8Rng {
        stream(self.seed, number)
    }

    /// The worker that runs the trial, from 0. The score must not depend on it.
    #[must_use]
    pub const fn worker(&self) -> usize {
        self.worker
    }

    /// Tells observers an intermediate value: the validation accuracy after epoch `step`, say.
    pub fn report(&self, step: u64, value: f64) {
        (self.report)(step, value);
    }

    /// Returns early, with `?`, when the search wants to stop.
    ///
    /// # Errors
    /// [`EvaluationError::Interrupted`] if it does.
    pub fn check_stop(&self) -> Result<(), EvaluationError> {
        if self.stop.is_set() {
            Err(EvaluationError::Interrupted)
        } else {
            Ok(())
        }
    }
}
