//! Under which limits a trial runs.

use std::time::Duration;

use crate::evaluator::Context;
use crate::stopper::SharedStopper;

/// Under which limits a trial runs: what the search sets and an executor passes on.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Limits {
    /// When it was handed out, on the search's clock. The simulated executor begins it then.
    pub begins: Duration,
    /// How long it may take.
    pub timeout: Option<Duration>,
    /// What judges its intermediate values.
    pub stopper: Option<SharedStopper>,
}

impl Limits {
    /// A trial's context under these limits; its time limit begins now.
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
