//! Running trials: in the calling thread, on several threads, in several processes, or on a virtual clock.
//!
//! | executor | trials run | one seed gives one journal | evaluators |
//! |---|---|---|---|
//! | [`Serial`] | one after another, in the calling thread | yes | any |
//! | [`Threads`] | on several threads | no: the order depends on timing | shared (`Send + Sync`), or one a thread |
//! | [`Processes`] | in several processes of this machine, which may die | as `Threads` | one a process |
//! | `Nats` (feature `nats`) | on any number of machines, which may die | as `Threads` | one a worker |
//! | [`Simulated`] | on any number of workers of a virtual clock | yes | any |
//! | [`Ordered`] | as in the wrapped executor, but outcomes are told in the order of asking | yes | as wrapped |

mod error;
mod limits;
#[cfg(all(unix, feature = "nats"))]
mod nats;
mod ordered;
mod overdue;
#[cfg(unix)]
mod processes;
mod serial;
mod simulated;
mod threads;

pub use error::ExecutorError;
pub use limits::Limits;
#[cfg(all(unix, feature = "nats"))]
pub use nats::{Nats, NatsBuilder};
pub use ordered::Ordered;
#[cfg(unix)]
pub use processes::{Processes, ProcessesBuilder};
pub use serial::Serial;
pub use simulated::Simulated;
pub use threads::Threads;

use std::time::Duration;

use crate::evaluator::{IntermediateResult, StopSignal, TrialEnd};
use crate::trial::{Trial, TrialId};

/// Runs the trials that the search loop submits.
///
/// An executor that evaluates in the calling thread, when the loop waits:
///
/// ```
/// use std::collections::VecDeque;
/// use std::time::Duration;
///
/// use evonas::evaluator::TrialEnd;
/// use evonas::executor::{ExecutorEvent, Limits};
/// use evonas::prelude::*;
///
/// #[derive(Default)]
/// struct InTurn {
///     waiting: VecDeque<Trial<Vec<bool>>>,
///     stop: StopSignal,
/// }
///
/// impl Executor<Vec<bool>> for InTurn {
///     fn workers(&self) -> usize {
///         1
///     }
///
///     fn submit(&mut self, trial: Trial<Vec<bool>>, _: Limits) {
///         self.waiting.push_back(trial);
///     }
///
///     fn next(&mut self) -> Option<ExecutorEvent> {
///         let trial = self.waiting.pop_front()?;
///         let ones = trial.genotype.iter().filter(|&&bit| bit).count() as f64;
///         let end = match self.stop.is_set() {
///             true => TrialEnd::Interrupted,
///             false => TrialEnd::Outcome(Outcome::Completed(ones.into())),
///         };
///         Some(ExecutorEvent::Finished {
///             trial: trial.id,
///             worker: 0,
///             duration: Duration::ZERO,
///             end,
///         })
///     }
///
///     fn stop_signal(&self) -> StopSignal {
///         self.stop.clone()
///     }
/// }
///
/// let random = RandomSearch::new(BitsSpace { length: 4 }, 0);
/// let result = Search::new(random, InTurn::default(), Budget::trials(50)).run()?;
/// assert_eq!(result.history.len(), 50);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Executor<G> {
    /// How many trials can run at the same time, at least 1. The loop keeps that many in flight.
    fn workers(&self) -> usize;

    /// Takes a trial to run within these limits, now or when a worker is free.
    fn submit(&mut self, trial: Trial<G>, limits: Limits);

    /// Waits for the next event; `None` if nothing is in flight.
    fn next(&mut self) -> Option<ExecutorEvent>;

    /// The search has recorded how the last attempt at a trial ended; without a journal, it knows it. An executor that
    /// keeps results where they outlive this process may forget it now. By default nothing happens.
    fn recorded(&mut self, trial: TrialId) {
        let _ = trial;
    }

    /// The search has reached its end, and not by a request to stop or an error: nothing more will be asked for. By
    /// default nothing happens.
    fn ended(&mut self) {}

    /// The signal that interrupts running trials when it is [set](StopSignal::is_set).
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

    fn recorded(&mut self, trial: TrialId) {
        (**self).recorded(trial);
    }

    fn ended(&mut self) {
        (**self).ended();
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
    /// A trial has passed its time limit, by a second and by a tenth of the limit, and hasn't ended: its
    /// evaluator neither checks nor returns. Only an executor that runs in real time and has a thread to watch
    /// the others emits it, once for an attempt. A thread can't be ended safely, so the search waits.
    /// [`Processes`] ends the process instead.
    Overdue {
        /// The trial.
        trial: TrialId,
        /// The worker that runs it, from 0.
        worker: usize,
        /// Its time limit.
        limit: Duration,
        /// How long it has been running.
        running: Duration,
    },
    /// A worker takes no more trials, because it can't be started again or its device fails trial after trial. The
    /// other workers go on.
    WorkerRetired {
        /// The worker, from 0.
        worker: usize,
        /// Why.
        reason: String,
    },
    /// Something that keeps no trial from ending, and that a person should know: a server that is away, say.
    Warned {
        /// What it is, in a sentence.
        message: String,
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
