//! Ends runs that would never spend their simulated time.
//!
//! A search without a limit on trials also ends by itself when its trials bring no new result
//! ([`Termination::Standstill`](crate::search::Termination)).

use std::error::Error;

use crate::search::{Event, Observer};
use crate::trial::Outcome;

/// The most trials that a run may have, which is some gigabytes of history.
const MOST_TRIALS: u64 = 10_000_000;

/// Why a run would never spend its budget.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub(super) enum NoProgress {
    /// An evaluation takes no time.
    #[error(
        "an evaluation cost {cost:?} s; on the virtual clock it must take at least a nanosecond"
    )]
    NoTime {
        /// Its cost in seconds.
        cost: f64,
    },
    /// The evaluations are too short for the budget.
    #[error("{trials} trials have not spent it; shorten it, or make evaluations cost more")]
    TooManyTrials {
        /// The number of trials.
        trials: u64,
    },
}

/// Ends a search that makes no progress, with a [`Standstill`] as its error.
#[derive(Debug)]
pub(super) struct Watch {
    most_trials: u64,
}

impl Watch {
    pub(super) const fn new() -> Self {
        Self {
            most_trials: MOST_TRIALS,
        }
    }

    /// Checks the trial that has just ended, the `trials`-th.
    fn check(&self, outcome: &Outcome, seconds: f64, trials: u64) -> Result<(), NoProgress> {
        if let Outcome::Completed(evaluation) = outcome
            && seconds == 0.0
        {
            let cost = evaluation.cost.unwrap_or(0.0);
            return Err(NoProgress::NoTime { cost });
        }
        if trials >= self.most_trials {
            return Err(NoProgress::TooManyTrials { trials });
        }
        Ok(())
    }
}

impl<G> Observer<G> for Watch {
    fn observe(&mut self, event: &Event<'_, G>) -> Result<(), Box<dyn Error + Send + Sync>> {
        if let Event::Finished { history } = event
            && let Some(last) = history.last()
        {
            self.check(&last.outcome, last.seconds, history.len() as u64)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trial::Evaluation;

    #[test]
    fn the_number_of_trials_in_a_run_is_limited() {
        let watch = Watch { most_trials: 3 };
        let scored = Outcome::Completed(Evaluation::new(1.0).with_cost(1e-9));
        assert_eq!(watch.check(&scored, 1e-9, 2), Ok(()));
        assert_eq!(
            watch.check(&scored, 1e-9, 3),
            Err(NoProgress::TooManyTrials { trials: 3 })
        );
    }
}
