//! A worker thread.

use std::sync::mpsc::{Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::attempt::Attempt;
use crate::evaluator::{Context, Evaluator, StopSignal, TrialEnd, run_trial};
use crate::executor::{ExecutorEvent, Limits};
use crate::panics::contained;
use crate::space::Genotype;
use crate::trial::{Trial, TrialId};

pub(super) type Job<G> = (Trial<G>, Limits);

/// What a worker tells the executor.
#[derive(Debug)]
pub(super) enum Message {
    /// It has started a trial.
    Started {
        trial: TrialId,
        worker: usize,
        begins: Instant,
        /// The time limit after which the executor reports the trial as overdue.
        watched: Option<Duration>,
    },
    /// Anything else.
    Event(ExecutorEvent),
}

/// Runs one trial after another in a worker's thread: here, or elsewhere.
pub(in crate::executor) trait TrialRunner<G> {
    /// Gets ready for the next trial, or gives up if the executor is being stopped.
    ///
    /// # Errors
    /// Why the worker takes no more trials.
    fn prepare(&mut self, stop: &StopSignal) -> Result<(), String> {
        let _ = stop;
        Ok(())
    }

    /// Runs a trial; the attempt must be told when it starts.
    fn run(&mut self, trial: &Trial<G>, limits: &Limits, attempt: &Attempt<'_>) -> TrialEnd;
}

/// Evaluates in the worker's thread.
pub(super) struct LocalRunner<E>(pub(super) E);

impl<G, E: Evaluator<G>> TrialRunner<G> for LocalRunner<E> {
    fn run(&mut self, trial: &Trial<G>, limits: &Limits, attempt: &Attempt<'_>) -> TrialEnd {
        attempt.started(limits.timeout);
        let report = attempt.reporter();
        let context = Context::of(trial, attempt.worker(), attempt.stop(), &report);
        run_trial(trial, &self.0, &limits.apply(context))
    }
}

/// Takes trials from a queue that all workers share.
pub(in crate::executor) struct Worker<G> {
    pub(super) number: usize,
    pub(super) queue: Arc<Mutex<Receiver<Job<G>>>>,
    pub(super) messages: Sender<Message>,
    pub(super) stop: StopSignal,
}

impl<G: Genotype> Worker<G> {
    /// Runs trials until the executor is dropped. Never panics, even if dropping the evaluator does.
    pub(super) fn run(self, mut runner: impl TrialRunner<G>) {
        loop {
            if let Ok(Err(reason)) = contained(|| runner.prepare(&self.stop)) {
                let worker = self.number;
                let retired = ExecutorEvent::WorkerRetired { worker, reason };
                let _ = self.messages.send(Message::Event(retired));
                break;
            }
            let next = self
                .queue
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .recv();
            let Ok((trial, limits)) = next else { break };
            // Only something outside the evaluator can panic here, such as dropping the genotype. The
            // trial is reported all the same, and the worker takes the next one. The panic is printed where
            // it happens; that the trial is lost says only that there was one.
            let _ = contained(|| self.work(trial, &limits, &mut runner));
        }
        let _ = contained(|| drop(runner));
    }

    fn work(&self, trial: Trial<G>, limits: &Limits, runner: &mut impl TrialRunner<G>) {
        let mut attempt = Attempt::new(&self.messages, trial.id, self.number, &self.stop);
        let end = runner.run(&trial, limits, &attempt);
        attempt.end(end);
    }
}
