//! Running trials: in the calling thread, on several threads, or on a virtual clock.

mod error;
mod limits;
mod serial;
mod simulated;
mod threads;

pub use error::ExecutorError;
pub use limits::Limits;
pub use serial::Serial;
pub use simulated::Simulated;
pub use threads::Threads;

use std::time::Duration;

use crate::evaluator::{IntermediateResult, StopSignal, TrialEnd};
use crate::trial::{Trial, TrialId};

/// Runs the trials that the search loop submits.
pub trait Executor<G> {
    /// How many trials can run at the same time, at least 1. The loop keeps that many in flight.
    fn workers(&self) -> usize;

    /// Takes a trial to run within these limits, now or when a worker is free.
    fn submit(&mut self, trial: Trial<G>, limits: Limits);

    /// Waits for the next event; `None` if nothing is in flight.
    fn next(&mut self) -> Option<ExecutorEvent>;

    /// The signal that interrupts running trials.
    fn stop_signal(&self) -> StopSignal;

    /// The time since the search began on the executor's virtual clock; `None` if it runs in real time.
    fn clock(&self) -> Option<Duration> {
        None
    }

    /// Sets the virtual clock when a recorded search resumes. Without such a clock, it does nothing.
    fn set_clock(&mut self, now: Duration) {
        let _ = now;
    }
}

impl<G, X: Executor<G> + ?Sized> Executor<G> for Box<X> {
    fn workers(&self) -> usize {
        (**self).workers()
    }

    fn submit(&mut self, trial: Trial<G>, limits: Limits) {
        (**self).submit(trial, limits);
    }

    fn next(&mut self) -> Option<ExecutorEvent> {
        (**self).next()
    }

    fn stop_signal(&self) -> StopSignal {
        (**self).stop_signal()
    }

    fn clock(&self) -> Option<Duration> {
        (**self).clock()
    }

    fn set_clock(&mut self, now: Duration) {
        (**self).set_clock(now);
    }
}

/// What happens in an executor.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ExecutorEvent {
    /// A worker has started a trial.
    Started {
        /// The trial.
        trial: TrialId,
        /// The worker, from 0.
        worker: usize,
    },
    /// An evaluation reported an intermediate result.
    Reported {
        /// The trial.
        trial: TrialId,
        /// What it reported.
        result: IntermediateResult,
    },
    /// A trial is over.
    Finished {
        /// The trial.
        trial: TrialId,
        /// The worker, from 0.
        worker: usize,
        /// How long it took.
        duration: Duration,
        /// How it ended.
        end: TrialEnd,
    },
}
