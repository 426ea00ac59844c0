//! The search loop: asks, runs, tells, until the budget is spent.

mod history;
mod observer;
mod record_json;
mod run_folder;

pub use history::{History, TrialRecord};
pub use observer::{Event, Observer};
pub use run_folder::{RunFolder, RunFolderError};

use std::collections::HashMap;
use std::fmt;
use std::time::{Duration, Instant};

use crate::algorithm::{Algorithm, TellError};
use crate::evaluator::{Ended, StopSignal};
use crate::executor::{Executor, ExecutorEvent};
use crate::space::Genotype;
use crate::trial::{Trial, TrialId};

/// How much a search may spend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    trials: u64,
    wall_time: Option<Duration>,
}

impl Budget {
    /// So many trials in all, the initial population and failures included (the paper's `C`).
    #[must_use]
    pub const fn trials(trials: u64) -> Self {
        Self {
            trials,
            wall_time: None,
        }
    }

    /// After this time no new trial starts; those in flight end and count.
    #[must_use]
    pub const fn wall_time(mut self, limit: Duration) -> Self {
        self.wall_time = Some(limit);
        self
    }
}

/// Why a search ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Termination {
    /// All trials are done.
    Trials,
    /// The time is up.
    WallTime,
    /// The stop signal was set.
    Stopped,
}

impl fmt::Display for Termination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Trials => "all trials are done",
            Self::WallTime => "the time is up",
            Self::Stopped => "stopped by request",
        })
    }
}

/// What a search found.
#[derive(Clone, Debug)]
pub struct SearchResult<G> {
    /// Every finished trial, in the order of finishing.
    pub history: History<G>,
    /// Why it ended.
    pub termination: Termination,
    /// Wall time.
    pub duration: Duration,
}

impl<G> SearchResult<G> {
    /// The fittest trial of the whole history (not only of the last population), the first among
    /// equals; none if no trial has a fitness.
    #[must_use]
    pub fn best(&self) -> Option<&TrialRecord<G>> {
        self.history.best()
    }
}

/// Why a search can't begin or go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SearchError {
    /// Fewer trials than the algorithm needs.
    #[error(
        "a budget of {trials} trials is below the population size {minimum}; allow at least {minimum}"
    )]
    BudgetTooSmall {
        /// The budget.
        trials: u64,
        /// What the algorithm needs.
        minimum: u64,
    },
    /// Nothing succeeds any more.
    #[error("{count} trials in a row failed, so the search was stopped; the last: {}", last.join("; "))]
    TooManyFailures {
        /// How many.
        count: u64,
        /// The last three, described.
        last: Vec<String>,
    },
    /// The algorithm refused an outcome.
    #[error(transparent)]
    Tell(#[from] TellError),
    /// An executor reported a trial that was never given to it.
    #[error("the executor reported trial {0}, which is not in flight")]
    UnknownTrial(TrialId),
    /// An observer can't do its work, such as writing to a full disk.
    #[error("{0}")]
    Observer(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// A search: an algorithm, an executor, a budget, and who watches.
pub struct Search<G, A, X> {
    algorithm: A,
    executor: X,
    budget: Budget,
    max_consecutive_failures: u64,
    stop: StopSignal,
    observers: Vec<Box<dyn Observer<G>>>,
}

impl<G, A, X> fmt::Debug for Search<G, A, X> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Search")
            .field("budget", &self.budget)
            .field("observers", &self.observers.len())
            .finish_non_exhaustive()
    }
}

impl<G: Genotype, A: Algorithm<G>, X: Executor<G>> Search<G, A, X> {
    /// A search that ends when `budget` is spent.
    pub fn new(algorithm: A, executor: X, budget: Budget) -> Self {
        let stop = executor.stop_signal();
        Self {
            algorithm,
            executor,
            budget,
            max_consecutive_failures: 50,
            stop,
            observers: Vec::new(),
        }
    }

    /// Adds someone who sees every event.
    #[must_use]
    pub fn observe(mut self, observer: impl Observer<G> + 'static) -> Self {
        self.observers.push(Box::new(observer));
        self
    }

    /// So many failed trials in a row end the search with an error (50 by default).
    #[must_use]
    pub fn max_consecutive_failures(mut self, count: u64) -> Self {
        self.max_consecutive_failures = count;
        self
    }

    /// The signal that ends this search from another thread or a Ctrl-C handler.
    #[must_use]
    pub fn stop_signal(&self) -> StopSignal {
        self.stop.clone()
    }

    /// Runs the search.
    ///
    /// # Errors
    /// [`SearchError`] if the budget is below the algorithm's minimum, too many trials in a row
    /// fail, or an observer fails. Observers have seen every trial that ended before.
    pub fn run(mut self) -> Result<SearchResult<G>, SearchError> {
        let minimum = self.algorithm.minimum_trials().max(1);
        if self.budget.trials < minimum {
            return Err(SearchError::BudgetTooSmall {
                trials: self.budget.trials,
                minimum,
            });
        }
        let mut progress = Progress {
            start: Instant::now(),
            asked: 0,
            in_flight: HashMap::new(),
            history: History::default(),
            failures: Vec::new(),
            consecutive_failures: 0,
        };
        self.tell_observers(&Event::Began {
            trials: self.budget.trials,
        })?;
        loop {
            self.fill(&mut progress)?;
            let Some(event) = self.executor.next() else {
                break;
            };
            self.handle(event, &mut progress)?;
        }
        let termination = self.termination(&progress);
        self.tell_observers(&Event::Ended { termination })?;
        Ok(SearchResult {
            history: progress.history,
            termination,
            duration: progress.start.elapsed(),
        })
    }

    /// Keeps every worker busy while the budget lasts.
    fn fill(&mut self, progress: &mut Progress<G>) -> Result<(), SearchError> {
        while progress.in_flight.len() < self.executor.workers()
            && progress.asked < self.budget.trials
            && !self.stop.is_set()
            && !self.time_is_up(progress)
        {
            let trial = self.algorithm.ask();
            progress.asked += 1;
            self.tell_observers(&Event::Asked { trial: &trial })?;
            progress.in_flight.insert(trial.id, trial.clone());
            self.executor.submit(trial);
        }
        Ok(())
    }

    fn handle(
        &mut self,
        event: ExecutorEvent,
        progress: &mut Progress<G>,
    ) -> Result<(), SearchError> {
        match event {
            ExecutorEvent::Started { trial, worker } => {
                self.tell_observers(&Event::Started { trial, worker })
            }
            ExecutorEvent::Reported { trial, step, value } => {
                self.tell_observers(&Event::Reported { trial, step, value })
            }
            ExecutorEvent::Finished {
                trial,
                worker,
                duration,
                ended,
            } => {
                let trial = progress
                    .in_flight
                    .remove(&trial)
                    .ok_or(SearchError::UnknownTrial(trial))?;
                match ended {
                    Ended::Interrupted => Ok(()),
                    Ended::Outcome(outcome) => {
                        let record = TrialRecord::new(trial, worker, duration, outcome);
                        self.finish(record, progress)
                    }
                }
            }
        }
    }

    fn finish(
        &mut self,
        record: TrialRecord<G>,
        progress: &mut Progress<G>,
    ) -> Result<(), SearchError> {
        self.algorithm.tell(record.id, &record.outcome)?;
        progress.history.push(record);
        self.tell_observers(&Event::Finished {
            history: &progress.history,
        })?;
        let Some(record) = progress.history.last() else {
            return Ok(());
        };
        if !record.outcome.is_failure() {
            progress.consecutive_failures = 0;
            progress.failures.clear();
            return Ok(());
        }
        progress.consecutive_failures += 1;
        if progress.failures.len() == 3 {
            progress.failures.remove(0);
        }
        progress
            .failures
            .push(format!("trial {} {}", record.id, record.outcome));
        if progress.consecutive_failures >= self.max_consecutive_failures {
            return Err(SearchError::TooManyFailures {
                count: progress.consecutive_failures,
                last: std::mem::take(&mut progress.failures),
            });
        }
        Ok(())
    }

    fn time_is_up(&self, progress: &Progress<G>) -> bool {
        self.budget
            .wall_time
            .is_some_and(|limit| progress.start.elapsed() >= limit)
    }

    fn termination(&self, progress: &Progress<G>) -> Termination {
        if progress.history.len() as u64 == self.budget.trials {
            Termination::Trials
        } else if self.stop.is_set() {
            Termination::Stopped
        } else {
            Termination::WallTime
        }
    }

    fn tell_observers(&mut self, event: &Event<'_, G>) -> Result<(), SearchError> {
        for observer in &mut self.observers {
            observer.observe(event).map_err(SearchError::Observer)?;
        }
        Ok(())
    }
}

struct Progress<G> {
    start: Instant,
    asked: u64,
    in_flight: HashMap<TrialId, Trial<G>>,
    history: History<G>,
    failures: Vec<String>,
    consecutive_failures: u64,
}
