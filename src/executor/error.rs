//! Why an executor can't be built.

use std::error::Error;
use std::io;

/// Why an executor can't be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExecutorError {
    /// Without workers nothing can run.
    #[error("the number of workers is 0; it must be at least 1")]
    NoWorkers,
    /// More workers than an executor starts: a system that runs out of memory maps while a thread starts ends
    /// the whole process.
    #[error("the number of workers is above {most}; use fewer")]
    TooManyWorkers {
        /// The largest number, [`Threads::MOST_WORKERS`](super::Threads::MOST_WORKERS).
        most: usize,
    },
    /// The system can't start another thread. Those already started have been joined.
    #[error(
        "the system can't start a thread for another worker after {started}: {source}; use fewer workers"
    )]
    NoThread {
        /// How many were started before.
        started: usize,
        /// The system's error.
        source: io::Error,
    },
    /// A worker's evaluator can't be made. All threads have been joined.
    #[error("worker {worker} can't make its evaluator: {source}")]
    NoEvaluator {
        /// The worker, from 0: the first of those that failed.
        worker: usize,
        /// Why.
        source: Box<dyn Error + Send + Sync>,
    },
}
