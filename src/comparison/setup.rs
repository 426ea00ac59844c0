//! The settings of a comparison.

use std::time::Duration;

use super::benchmark::Benchmark;
use super::error::ComparisonError;
use crate::executor::{ExecutorError, Threads};

/// How a comparison is run: how often, for how long and with which seed.
///
/// ```
/// use evonas::comparison::{BitsBenchmark, Setup};
///
/// let setup = Setup::new(&BitsBenchmark::default()).runs(20).seed(7);
/// assert_eq!((setup.runs, setup.seed), (20, 7));
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Setup {
    /// Independent runs of each algorithm.
    pub runs: usize,
    /// The simulated time of a run.
    pub budget: Duration,
    /// Threads that share the runs, at most [`Threads::MOST_WORKERS`]. The results don't depend on it.
    pub workers: usize,
    /// The root seed, from which every run of every algorithm gets its own.
    pub seed: u64,
}

impl Setup {
    /// The benchmark's usual runs and budget, on all cores, with seed 0.
    pub fn new(benchmark: &impl Benchmark) -> Self {
        Self {
            runs: benchmark.runs(),
            budget: benchmark.budget(),
            workers: std::thread::available_parallelism().map_or(1, usize::from),
            seed: 0,
        }
    }

    /// Sets the number of runs of each algorithm.
    #[must_use]
    pub const fn runs(mut self, runs: usize) -> Self {
        self.runs = runs;
        self
    }

    /// Sets the simulated time of a run.
    #[must_use]
    pub const fn budget(mut self, budget: Duration) -> Self {
        self.budget = budget;
        self
    }

    /// Sets the simulated time of a run in seconds, from a number that a user typed.
    ///
    /// # Errors
    /// [`ComparisonError::InvalidBudget`] if it is negative, not finite, or more than a [`Duration`]
    /// holds.
    pub fn budget_seconds(self, seconds: f64) -> Result<Self, ComparisonError> {
        match Duration::try_from_secs_f64(seconds) {
            Ok(budget) => Ok(self.budget(budget)),
            Err(_) => Err(ComparisonError::InvalidBudget { seconds }),
        }
    }

    /// Sets the number of threads that share the runs, at most [`Threads::MOST_WORKERS`].
    #[must_use]
    pub const fn workers(mut self, workers: usize) -> Self {
        self.workers = workers;
        self
    }

    /// Sets the root seed.
    #[must_use]
    pub const fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    pub(super) fn validate(&self) -> Result<(), ComparisonError> {
        if self.runs == 0 {
            return Err(ComparisonError::NoRuns);
        }
        if self.workers == 0 {
            return Err(ComparisonError::NoWorkers);
        }
        let most = Threads::<()>::MOST_WORKERS;
        if self.workers > most {
            return Err(ExecutorError::TooManyWorkers { most }.into());
        }
        if self.budget.is_zero() {
            return Err(ComparisonError::NoBudget);
        }
        Ok(())
    }
}
