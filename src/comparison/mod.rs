//! Controlled comparisons: several algorithms on one benchmark, many independent runs of each, and
//! whether their differences are more than chance.
//!
//! A [`Benchmark`] says what is searched, at what cost and how the result is judged; a [`Contender`]
//! is an algorithm with the settings that the comparison gives it. Every run is a search of its own
//! on one virtual worker, so its time is the benchmark's simulated time. The outcome doesn't depend
//! on how many threads share the runs.
//!
//! ```
//! use evonas::comparison::{BitsBenchmark, Comparison, Contender, Setup};
//!
//! let benchmark = BitsBenchmark { length: 30, noise: 0.05 };
//! let setup = Setup { runs: 20, population: 20, sample: 5, ..Setup::new(&benchmark) };
//! let comparison = Comparison::run(&benchmark, &[Contender::Aging, Contender::Random], &setup)?;
//! for summary in comparison.summaries() {
//!     println!("{}: {:.3} ± {:.3}", summary.algorithm, summary.test_mean, summary.test_std);
//! }
//! let pair = &comparison.pairs()[0];
//! assert!(pair.test.p < 0.01, "evolution is better by more than chance");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod aging_grid;
mod benchmark;
mod benchmark_name;
mod bits;
mod builder;
mod contender;
mod csv_files;
mod curve;
#[cfg(feature = "burn")]
mod digits;
mod error;
#[cfg(feature = "tabular")]
mod nasbench201;
mod parallel;
mod record;
mod run;
mod standstill;
pub mod statistics;
mod summary;

pub use aging_grid::{AgingGrid, GridPoint};
pub use benchmark::Benchmark;
pub use benchmark_name::{BenchmarkName, UnknownBenchmark};
pub use bits::BitsBenchmark;
pub use builder::{ComparisonBuilder, RunEvent, RunObserver};
pub use contender::{Contender, UnknownContender};
pub use curve::{Axis, Curve, CurvePoint};
#[cfg(feature = "burn")]
pub use digits::{DigitsBenchmark, DigitsError, DigitsSettings};
pub use error::ComparisonError;
#[cfg(feature = "tabular")]
pub use nasbench201::{NasBench201Benchmark, Protocol, UnknownProtocol};
pub use record::{RunRecord, RunRecordError};
pub use run::{Incumbent, Run};
pub use standstill::Standstill;
pub use summary::{Pair, Summary};

use std::time::Duration;

/// How a comparison is run.
#[derive(Clone, Debug, PartialEq)]
pub struct Setup {
    /// Independent runs of each algorithm.
    pub runs: usize,
    /// Evolution's population size `P`.
    pub population: usize,
    /// Evolution's tournament size `S`.
    pub sample: usize,
    /// The simulated time of a run.
    pub budget: Duration,
    /// Threads that share the runs. The outcome doesn't depend on it.
    pub workers: usize,
    /// The root seed: every run of every algorithm has a seed of its own below it.
    pub seed: u64,
}

impl Setup {
    /// The benchmark's customary runs and settings, on all cores, from seed 0.
    pub fn new(benchmark: &impl Benchmark) -> Self {
        let (population, sample) = benchmark.population_and_sample();
        Self {
            runs: benchmark.runs(),
            population,
            sample,
            budget: benchmark.budget(),
            workers: std::thread::available_parallelism().map_or(1, usize::from),
            seed: 0,
        }
    }

    /// Sets the simulated time of a run in seconds.
    ///
    /// # Errors
    /// [`ComparisonError::InvalidBudget`] if it is negative, not finite, or beyond what a
    /// [`Duration`] holds.
    pub fn set_budget_seconds(&mut self, seconds: f64) -> Result<(), ComparisonError> {
        self.budget = Duration::try_from_secs_f64(seconds)
            .map_err(|_| ComparisonError::InvalidBudget { seconds })?;
        Ok(())
    }

    fn checked(&self) -> Result<(), ComparisonError> {
        if self.runs == 0 {
            return Err(ComparisonError::NoRuns);
        }
        if self.workers == 0 {
            return Err(ComparisonError::NoWorkers);
        }
        if self.budget.is_zero() {
            return Err(ComparisonError::NoBudget);
        }
        Ok(())
    }
}

/// The runs of every algorithm on a benchmark.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    dataset: String,
    entries: Vec<Entry>,
}

/// An algorithm's runs, in the order of their numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The algorithm.
    pub contender: Contender,
    /// Its runs.
    pub runs: Vec<Run>,
}

impl Comparison {
    /// Runs every algorithm as often as the setup says. [`ComparisonBuilder`] can be recorded and watched.
    ///
    /// # Errors
    /// [`ComparisonError`] if there is no run, more than can be counted, or no algorithm, one can't be set up, the budget is
    /// smaller than the first evaluation of a run or would never be spent, a test is no finite number,
    /// or a search ends with an error: that of the first such run.
    pub fn run<B: Benchmark>(
        benchmark: &B,
        contenders: &[Contender],
        setup: &Setup,
    ) -> Result<Self, ComparisonError> {
        ComparisonBuilder::new(benchmark, contenders, setup).run()
    }

    const fn new(dataset: String, entries: Vec<Entry>) -> Self {
        Self { dataset, entries }
    }

    /// What was searched: the benchmark's data set.
    #[must_use]
    pub fn dataset(&self) -> &str {
        &self.dataset
    }

    /// The algorithms with their runs, in the order given.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The curve of each algorithm's best so far.
    #[must_use]
    pub fn curves(&self, axis: Axis) -> Vec<(Contender, Curve)> {
        self.entries
            .iter()
            .map(|entry| (entry.contender, Curve::of(&entry.runs, axis)))
            .collect()
    }
}
