//! Several trials at a time, on threads of this process.

use std::fmt;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;

use super::{Executor, ExecutorEvent, Terms};
use crate::evaluator::{Context, Evaluator, StopSignal, run_trial};
use crate::space::Genotype;
use crate::trial::Trial;

/// An executor without workers can't run anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the number of workers is 0; it must be at least 1")]
pub struct NoWorkers;

/// Runs trials on `N` threads; a free thread takes the next trial at once.
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
            let start = Instant::now();
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
            let ended = run_trial(&trial, &*self.evaluator, &context);
            let _ = self.events.send(ExecutorEvent::Finished {
                trial: trial.id,
                worker: self.number,
                duration: start.elapsed(),
                ended,
            });
        }
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
            // A worker thread doesn't panic: run_trial catches what evaluators do.
            let _ = thread.join();
        }
    }
}
