//! Ending unpromising trials early, by the values that they report.

mod halving;
mod median;

pub use halving::{InvalidHalving, SuccessiveHalving};
pub use median::MedianRule;

use std::fmt::Debug;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::trial::{Outcome, TrialId};

/// What a stopper says of a running trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It may go on.
    Continue,
    /// It should end, as [`Outcome::Stopped`].
    Stop,
}

/// Judges running trials by what they report through
/// [`Context::report`](crate::evaluator::Context::report).
///
/// Its state is a function of its configuration and the sequence of calls, so that a resumed
/// search can rebuild it from the journal.
pub trait Stopper: Debug + Send {
    /// A trial reports a value, finite, after a step; steps count up from 1.
    fn reported(&mut self, trial: TrialId, step: u64, value: f64) -> Decision;

    /// A trial, or an attempt at it, has ended.
    fn ended(&mut self, trial: TrialId, outcome: &Outcome);
}

/// A stopper that all workers ask. Clones share it.
#[derive(Clone, Debug)]
pub struct SharedStopper(Arc<Mutex<dyn Stopper>>);

impl SharedStopper {
    /// Shares a stopper.
    pub fn new(stopper: impl Stopper + 'static) -> Self {
        Self(Arc::new(Mutex::new(stopper)))
    }

    /// See [`Stopper::reported`].
    #[must_use]
    pub fn reported(&self, trial: TrialId, step: u64, value: f64) -> Decision {
        self.lock().reported(trial, step, value)
    }

    /// See [`Stopper::ended`].
    pub fn ended(&self, trial: TrialId, outcome: &Outcome) {
        self.lock().ended(trial, outcome);
    }

    fn lock(&self) -> MutexGuard<'_, dyn Stopper + 'static> {
        // A stopper that panicked fails its trial; the next one finds what it left.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
