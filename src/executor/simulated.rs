//! Any number of workers on a virtual clock, in the calling thread.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::{Executor, ExecutorError, ExecutorEvent, Limits};
use crate::evaluator::{Context, Evaluator, StopSignal, TrialEnd, run_trial};
use crate::trial::{Outcome, Trial, TrialId};

/// Runs trials on `N` virtual workers, in the calling thread: each trial takes as long as its evaluation
/// costs ([`Evaluation::cost`](crate::trial::Evaluation::cost)), on a clock that jumps from event to event.
/// The same search gives the same history on every machine.
///
/// A completed evaluation without a cost fails. A trial whose cost exceeds the time limit times out when
/// the limit is reached; a trial that ends in any other way without an evaluation takes no time.
/// Evaluations happen when trials are submitted, so a stopper sees the values of one trial after another.
///
/// A search that resumes after it was killed or [stopped](StopSignal) continues at the time of the
/// interruption, with the trials, outcomes and order of a search that was never interrupted: trials that run
/// when the signal is set are given up without advancing the clock, and run again from when they began. Two
/// things may differ: which virtual worker has which trial, since trials in flight are assigned again and
/// the journal doesn't say who had them; and, with a stopper, which trials are stopped, since a resume shows
/// it the recorded values in the order in which trials ended, then those in flight again, and not in the
/// order of submission.
///
/// Extending a search whose budget was spent, or that was asked to [finish](StopSignal::finish), is different:
/// its last trials ended while nothing more was asked for. With more than one worker, a larger budget then
/// doesn't give the history that it would have given from the start.
pub struct Simulated<G, E> {
    evaluator: E,
    stop: StopSignal,
    now: Duration,
    /// Workers that have had a trial and are free again.
    idle: BinaryHeap<Reverse<usize>>,
    /// How many workers have had a trial. The others exist only when they are needed.
    begun: usize,
    running: BinaryHeap<Reverse<VirtualTrial>>,
    waiting: VecDeque<(Trial<G>, Limits)>,
    events: VecDeque<ExecutorEvent>,
    workers: usize,
}

impl<G, E> fmt::Debug for Simulated<G, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulated")
            .field("workers", &self.workers)
            .field("now", &self.now)
            .field("running", &self.running.len())
            .finish_non_exhaustive()
    }
}

/// A trial that a virtual worker runs, ordered by when it ends.
#[derive(Debug)]
struct VirtualTrial {
    ends: Duration,
    trial: TrialId,
    begins: Duration,
    worker: usize,
    end: TrialEnd,
}

impl PartialEq for VirtualTrial {
    fn eq(&self, other: &Self) -> bool {
        (self.ends, self.trial) == (other.ends, other.trial)
    }
}

impl Eq for VirtualTrial {}

impl PartialOrd for VirtualTrial {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for VirtualTrial {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.ends, self.trial).cmp(&(other.ends, other.trial))
    }
}

impl<G, E: Evaluator<G>> Simulated<G, E> {
    /// Virtual workers around an evaluator.
    ///
    /// # Errors
    /// [`ExecutorError`] if `workers` is 0.
    pub fn new(evaluator: E, workers: usize) -> Result<Self, ExecutorError> {
        Self::with_stop_signal(evaluator, workers, &StopSignal::new())
    }

    /// Virtual workers that the caller's signal interrupts too. They never set that signal.
    ///
    /// # Errors
    /// [`ExecutorError`] if `workers` is 0.
    pub fn with_stop_signal(
        evaluator: E,
        workers: usize,
        stop: &StopSignal,
    ) -> Result<Self, ExecutorError> {
        if workers == 0 {
            return Err(ExecutorError::NoWorkers);
        }
        Ok(Self {
            evaluator,
            stop: stop.child(),
            now: Duration::ZERO,
            idle: BinaryHeap::new(),
            begun: 0,
            running: BinaryHeap::new(),
            waiting: VecDeque::new(),
            events: VecDeque::new(),
            workers,
        })
    }

    /// The free worker with the lowest number.
    fn free_worker(&mut self) -> Option<usize> {
        if let Some(Reverse(worker)) = self.idle.pop() {
            return Some(worker);
        }
        let worker = self.begun;
        (worker < self.workers).then(|| {
            self.begun += 1;
            worker
        })
    }

    fn begin(&mut self, trial: Trial<G>, limits: &Limits, begins: Duration, worker: usize) {
        self.events.push_back(ExecutorEvent::Started {
            trial: trial.id,
            worker,
        });
        let events = Mutex::new(&mut self.events);
        let report = |result| {
            events
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push_back(ExecutorEvent::Reported {
                    trial: trial.id,
                    result,
                });
        };
        let context = Context::of(&trial, worker, &self.stop, &report);
        let context = match &limits.stopper {
            Some(stopper) => context.with_stopper(stopper),
            None => context,
        };
        let end = run_trial(&trial, &self.evaluator, &context);
        let (duration, end) = on_the_virtual_clock(end, limits.timeout);
        self.running.push(Reverse(VirtualTrial {
            ends: begins.saturating_add(duration),
            trial: trial.id,
            begins,
            worker,
            end,
        }));
    }

    /// Interrupts a trial without advancing the clock. Its end is in the future and must not be
    /// reported: the record would have it before trials that an uninterrupted search starts and ends by then.
    fn give_up(&mut self) -> Option<ExecutorEvent> {
        let (trial, worker) = match self.running.pop() {
            Some(Reverse(running)) => {
                self.idle.push(Reverse(running.worker));
                (running.trial, running.worker)
            }
            None => (self.waiting.pop_front()?.0.id, 0),
        };
        Some(ExecutorEvent::Finished {
            trial,
            worker,
            duration: Duration::ZERO,
            end: TrialEnd::Interrupted,
        })
    }
}

/// How long a trial takes, and how it ends under its time limit.
fn on_the_virtual_clock(end: TrialEnd, timeout: Option<Duration>) -> (Duration, TrialEnd) {
    let TrialEnd::Outcome(Outcome::Completed(evaluation)) = &end else {
        return (Duration::ZERO, end);
    };
    let cost = evaluation
        .cost
        .and_then(|cost| Duration::try_from_secs_f64(cost).ok());
    match (cost, timeout) {
        (Some(cost), Some(timeout)) if cost > timeout => {
            (timeout, TrialEnd::Outcome(Outcome::TimedOut))
        }
        (Some(cost), _) => (cost, end),
        (None, _) => {
            let reason =
                "the evaluation has no cost in seconds, which the simulated executor needs";
            let reason = reason.to_owned();
            (
                Duration::ZERO,
                TrialEnd::Outcome(Outcome::Failed { reason }),
            )
        }
    }
}

impl<G, E: Evaluator<G>> Executor<G> for Simulated<G, E> {
    fn workers(&self) -> usize {
        self.workers
    }

    fn submit(&mut self, trial: Trial<G>, limits: Limits) {
        match self.free_worker() {
            Some(worker) => self.begin(trial, &limits, limits.begins, worker),
            None => self.waiting.push_back((trial, limits)),
        }
    }

    fn next(&mut self) -> Option<ExecutorEvent> {
        if let Some(event) = self.events.pop_front() {
            return Some(event);
        }
        if self.stop.is_set() {
            return self.give_up();
        }
        let Reverse(first) = self.running.pop()?;
        self.now = self.now.max(first.ends);
        match self.waiting.pop_front() {
            Some((trial, limits)) => self.begin(trial, &limits, self.now, first.worker),
            None => self.idle.push(Reverse(first.worker)),
        }
        Some(ExecutorEvent::Finished {
            trial: first.trial,
            worker: first.worker,
            duration: first.ends.saturating_sub(first.begins),
            end: first.end,
        })
    }

    fn stop_signal(&self) -> StopSignal {
        self.stop.clone()
    }

    fn clock(&self) -> Option<Duration> {
        Some(self.now)
    }

    fn set_clock(&mut self, now: Duration) {
        self.now = now;
    }
}
