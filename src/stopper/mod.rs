//! Ending unpromising trials early, by the values that they report.

mod halving;
mod median;
mod shared;

pub use halving::{InvalidHalving, SuccessiveHalving};
pub use median::MedianRule;
pub use shared::SharedStopper;

use std::fmt::Debug;

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
/// search can rebuild it from the journal. One that panics is left out from then on, with a
/// [warning](crate::search::Warning::StopperLeftOut).
pub trait Stopper: Debug + Send {
    /// A trial reports a value, finite, after a step; steps count up from 1.
    fn reported(&mut self, trial: TrialId, step: u64, value: f64) -> Decision;

    /// A trial, or an attempt at it, has ended; what is reported of the trial after that belongs to its
    /// next attempt.
    fn ended(&mut self, trial: TrialId, outcome: &Outcome);
}
