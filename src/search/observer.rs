//! Watching a search.

use std::error::Error;
use std::time::Duration;

use super::{History, SearchError, Termination, Warning};
use crate::evaluator::IntermediateResult;
use crate::trial::{Outcome, Trial, TrialId};

/// What happens in a search.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Event<'a, G> {
    /// The search begins.
    Began {
        /// The budget's number of trials, if it limits them.
        trials: Option<u64>,
    },
    /// The search resumes where its journal ends. Comes after `Began`; no other event reports recorded
    /// trials.
    Resumed {
        /// All trials that have ended.
        history: &'a History<G>,
        /// The number of unfinished trials, which run again.
        in_flight: usize,
        /// Problems with the journal, or with what was rebuilt from it.
        warnings: &'a [Warning],
    },
    /// A genotype was drawn and refused before a trial was spent on it; another one is drawn instead.
    Refused {
        /// The genotype.
        genotype: &'a G,
        /// Why: the reason that a constraint gave, or that it is a duplicate, which is redrawn.
        reason: &'a str,
    },
    /// A trial was asked for: the algorithm has proposed its genotype.
    Asked {
        /// The trial.
        trial: &'a Trial<G>,
    },
    /// A worker has started a trial.
    Started {
        /// The trial.
        trial: TrialId,
        /// The worker.
        worker: usize,
    },
    /// An evaluation reported an intermediate result.
    Reported {
        /// The trial.
        trial: TrialId,
        /// What it reported.
        result: &'a IntermediateResult,
    },
    /// A trial has passed its time limit and hasn't ended, although it had time to notice
    /// ([`ExecutorEvent::Overdue`](crate::executor::ExecutorEvent::Overdue)). The search waits for it. Comes at
    /// most once for an attempt.
    Overdue {
        /// The trial.
        trial: TrialId,
        /// The worker that runs it.
        worker: usize,
        /// Its time limit.
        limit: Duration,
        /// How long it has been running.
        running: Duration,
    },
    /// An attempt failed, and the trial will run again.
    Retried {
        /// The trial.
        trial: TrialId,
        /// Which attempt it was, from 1.
        attempt: u32,
        /// How it ended.
        outcome: &'a Outcome,
    },
    /// A trial has ended: the last of the history. It is in the journal already, if there is one.
    Finished {
        /// All trials that have ended so far.
        history: &'a History<G>,
    },
    /// There is a problem that doesn't end the search.
    Warned {
        /// The problem.
        warning: &'a Warning,
    },
    /// An error ends the search. The trials that are running end first, and their outcomes are recorded and
    /// observed as always; but if the journal itself failed, they are interrupted.
    Failed {
        /// The error. A further one during the end of the search is dropped.
        error: &'a SearchError,
        /// How many trials are running.
        running: usize,
    },
    /// The search has ended.
    Ended {
        /// Why.
        termination: Termination,
    },
}

/// Sees every event of a search, which it can't change. Every closure `FnMut(&Event<G>)` is one.
///
/// ```
/// use std::error::Error;
/// use std::io::Write;
///
/// use evonas::prelude::*;
///
/// /// Writes each finished trial's fitness.
/// struct Fitnesses<W>(W);
///
/// impl<G, W: Write> Observer<G> for Fitnesses<W> {
///     fn observe(&mut self, event: &Event<'_, G>) -> Result<(), Box<dyn Error + Send + Sync>> {
///         if let Event::Finished { history } = event
///             && let Some(trial) = history.last()
///         {
///             writeln!(self.0, "{} {:?}", trial.id, trial.fitness())?;
///         }
///         Ok(())
///     }
/// }
///
/// # let ones = |bits: &Vec<bool>, _: &Context<'_>| Ok(Evaluation::new(f64::from(bits[0])));
/// # let random = RandomSearch::new(BitsSpace { length: 8 }, 1);
/// Search::new(random, Serial::new(ones), Budget::trials(5))
///     .observe(Fitnesses(std::io::sink()))
///     .run()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Observer<G> {
    /// Sees an event.
    ///
    /// # Errors
    /// An error ends the search, for an observer that must not miss anything, such as a recorder whose disk is
    /// full. So does a panic ([`SearchError::Panicked`](super::SearchError::Panicked)); an observer that has
    /// panicked sees no further event.
    fn observe(&mut self, event: &Event<'_, G>) -> Result<(), Box<dyn Error + Send + Sync>>;
}

impl<G, F: FnMut(&Event<'_, G>)> Observer<G> for F {
    fn observe(&mut self, event: &Event<'_, G>) -> Result<(), Box<dyn Error + Send + Sync>> {
        self(event);
        Ok(())
    }
}
