//! What happens in a comparison, and its observers.

use super::run::Run;

/// What happens in a comparison.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum RunEvent<'a> {
    /// The comparison begins.
    Began {
        /// The number of runs, of all algorithms together.
        total: usize,
        /// How many of them are taken from the record.
        recorded: usize,
    },
    /// A run has ended, and is in the record if there is one.
    Finished {
        /// How many runs have ended, including those taken from the record.
        done: usize,
        /// The number of runs, of all algorithms together.
        total: usize,
        /// The name of the run's algorithm.
        contender: &'a str,
        /// The run's number among those of its algorithm, from 0.
        number: u64,
        /// The run's result.
        run: &'a Run,
    },
    /// All runs have ended.
    Ended,
}

/// Observes a comparison: sees one event at a time, from any thread. Every closure
/// `FnMut(&RunEvent<'_>)` that is `Send` is an observer.
///
/// ```
/// use evonas::comparison::contenders::Random;
/// use evonas::comparison::{BitsBenchmark, Comparison, RunEvent, Setup};
///
/// let benchmark = BitsBenchmark::default().length(10);
/// let mut done = 0;
/// Comparison::builder(&benchmark)
///     .contender(Random::new())
///     .setup(Setup::new(&benchmark).runs(3))
///     .observe(|event: &RunEvent<'_>| done += usize::from(matches!(event, RunEvent::Finished { .. })))
///     .run()?;
/// assert_eq!(done, 3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait RunObserver: Send {
    /// Sees one event.
    fn observe(&mut self, event: &RunEvent<'_>);
}

impl<F: FnMut(&RunEvent<'_>) + Send> RunObserver for F {
    fn observe(&mut self, event: &RunEvent<'_>) {
        self(event);
    }
}
