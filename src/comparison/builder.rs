//! Running a comparison.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use super::parallel::in_parallel;
use super::record::{FinishedRuns, Settings};
use super::run::search;
use super::{Benchmark, Comparison, ComparisonError, Contender, Entry, Run, RunRecord, Setup};

/// What happens in a comparison.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum RunEvent<'a> {
    /// It begins.
    Began {
        /// How many runs there are, of all algorithms.
        total: usize,
        /// How many of them are taken from the record.
        recorded: usize,
    },
    /// A run has ended. If there is a record, it is there.
    Finished {
        /// How many have ended, those taken from the record included.
        done: usize,
        /// Of how many.
        total: usize,
        /// Its algorithm.
        contender: Contender,
        /// Its number among the runs of its algorithm, from 0.
        number: u64,
        /// What came of it.
        run: &'a Run,
    },
    /// All have ended.
    Ended,
}

/// Sees what happens in a comparison, one event after the other, from whichever thread. Every closure
/// `FnMut(&RunEvent)` that can be sent to another thread is one.
pub trait RunObserver: Send {
    /// Sees one event.
    fn observe(&mut self, event: &RunEvent<'_>);
}

impl<F: FnMut(&RunEvent<'_>) + Send> RunObserver for F {
    fn observe(&mut self, event: &RunEvent<'_>) {
        self(event);
    }
}

/// A comparison that is recorded or watched while it runs; [`Comparison::run`] is one that isn't.
///
/// ```
/// use evonas::comparison::{
///     BitsBenchmark, ComparisonBuilder, Contender, RunEvent, RunRecord, Setup,
/// };
///
/// let benchmark = BitsBenchmark { length: 30, noise: 0.05 };
/// let setup = Setup { runs: 4, population: 20, sample: 5, ..Setup::new(&benchmark) };
/// # let scratch = tempfile::tempdir()?;
/// # let folder = scratch.path();
/// let comparison = ComparisonBuilder::new(&benchmark, &Contender::QUICK, &setup)
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
pub struct ComparisonBuilder<'a, B> {
    benchmark: &'a B,
    contenders: &'a [Contender],
    setup: &'a Setup,
    log: Log<'a>,
}

impl<B> fmt::Debug for ComparisonBuilder<'_, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ComparisonBuilder")
            .field("contenders", &self.contenders)
            .field("setup", &self.setup)
            .field("record", &self.log.record)
            .finish_non_exhaustive()
    }
}

impl<'a, B: Benchmark> ComparisonBuilder<'a, B> {
    /// Every algorithm as often as the setup says.
    #[must_use]
    pub fn new(benchmark: &'a B, contenders: &'a [Contender], setup: &'a Setup) -> Self {
        Self {
            benchmark,
            contenders,
            setup,
            log: Log {
                record: None,
                observers: Vec::new(),
                done: 0,
                total: 0,
            },
        }
    }

    /// Records every run as it ends, and takes those that are recorded instead of running them again: the
    /// comparison is the same as without a record, however often it was interrupted.
    #[must_use]
    pub fn record(mut self, record: RunRecord) -> Self {
        self.log.record = Some(record);
        self
    }

    /// Adds someone who sees every event.
    #[must_use]
    pub fn observe(mut self, observer: impl RunObserver + 'a) -> Self {
        self.log.observers.push(Box::new(observer));
        self
    }

    /// Runs what is to be run.
    ///
    /// # Errors
    /// As [`Comparison::run`], and [`ComparisonError::Record`] if the record can't be written or is one of
    /// another comparison.
    pub fn run(self) -> Result<Comparison, ComparisonError> {
        let Self {
            benchmark,
            contenders,
            setup,
            mut log,
        } = self;
        setup.checked()?;
        if contenders.is_empty() {
            return Err(ComparisonError::NoContenders);
        }
        let total = contenders
            .len()
            .checked_mul(setup.runs)
            .ok_or(ComparisonError::TooManyRuns(setup.runs))?;
        let place = |task: usize| (contenders[task / setup.runs], (task % setup.runs) as u64);
        let finished = match &mut log.record {
            Some(record) => record.begin(&Settings::new(benchmark, setup))?,
            None => FinishedRuns::new(),
        };
        log.begin(total, |task| finished.contains_key(&place(task)));
        let log = Mutex::new(log);
        let runs = in_parallel(total, setup.workers, |task| {
            let (contender, number) = place(task);
            if let Some(run) = finished.get(&(contender, number)) {
                return Ok(run.clone());
            }
            let run = search(benchmark, contender, setup, number)?;
            log.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .finished(contender, number, &run)?;
            Ok::<_, ComparisonError>(run)
        })?;
        let mut runs = runs.into_iter();
        let entries = contenders.iter().map(|&contender| Entry {
            contender,
            runs: runs.by_ref().take(setup.runs).collect(),
        });
        let comparison = Comparison::new(benchmark.dataset(), entries.collect());
        log.into_inner()
            .unwrap_or_else(PoisonError::into_inner)
            .tell(&RunEvent::Ended);
        Ok(comparison)
    }
}

/// Who hears of finished runs.
struct Log<'a> {
    record: Option<RunRecord>,
    observers: Vec<Box<dyn RunObserver + 'a>>,
    done: usize,
    total: usize,
}

impl Log<'_> {
    fn begin(&mut self, total: usize, is_recorded: impl Fn(usize) -> bool) {
        self.total = total;
        if self.record.is_some() {
            self.done = (0..total).filter(|&task| is_recorded(task)).count();
        }
        let recorded = self.done;
        self.tell(&RunEvent::Began { total, recorded });
    }

    fn finished(
        &mut self,
        contender: Contender,
        number: u64,
        run: &Run,
    ) -> Result<(), ComparisonError> {
        if let Some(record) = &mut self.record {
            record.add(contender, number, run)?;
        }
        self.done += 1;
        let (done, total) = (self.done, self.total);
        self.tell(&RunEvent::Finished {
            done,
            total,
            contender,
            number,
            run,
        });
        Ok(())
    }

    fn tell(&mut self, event: &RunEvent<'_>) {
        for observer in &mut self.observers {
            observer.observe(event);
        }
    }
}
