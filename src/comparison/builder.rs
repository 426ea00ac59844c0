//! Running a comparison.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use serde_json::Value;

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
    /// Starts a comparison on a benchmark, by default with [`Setup::new`]. Name its contenders.
    pub fn builder<B: Benchmark>(benchmark: &B) -> ComparisonBuilder<'_, B> {
        ComparisonBuilder {
            benchmark,
            contenders: Vec::new(),
            setup: Setup::new(benchmark),
            record: None,
            observers: Vec::new(),
        }
    }
}

/// The settings of a comparison, which can be recorded and observed while it runs.
///
/// ```
/// use evonas::comparison::contenders::{Aging, Random};
/// use evonas::comparison::{BitsBenchmark, Comparison, RunEvent, RunRecord, Setup};
///
/// let benchmark = BitsBenchmark::default().length(30);
/// # let scratch = tempfile::tempdir()?;
/// # let folder = scratch.path();
/// let comparison = Comparison::builder(&benchmark)
///     .contender(Aging::new().population(20).sample(5))
///     .contender(Random::new())
///     .setup(Setup::new(&benchmark).runs(4))
///     .record(RunRecord::open_or_create(folder)?)
///     .observe(|event: &RunEvent<'_>| {
///         if let RunEvent::Finished { done, total, contender, .. } = event {
///             eprintln!("{done} of {total}: {contender}");
///         }
///     })
///     .run()?;
/// assert_eq!(comparison.entries().len(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub struct ComparisonBuilder<'a, B: Benchmark> {
    benchmark: &'a B,
    contenders: Vec<Box<dyn Contender<B> + 'a>>,
    setup: Setup,
    record: Option<RunRecord>,
    observers: Vec<Box<dyn RunObserver + 'a>>,
}

impl<B: Benchmark> fmt::Debug for ComparisonBuilder<'_, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ComparisonBuilder")
            .field("contenders", &self.contenders)
            .field("setup", &self.setup)
            .field("record", &self.record)
            .finish_non_exhaustive()
    }
}

impl<'a, B: Benchmark> ComparisonBuilder<'a, B> {
    /// Adds an algorithm. The results are in the order in which the algorithms were added.
    pub fn contender(mut self, contender: impl Contender<B> + 'a) -> Self {
        self.contenders.push(Box::new(contender));
        self
    }

    /// Adds several algorithms, such as [`contenders::quick`](super::contenders::quick).
    pub fn contenders(
        mut self,
        contenders: impl IntoIterator<Item = impl Contender<B> + 'a>,
    ) -> Self {
        for contender in contenders {
            self = self.contender(contender);
        }
        self
    }

    /// Runs, budget, workers and seed.
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

    /// Runs every algorithm as often as the setup says.
    ///
    /// # Errors
    /// [`ComparisonError`] if there are no runs, too many to count, or no algorithms; if there are too many workers; if
    /// two algorithms have the same name; if an algorithm can't be set up; if the record can't be written or belongs
    /// to another comparison; if the budget is smaller than a run's first evaluation or would never be spent; if a test
    /// result isn't finite; or if a search fails. Of several failing runs, the first one's error.
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
        let settings = RecordedSettings::new(benchmark, &setup);
        let algorithms = described(&contenders, benchmark)?;
        let recorded = match &mut record {
            Some(record) => record.begin(&settings, &algorithms)?,
            None => FinishedRuns::default(),
        };
        let run_of = |task: usize| (&contenders[task / setup.runs], (task % setup.runs) as u64);
        let recorded_run = |task: usize| {
            let (contender, number) = run_of(task);
            recorded.get(contender.name())?.get(&number)
        };
        let takes_part = |number: &&u64| **number < setup.runs as u64;
        let done = contenders
            .iter()
            .filter_map(|contender| recorded.get(contender.name()))
            .map(|runs| runs.keys().filter(takes_part).count())
            .sum();
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
            if let Some(run) = recorded_run(task) {
                return Ok(run.clone());
            }
            let (contender, number) = run_of(task);
            let run = single_run(benchmark, contender, &setup, number)?;
            finished
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .add(contender.name(), number, &run)?;
            Ok::<_, ComparisonError>(run)
        })?;
        let mut runs = runs.into_iter();
        let entries = contenders.iter().map(|contender| ContenderRuns {
            contender: contender.name().to_owned(),
            runs: runs.by_ref().take(setup.runs).collect(),
        });
        let comparison = Comparison {
            dataset: benchmark.dataset(),
            entries: entries.collect(),
        };
        let finished = finished.into_inner();
        finished.unwrap_or_else(PoisonError::into_inner).end()?;
        Ok(comparison)
    }
}

/// The description of every algorithm by its name, in their order.
fn described<'c, B: Benchmark>(
    contenders: &'c [Box<dyn Contender<B> + '_>],
    benchmark: &B,
) -> Result<Vec<(&'c str, Value)>, ComparisonError> {
    let mut described: Vec<(&str, Value)> = Vec::with_capacity(contenders.len());
    for contender in contenders {
        let name = contender.name();
        if described.iter().any(|&(other, _)| other == name) {
            return Err(ComparisonError::SameName(name.to_owned()));
        }
        let settings = contender
            .describe(benchmark)
            .map_err(|source| ComparisonError::cant_set_up(name, source))?;
        described.push((name, settings));
    }
    Ok(described)
}

/// Passes finished runs on to the record and the observers.
struct FinishedLog<'a> {
    record: Option<RunRecord>,
    observers: Vec<Box<dyn RunObserver + 'a>>,
    done: usize,
    total: usize,
}

impl FinishedLog<'_> {
    fn add(&mut self, contender: &str, number: u64, run: &Run) -> Result<(), ComparisonError> {
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

    /// The record's end comes before that of the comparison, like everything that is recorded.
    fn end(&mut self) -> Result<(), ComparisonError> {
        if let Some(record) = &mut self.record {
            record.finish()?;
        }
        self.notify(&RunEvent::Ended);
        Ok(())
    }

    fn notify(&mut self, event: &RunEvent<'_>) {
        for observer in &mut self.observers {
            observer.observe(event);
        }
    }
}
