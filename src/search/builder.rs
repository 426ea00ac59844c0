//! Configuring a search.

use std::fmt;
use std::hash::Hash;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::budget::Budget;
use super::duplicates::{Duplicates, KeyDeduplicator};
use super::engine::Engine;
use super::error::SearchError;
use super::history::History;
use super::journal::Journal;
use super::observer::Observer;
use super::result::{EndedSearch, SearchResult};
use super::retry::Retry;
use super::settings::SearchSettings;
use crate::algorithm::Algorithm;
use crate::evaluator::StopSignal;
use crate::executor::Executor;
use crate::space::Genotype;
use crate::stopper::{SharedStopper, Stopper};

/// A search: an algorithm, an executor, a budget, and further settings. [`Search::run`] runs it, in any
/// thread: a search is `Send` if its algorithm and its executor are.
///
/// ```
/// use std::time::Duration;
///
/// use evonas::prelude::*;
///
/// let ones = |bits: &Vec<bool>, context: &Context<'_>| {
///     context.check_stop()?;
///     Ok(Evaluation::new(bits.iter().filter(|&&bit| bit).count() as f64))
/// };
/// let evolution = Evolution::builder(BitsSpace { length: 12 }, FlipOneBit)
///     .population(20)
///     .sample(5)
///     .build()?;
/// let result = Search::new(evolution, Threads::new(ones, 2)?, Budget::trials(500))
///     .timeout(Duration::from_secs(10))
///     .retry(Retry::none().failed(1))
///     .duplicates(Duplicates::Reuse)
///     .constraint(|bits| match bits[0] || bits[1] {
///         true => Ok(()),
///         false => Err("neither of the first two is set".to_owned()),
///     })
///     .run()?;
/// assert_eq!(result.best().and_then(|best| best.fitness()), Some(12.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Search<G, A, X> {
    algorithm: A,
    executor: X,
    settings: SearchSettings<G>,
}

impl<G, A, X> fmt::Debug for Search<G, A, X> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Search")
            .field("budget", &self.settings.budget)
            .field("observers", &self.settings.observers.len())
            .finish_non_exhaustive()
    }
}

impl<G: Genotype, A: Algorithm<G>, X: Executor<G>> Search<G, A, X> {
    /// A search that ends when `budget` is spent.
    pub fn new(algorithm: A, executor: X, budget: Budget) -> Self {
        let settings = SearchSettings::new(budget, executor.stop_signal());
        Self {
            algorithm,
            executor,
            settings,
        }
    }

    /// Adds an observer, which sees every event.
    #[must_use]
    pub fn observe<O: Observer<G> + Send + 'static>(mut self, observer: O) -> Self {
        self.settings.observers.add(observer);
        self
    }

    /// Records every ask and tell. If the journal holds a search already, that search resumes: its trials
    /// in flight are handed out again, and it runs up to this budget.
    ///
    /// The algorithm, its space, its seed and the evaluator must be those of the journal. All other settings
    /// may differ, and apply from now on.
    #[must_use]
    pub fn journal(mut self, journal: Journal) -> Self
    where
        G: Serialize + DeserializeOwned,
    {
        self.settings.journal = Some(Box::new(journal));
        self
    }

    /// Ends the search when a condition on its history holds, besides the limits of the budget: no new trial
    /// starts, and those in flight end and count. May be called several times; the first condition that holds
    /// ends the search, with [`Termination::Condition`](super::Termination::Condition).
    ///
    /// The condition is checked when the search begins or resumes and whenever a trial has ended. One that
    /// panics ends the search with an error ([`SearchError::Panicked`]).
    ///
    /// ```
    /// use evonas::prelude::*;
    ///
    /// # let ones = |bits: &Vec<bool>, _: &Context<'_>| Ok(Evaluation::new(f64::from(bits[0])));
    /// # let random = RandomSearch::new(BitsSpace { length: 8 }, 1);
    /// let three_completed = |history: &History<Vec<bool>>| {
    ///     history.len() - history.failed() >= 3
    /// };
    /// let result = Search::new(random, Serial::new(ones), Budget::unlimited())
    ///     .end_when(three_completed)
    ///     .run()?;
    /// assert_eq!(result.termination, Termination::Condition);
    /// # assert_eq!(result.history.len(), 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn end_when(mut self, condition: impl Fn(&History<G>) -> bool + Send + 'static) -> Self {
        self.settings.end_conditions.add(condition);
        self
    }

    /// How many failed trials in a row end the search with an error: 50 by default. Infeasible and stopped
    /// trials are not failures. A resumed search starts counting from 0.
    #[must_use]
    pub fn max_consecutive_failures(mut self, count: u64) -> Self {
        self.settings.max_consecutive_failures = count;
        self
    }

    /// Runs failed trials again. None by default.
    #[must_use]
    pub fn retry(mut self, retry: Retry) -> Self {
        self.settings.retry = retry;
        self
    }

    /// How long an attempt at a trial may take.
    ///
    /// An evaluator learns from [`Context::check_stop`](crate::evaluator::Context::check_stop) that its time
    /// is up. An attempt that ends after its deadline counts as timed out, whether with a score, an error or
    /// a panic. Only one that returns [`Interrupted`](crate::evaluator::EvaluationError::Interrupted)
    /// because the search is being stopped doesn't: a resume runs it again. An evaluator that neither checks
    /// nor returns can't be ended.
    #[must_use]
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.settings.timeout = Some(limit);
        self
    }

    /// Ends unpromising trials early, judged by what they report. A stopper that panics is left out from
    /// then on, with a [warning](super::Warning::StopperLeftOut).
    #[must_use]
    pub fn stopper(mut self, stopper: impl Stopper + 'static) -> Self {
        self.settings.stopper = Some(SharedStopper::new(stopper));
        self
    }

    /// Refuses genotypes, with a reason, before a trial is spent on them; another one is drawn instead. A
    /// genotype must satisfy every constraint.
    #[must_use]
    pub fn constraint(
        mut self,
        predicate: impl Fn(&G) -> Result<(), String> + Send + 'static,
    ) -> Self {
        self.settings.constraints.add(predicate);
        self
    }

    /// How many genotypes may be refused for one trial before the search ends with an error: 1000 by
    /// default.
    #[must_use]
    pub fn max_refused(mut self, draws: u64) -> Self {
        self.settings.constraints.draws = draws;
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

    /// What happens to a genotype whose key equals that of an earlier one. A key may be a canonical form
    /// that genotypes of the same meaning share. A key that panics ends the search
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
        self.settings.duplicates = match policy {
            Duplicates::Allow => None,
            _ => Some(Box::new(KeyDeduplicator::new(policy, key))),
        };
        self
    }

    /// The signal that ends this search from another thread or a Ctrl-C handler: after the running trials
    /// ([`StopSignal::finish`]) or now ([`StopSignal::stop`]).
    #[must_use]
    pub fn stop_signal(&self) -> StopSignal {
        self.settings.stop.clone()
    }

    /// Runs the search.
    ///
    /// # Errors
    /// [`SearchError`] if the budget is below the algorithm's minimum, the journal belongs to another
    /// search, too many trials in a row fail, too many genotypes are refused, the journal or an observer
    /// fails, or code that was given to the search panics. Trials that are running then end first, unless it is
    /// the journal that failed. Everything recorded is kept: a search can be resumed after an error too, and
    /// [`Search::run_to_the_end`] returns what it found.
    pub fn run(self) -> Result<SearchResult<G>, SearchError> {
        self.run_and_return().0
    }

    /// Runs the search, and gives the algorithm back, whether or not it fails: with its final population or
    /// policy.
    ///
    /// ```
    /// use evonas::prelude::*;
    ///
    /// let ones = |bits: &Vec<bool>, _: &Context<'_>| {
    ///     Ok(Evaluation::new(bits.iter().filter(|&&bit| bit).count() as f64))
    /// };
    /// let evolution = Evolution::builder(BitsSpace { length: 8 }, FlipOneBit).build()?;
    /// let search = Search::new(evolution, Serial::new(ones), Budget::trials(200));
    /// let (result, evolution) = search.run_and_return();
    /// println!("{:?} after {}", evolution.population().iter().last(), result?.termination);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`Search::run`].
    pub fn run_and_return(self) -> (Result<SearchResult<G>, SearchError>, A) {
        let ended = self.run_to_the_end();
        let result = match ended.error {
            None => Ok(ended.result),
            Some(error) => Err(error),
        };
        (result, ended.algorithm)
    }

    /// Runs the search, and returns what it found even if an error ends it.
    ///
    /// ```
    /// use evonas::prelude::*;
    ///
    /// let evaluator = |bits: &Vec<bool>, context: &Context<'_>| match context.trial().0 {
    ///     ..30 => Ok(Evaluation::new(bits.iter().filter(|&&bit| bit).count() as f64)),
    ///     _ => Err(EvaluationError::failed("the license of the simulator has expired")),
    /// };
    /// let random = RandomSearch::new(BitsSpace { length: 8 }, 1);
    /// let ended = Search::new(random, Serial::new(evaluator), Budget::trials(1000)).run_to_the_end();
    /// println!("{}", ended.error.expect("50 trials in a row fail"));
    /// assert!(ended.result.best().is_some());
    /// ```
    #[must_use]
    pub fn run_to_the_end(self) -> EndedSearch<G, A> {
        Engine::new(self.algorithm, self.executor, self.settings).run()
    }
}
