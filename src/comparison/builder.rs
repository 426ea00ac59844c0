//! Running a comparison.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use super::benchmark::Benchmark;
use super::contender::Contender;
use super::error::ComparisonError;
use super::events::{RunEvent, RunObserver};
use super::parallel::in_parallel;
use super::record::{FinishedRuns, RecordedSettings, RunRecord};
use super::results::{Comparison, ContenderRuns};
use super::run::Run;
use super::setup::Setup;
use super::single_run::single_run;

impl Comparison {
    /// Runs every algorithm as often as the setup says.
    ///
    /// ```
    /// use evonas::comparison::{BitsBenchmark, Comparison, Contender, Setup};
    ///
    /// let benchmark = BitsBenchmark::default();
    /// let setup = Setup::new(&benchmark).runs(3);
    /// let comparison = Comparison::run(&benchmark, &[Contender::Aging], &setup)?;
    /// assert_eq!(comparison.entries()[0].runs.len(), 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`ComparisonError`] if there are no runs, too many to count, or no algorithms; if an algorithm
    /// can't be set up; if the budget is smaller than a run's first evaluation or would never be spent; if
    /// a test result isn't finite; or if a search fails. Of several failing runs, the first one's error.
    pub fn run<B: Benchmark>(
        benchmark: &B,
        contenders: &[Contender],
        setup: &Setup,
    ) -> Result<Self, ComparisonError> {
        Self::builder(benchmark)
            .contenders(contenders)
            .setup(setup.clone())
            .run()
    }

    /// Starts a comparison that can be recorded and observed. Without further settings it compares
    /// [`Contender::QUICK`] with [`Setup::new`].
    pub fn builder<B: Benchmark>(benchmark: &B) -> ComparisonBuilder<'_, B> {
        ComparisonBuilder {
            benchmark,
            contenders: Contender::QUICK.to_vec(),
            setup: Setup::new(benchmark),
            record: None,
            observers: Vec::new(),
        }
    }
}

/// A comparison that can be recorded and observed while it runs.
///
/// ```
/// use evonas::comparison::{BitsBenchmark, Comparison, Contender, RunEvent, RunRecord, Setup};
///
/// let benchmark = BitsBenchmark::default().length(30);
/// # let scratch = tempfile::tempdir()?;
/// # let folder = scratch.path();
/// let comparison = Comparison::builder(&benchmark)
///     .contenders(Contender::QUICK)
///     .setup(Setup::new(&benchmark).runs(4).population(20).sample(5))
///     .record(RunRecord::open_or_create(folder)?)
///     .observe(|event: &RunEvent<'_>| {
///         if let RunEvent::Finished { done, total, contender, .. } = event {
///             eprintln!("{done} of {total}: {contender}");
///         }
///     })
///     .run()?;
/// assert_eq!(comparison.entries().len(), 4);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub struct ComparisonBuilder<'a, B> {
    benchmark: &'a B,
    contenders: Vec<Contender>,
    setup: Setup,
    record: Option<RunRecord>,
    observers: Vec<Box<dyn RunObserver + 'a>>,
}

impl<B> fmt::Debug for ComparisonBuilder<'_, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ComparisonBuilder")
            .field("contenders", &self.contenders)
            .field("setup", &self.setup)
            .field("record", &self.record)
            .finish_non_exhaustive()
    }
}

impl<'a, B: Benchmark> ComparisonBuilder<'a, B> {
    /// The algorithms, in the order of the results.
    pub fn contenders(mut self, contenders: impl Into<Vec<Contender>>) -> Self {
        self.contenders = contenders.into();
        self
    }

    /// Runs, sizes, budget, workers and seed.
    pub fn setup(mut self, setup: Setup) -> Self {
        self.setup = setup;
        self
    }

    /// Records every run as it ends, and takes runs that are already recorded instead of repeating them.
    /// The results are the same as without a record, however often the comparison was interrupted.
    pub fn record(mut self, record: RunRecord) -> Self {
        self.record = Some(record);
        self
    }

    /// Adds an observer.
    pub fn observe(mut self, observer: impl RunObserver + 'a) -> Self {
        self.observers.push(Box::new(observer));
        self
    }

    /// Runs the comparison.
    ///
    /// # Errors
    /// As [`Comparison::run`], [`ComparisonError::Record`] if the record can't be read or written, and
    /// [`ComparisonError::OtherComparison`] if it belongs to another comparison.
    pub fn run(self) -> Result<Comparison, ComparisonError> {
        let Self {
            benchmark,
            contenders,
            setup,
            mut record,
            observers,
        } = self;
        setup.validate()?;
        if contenders.is_empty() {
            return Err(ComparisonError::NoContenders);
        }
        let total = contenders
            .len()
            .checked_mul(setup.runs)
            .ok_or(ComparisonError::TooManyRuns(setup.runs))?;
        let run_of = |task: usize| (contenders[task / setup.runs], (task % setup.runs) as u64);
        let recorded = match &mut record {
            Some(record) => record.begin(&RecordedSettings::new(benchmark, &setup))?,
            None => FinishedRuns::new(),
        };
        let done = match recorded.is_empty() {
            true => 0,
            false => (0..total)
                .filter(|&task| recorded.contains_key(&run_of(task)))
                .count(),
        };
        let mut finished = FinishedLog {
            record,
            observers,
            done,
            total,
        };
        finished.notify(&RunEvent::Began {
            total,
            recorded: done,
        });
        let finished = Mutex::new(finished);
        let runs = in_parallel(total, setup.workers, |task| {
            let (contender, number) = run_of(task);
            if let Some(run) = recorded.get(&(contender, number)) {
                return Ok(run.clone());
            }
            let run = single_run(benchmark, contender, &setup, number)?;
            finished
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .add(contender, number, &run)?;
            Ok::<_, ComparisonError>(run)
        })?;
        let mut runs = runs.into_iter();
        let entries = contenders.iter().map(|&contender| ContenderRuns {
            contender,
            runs: runs.by_ref().take(setup.runs).collect(),
        });
        let comparison = Comparison {
            dataset: benchmark.dataset(),
            entries: entries.collect(),
        };
        finished
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner)
            .notify(&RunEvent::Ended);
        Ok(comparison)
    }
}

/// Passes finished runs on to the record and the observers.
struct FinishedLog<'a> {
    record: Option<RunRecord>,
    observers: Vec<Box<dyn RunObserver + 'a>>,
    done: usize,
    total: usize,
}

impl FinishedLog<'_> {
    fn add(&mut self, contender: Contender, number: u64, run: &Run) -> Result<(), ComparisonError> {
        if let Some(record) = &mut self.record {
            record.add(contender, number, run)?;
        }
        self.done += 1;
        let (done, total) = (self.done, self.total);
        self.notify(&RunEvent::Finished {
            done,
            total,
            contender,
            number,
            run,
        });
        Ok(())
    }

    fn notify(&mut self, event: &RunEvent<'_>) {
        for observer in &mut self.observers {
            observer.observe(event);
        }
    }
}
