//! One trial after another, in the calling thread.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use super::{Executor, ExecutorEvent, Limits};
use crate::evaluator::{Context, Evaluator, StopSignal, run_trial};
use crate::trial::Trial;

/// Runs trials in the calling thread, one after another. What a trial reports is seen after it has ended, and
/// a trial that hangs is never reported as overdue ([`ExecutorEvent::Overdue`]): the thread that would report
/// it is running the trial. [`Threads`](super::Threads) reports it, even with one worker.
pub struct Serial<G, E> {
    evaluator: E,
    stop: StopSignal,
    waiting: VecDeque<(Trial<G>, Limits)>,
    events: VecDeque<ExecutorEvent>,
}

impl<G, E> fmt::Debug for Serial<G, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Serial")
            .field("waiting", &self.waiting.len())
            .finish_non_exhaustive()
    }
}

impl<G, E: Evaluator<G>> Serial<G, E> {
    /// An executor around an evaluator.
    #[must_use]
    pub fn new(evaluator: E) -> Self {
        Self::with_stop_signal(evaluator, &StopSignal::new())
    }

    /// An executor that the caller's signal interrupts too. It never sets that signal.
    #[must_use]
    pub fn with_stop_signal(evaluator: E, stop: &StopSignal) -> Self {
        Self {
            evaluator,
            stop: stop.child(),
            waiting: VecDeque::new(),
            events: VecDeque::new(),
        }
    }
}

impl<G, E: Evaluator<G>> Executor<G> for Serial<G, E> {
    fn workers(&self) -> usize {
        1
    }

    fn submit(&mut self, trial: Trial<G>, limits: Limits) {
        self.waiting.push_back((trial, limits));
    }

    fn next(&mut self) -> Option<ExecutorEvent> {
        if let Some(event) = self.events.pop_front() {
            return Some(event);
        }
        let (trial, limits) = self.waiting.pop_front()?;
        let start = Instant::now();
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
        let context = limits.apply(Context::of(&trial, 0, &self.stop, &report));
        let end = run_trial(&trial, &self.evaluator, &context);
        self.events.push_back(ExecutorEvent::Finished {
            trial: trial.id,
            worker: 0,
            duration: start.elapsed(),
            end,
        });
        Some(ExecutorEvent::Started {
            trial: trial.id,
            worker: 0,
        })
    }

    fn stop_signal(&self) -> StopSignal {
        self.stop.clone()
    }
}
