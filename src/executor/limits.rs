//! The limits of a trial.

use std::time::Duration;

use crate::evaluator::Context;
use crate::stopper::SharedStopper;

/// The limits of a trial, which the search sets and an executor applies.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Limits {
    /// When the trial was handed out, on the search's clock. The simulated executor starts it then.
    pub begins: Duration,
    /// Which attempt at the trial this is, from 1; 0 outside a search.
    pub attempt: u32,
    /// How long it may take.
    pub timeout: Option<Duration>,
    /// Judges its intermediate values.
    pub stopper: Option<SharedStopper>,
}

impl Limits {
    /// Applies the limits to a trial's context. The time limit begins now.
    #[must_use]
    pub fn apply<'a>(&'a self, context: Context<'a>) -> Context<'a> {
        let context = match self.timeout {
            Some(timeout) => context.with_timeout(timeout),
            None => context,
        };
        match &self.stopper {
            Some(stopper) => context.with_stopper(stopper),
            None => context,
        }
    }
}
