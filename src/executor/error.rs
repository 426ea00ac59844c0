//! Why an executor can't be built.

use std::error::Error;
use std::io;

use crate::description::Difference;
use crate::excerpt::passage;

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
    /// The system can't start a worker's process. All others have ended.
    #[error("the process of worker {worker} can't be started: {source}")]
    NoProcess {
        /// The worker, from 0.
        worker: usize,
        /// The system's error.
        source: io::Error,
    },
    /// A worker's process was started, but didn't become a worker. All others have ended.
    #[error("worker {worker} isn't ready: {}", passage(reason))]
    NotReady {
        /// The worker, from 0.
        worker: usize,
        /// Why.
        reason: String,
    },
    /// A worker's process belongs to another search: the versions of evonas, the spaces or the descriptions of the
    /// evaluators differ. All others have ended.
    #[error("worker {worker} belongs to another search: {}", difference.between("in the search", "in the worker"))]
    OtherWorker {
        /// The worker, from 0.
        worker: usize,
        /// The first difference, with the search's side as the recorded one.
        difference: Difference,
    },
    /// This process is a worker itself, or was started by one, so it starts none.
    #[error(
        "this process is a worker itself ({variable} is set), so it starts no workers; call evonas::worker::main \
         before anything else in main"
    )]
    InsideWorker {
        /// The environment variable that says so.
        variable: &'static str,
    },
    /// A worker's evaluator can't be made. All threads and processes have ended.
    #[error("worker {worker} can't make its evaluator: {}", passage(&source.to_string()))]
    NoEvaluator {
        /// The worker, from 0: the first of those that failed.
        worker: usize,
        /// Why.
        source: Box<dyn Error + Send + Sync>,
    },
}
