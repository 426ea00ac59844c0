//! Several trials at a time, on threads of this process.

use std::fmt;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;

use super::{Executor, ExecutorEvent, Terms};
use crate::evaluator::{Context, Ended, Evaluator, StopSignal, run_trial};
use crate::panics::caught;
use crate::space::Genotype;
use crate::trial::{Outcome, Trial, TrialId};

/// An executor without workers can't run anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the number of workers is 0; it must be at least 1")]
pub struct NoWorkers;

/// Runs trials on `N` threads; a free thread takes the next trial at once.
///
/// A trial that a worker can't bring to an end, since something beside the evaluator panics, is
/// [`Outcome::Lost`].
///
/// When dropped, it interrupts what runs and waits for its threads.
pub struct Threads<G> {
    trials: Option<Sender<Job<G>>>,
    events: Receiver<ExecutorEvent>,
    in_flight: usize,
    stop: StopSignal,
    threads: Vec<JoinHandle<()>>,
}

impl<G> fmt::Debug for Threads<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Threads")
            .field("workers", &self.threads.len())
            .field("in_flight", &self.in_flight)
            .finish_non_exhaustive()
    }
}

impl<G: Genotype> Threads<G> {
    /// Starts `workers` threads around one evaluator.
    ///
    /// # Errors
    /// [`NoWorkers`] if `workers` is 0.
    pub fn new<E>(evaluator: E, workers: usize) -> Result<Self, NoWorkers>
    where
        E: Evaluator<G> + 'static,
    {
        Self::with_stop_signal(evaluator, workers, &StopSignal::new())
    }

    /// The same, interrupted by a signal of the caller's (which it never sets).
    ///
    /// # Errors
    /// [`NoWorkers`] if `workers` is 0.
    pub fn with_stop_signal<E>(
        evaluator: E,
        workers: usize,
        stop: &StopSignal,
    ) -> Result<Self, NoWorkers>
    where
        E: Evaluator<G> + 'static,
    {
        let evaluator: Arc<dyn Evaluator<G>> = Arc::new(evaluator);
        Self::start(vec![evaluator; workers], stop)
    }

    /// Starts one thread for each evaluator: where every worker has a device of its own, an
    /// evaluator for each device. The score must not depend on which one it is.
    ///
    /// # Errors
    /// [`NoWorkers`] if there is no evaluator.
    pub fn with_evaluators<E>(
        evaluators: impl IntoIterator<Item = E>,
        stop: &StopSignal,
    ) -> Result<Self, NoWorkers>
    where
        E: Evaluator<G> + 'static,
    {
        let evaluators = evaluators
            .into_iter()
            .map(|evaluator| Arc::new(evaluator) as Arc<dyn Evaluator<G>>)
            .collect();
        Self::start(evaluators, stop)
    }

    fn start(evaluators: Vec<Arc<dyn Evaluator<G>>>, stop: &StopSignal) -> Result<Self, NoWorkers> {
        if evaluators.is_empty() {
            return Err(NoWorkers);
        }
        let (trials, queue) = channel();
        let queue = Arc::new(Mutex::new(queue));
        let (sender, events) = channel();
        let stop = stop.child();
        let threads = evaluators
            .into_iter()
            .enumerate()
            .map(|(number, evaluator)| {
                let worker = Worker {
                    number,
                    queue: queue.clone(),
                    events: sender.clone(),
                    evaluator,
                    stop: stop.clone(),
                };
                std::thread::spawn(move || worker.run())
            })
            .collect();
        Ok(Self {
            trials: Some(trials),
            events,
            in_flight: 0,
            stop,
            threads,
        })
    }
}

type Job<G> = (Trial<G>, Terms);

struct Worker<G> {
    number: usize,
    queue: Arc<Mutex<Receiver<Job<G>>>>,
    events: Sender<ExecutorEvent>,
    evaluator: Arc<dyn Evaluator<G>>,
    stop: StopSignal,
}

impl<G: Genotype> Worker<G> {
    fn run(&self) {
        loop {
            let next = self
                .queue
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .recv();
            let Ok((trial, terms)) = next else { return };
            // What panics here is not the evaluator, but a genotype that can't be dropped, say. The
            // trial is reported all the same, and the worker takes the next one.
            let _ = caught(|| self.work(trial, &terms));
        }
    }

    fn work(&self, trial: Trial<G>, terms: &Terms) {
        let mut ending = Ending {
            events: &self.events,
            trial: trial.id,
            worker: self.number,
            start: Instant::now(),
            ended: None,
        };
        // A send fails only when the executor is gone; then nobody wants to know.
        let _ = self.events.send(ExecutorEvent::Started {
            trial: trial.id,
            worker: self.number,
        });
        let report = |step, value| {
            let _ = self.events.send(ExecutorEvent::Reported {
                trial: trial.id,
                step,
                value,
            });
        };
        let context = Context::new(trial.id, trial.seed, self.number, &self.stop, &report);
        let context = terms.apply(context);
        ending.ended = Some(run_trial(&trial, &*self.evaluator, &context));
    }
}

/// Reports the end of a trial when it is dropped, come what may: a trial whose worker got no further
/// is lost.
struct Ending<'a> {
    events: &'a Sender<ExecutorEvent>,
    trial: TrialId,
    worker: usize,
    start: Instant,
    ended: Option<Ended>,
}

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        let lost = || Ended::Outcome(Outcome::Lost);
        let _ = self.events.send(ExecutorEvent::Finished {
            trial: self.trial,
            worker: self.worker,
            duration: self.start.elapsed(),
            ended: self.ended.take().unwrap_or_else(lost),
        });
    }
}

impl<G: Genotype> Executor<G> for Threads<G> {
    fn workers(&self) -> usize {
        self.threads.len()
    }

    fn submit(&mut self, trial: Trial<G>, terms: Terms) {
        if let Some(trials) = &self.trials {
            trials
                .send((trial, terms))
                .expect("the worker threads hold the receiver while the executor lives");
            self.in_flight += 1;
        }
    }

    fn next(&mut self) -> Option<ExecutorEvent> {
        if self.in_flight == 0 {
            return None;
        }
        let event = self.events.recv().ok()?;
        if matches!(event, ExecutorEvent::Finished { .. }) {
            self.in_flight -= 1;
        }
        Some(event)
    }

    fn stop_signal(&self) -> StopSignal {
        self.stop.clone()
    }
}

impl<G> Drop for Threads<G> {
    fn drop(&mut self) {
        self.stop.stop();
        self.trials = None;
        for thread in self.threads.drain(..) {
            // A worker thread doesn't panic: it catches whatever does.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trial_whose_worker_got_no_further_is_lost() {
        let (sender, events) = channel();
        let ending = |ended| Ending {
            events: &sender,
            trial: TrialId(7),
            worker: 1,
            start: Instant::now(),
            ended,
        };
        let panicked = caught(|| {
            let _ending = ending(None);
            panic!("beside the evaluator");
        });
        assert!(panicked.is_err());
        drop(ending(Some(Ended::Interrupted)));
        drop(sender);
        let reported: Vec<_> = events
            .iter()
            .map(|event| match event {
                ExecutorEvent::Finished { trial, ended, .. } => (trial.0, ended),
                other => panic!("{other:?}"),
            })
            .collect();
        let lost = Ended::Outcome(Outcome::Lost);
        assert_eq!(reported, [(7, lost), (7, Ended::Interrupted)]);
    }
}
