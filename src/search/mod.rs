//! The search loop: asks, runs, tells, until the budget is spent.
//!
//! What happens to a trial, and what of it can be set on a [`Search`]:
//!
//! 1. The algorithm is asked. What a [constraint](Search::constraint) refuses, or the policy for
//!    [duplicates](Search::duplicates) wants redrawn, is withdrawn, and the algorithm asked again.
//! 2. The ask is written to the [journal](Search::journal).
//! 3. The executor runs it, for as long as its [time limit](Search::timeout) and the
//!    [stopper](Search::stopper) let it.
//! 4. If it went wrong, it may be [run again](Search::retry).
//! 5. The algorithm is told how it ended, the journal records it, and then
//!    [observers](Search::observe) hear of it. Too many [failures in a
//!    row](Search::max_consecutive_failures) end the search.
//!
//! When the search was interrupted, the journal brings all of this back to where it was.

mod begin;
mod best_file;
mod budget;
mod constraints;
mod duplicates;
mod end;
mod error;
mod failures;
mod guarded;
mod history;
pub mod journal;
mod observer;
mod outcome_json;
mod record_json;
mod result;
mod resume;
mod retry;
mod running;
mod traced;
mod trials_file;
mod warning;

pub use best_file::{BestFile, BestFileError};
pub use budget::{Budget, Termination};
pub use duplicates::{Duplicates, UnknownDuplicates};
pub use error::SearchError;
pub use history::{History, TrialRecord};
pub use journal::Journal;
pub use observer::{Event, Observer};
pub use result::SearchResult;
pub use retry::Retry;
pub use traced::Traced;
pub use trials_file::{TrialsFile, TrialsFileError};
pub use warning::Warning;

use std::fmt;
use std::hash::Hash;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::algorithm::Algorithm;
use crate::evaluator::StopSignal;
use crate::executor::Executor;
use crate::space::Genotype;
use crate::stopper::{SharedStopper, Stopper};
use constraints::Constraints;
use duplicates::{ByKey, Known};
use journal::SearchJournal;

/// A search: an algorithm, an executor, a budget, and who watches.
pub struct Search<G, A, X> {
    algorithm: A,
    executor: X,
    budget: Budget,
    max_consecutive_failures: u64,
    retry: Retry,
    timeout: Option<Duration>,
    stopper: Option<SharedStopper>,
    constraints: Constraints<G>,
    duplicates: Option<Box<dyn Known<G>>>,
    journal: Option<Box<dyn SearchJournal<G>>>,
    stop: StopSignal,
    observers: Vec<Watcher<G>>,
}

/// An observer and what its type is called, for an error that names it.
struct Watcher<G> {
    name: &'static str,
    observer: Box<dyn Observer<G>>,
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
            retry: Retry::none(),
            timeout: None,
            stopper: None,
            constraints: Constraints::default(),
            duplicates: None,
            journal: None,
            stop,
            observers: Vec::new(),
        }
    }

    /// Adds someone who sees every event.
    #[must_use]
    pub fn observe<O: Observer<G> + 'static>(mut self, observer: O) -> Self {
        self.observers.push(Watcher {
            name: std::any::type_name::<O>(),
            observer: Box::new(observer),
        });
        self
    }

    /// Records every ask and tell; if the journal holds a search, that search goes on: with its
    /// trials in flight handed out again, and up to this budget.
    ///
    /// The algorithm, its space, its seed and the evaluator must be those of the journal. Whatever
    /// else is set here may differ: it holds from now on.
    #[must_use]
    pub fn journal(mut self, journal: Journal) -> Self
    where
        G: Serialize + DeserializeOwned,
    {
        self.journal = Some(Box::new(journal));
        self
    }

    /// So many failed trials in a row end the search with an error (50 by default). Infeasible and
    /// stopped trials are not failures. A resume starts counting anew.
    #[must_use]
    pub fn max_consecutive_failures(mut self, count: u64) -> Self {
        self.max_consecutive_failures = count;
        self
    }

    /// Runs failed trials again. By default none is.
    #[must_use]
    pub fn retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    /// How long an attempt at a trial may take: an evaluator learns from
    /// [`Context::check_stop`](crate::evaluator::Context::check_stop) that it is over time, and
    /// whatever it does then (a score, an error, a panic), the trial has timed out, unless it returns
    /// [`Interrupted`](crate::evaluator::EvaluationError::Interrupted) since the search is being
    /// stopped: then a resume runs it again. An evaluator that neither asks nor returns can't be ended.
    #[must_use]
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = Some(limit);
        self
    }

    /// Ends unpromising trials early, by what they report. A stopper that panics is left out from
    /// then on, with a [warning](Warning::StopperLeftOut).
    #[must_use]
    pub fn stopper(mut self, stopper: impl Stopper + 'static) -> Self {
        self.stopper = Some(SharedStopper::new(stopper));
        self
    }

    /// Refuses genotypes, with a reason, before a trial is spent on them: another one is drawn in
    /// their place. Several constraints must all be fulfilled.
    #[must_use]
    pub fn constraint(
        mut self,
        predicate: impl Fn(&G) -> Result<(), String> + Send + 'static,
    ) -> Self {
        self.constraints.add(predicate);
        self
    }

    /// So many genotypes refused for one trial end the search with an error (1000 by default).
    #[must_use]
    pub fn max_refused(mut self, draws: u64) -> Self {
        self.constraints.draws = draws;
        self
    }

    /// What happens to a genotype that equals an earlier one.
    #[must_use]
    pub fn duplicates(self, policy: Duplicates) -> Self
    where
        G: Hash + Eq,
    {
        self.duplicates_by(policy, G::clone)
    }

    /// The same, but genotypes are equal if their keys are: a canonical form, say, that is the same
    /// for genotypes that mean the same. A key that panics ends the search
    /// ([`SearchError::Panicked`]).
    #[must_use]
    pub fn duplicates_by<K>(
        mut self,
        policy: Duplicates,
        key: impl Fn(&G) -> K + Send + 'static,
    ) -> Self
    where
        K: Hash + Eq + Send + 'static,
    {
        self.duplicates = match policy {
            Duplicates::Allow => None,
            _ => Some(Box::new(ByKey::new(policy, key))),
        };
        self
    }

    /// The signal that ends this search from another thread or a Ctrl-C handler.
    #[must_use]
    pub fn stop_signal(&self) -> StopSignal {
        self.stop.clone()
    }
}
