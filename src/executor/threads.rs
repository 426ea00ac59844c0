//! Several trials at the same time, on threads of this process.

use std::fmt;
use std::io;
use std::iter::repeat_n;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use super::{Executor, ExecutorError, ExecutorEvent, Limits};
use crate::evaluator::{Context, Evaluator, StopSignal, TrialEnd, run_trial};
use crate::panics::caught;
use crate::space::Genotype;
use crate::trial::{Outcome, Trial, TrialId};

/// Runs trials on `N` threads; a free thread takes the next trial at once.
///
/// A trial whose worker panics outside the evaluator is [`Outcome::Lost`].
///
/// When dropped, it interrupts running trials and waits for its threads.
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

impl<G> Threads<G> {
    /// The most workers. A thread that starts while the system has no memory maps left aborts the process instead
    /// of failing, and Linux by default has enough for about 16,000 threads.
    pub const MOST_WORKERS: usize = 4096;
}

impl<G: Genotype> Threads<G> {
    /// Starts `workers` threads around one evaluator.
    ///
    /// # Errors
    /// [`ExecutorError`] if `workers` is 0, above [`Threads::MOST_WORKERS`], or more than the system can start.
    pub fn new<E>(evaluator: E, workers: usize) -> Result<Self, ExecutorError>
    where
        E: Evaluator<G> + 'static,
    {
        Self::with_stop_signal(evaluator, workers, &StopSignal::new())
    }

    /// Threads that the caller's signal interrupts too. They never set that signal.
    ///
    /// # Errors
    /// [`ExecutorError`] if `workers` is 0, above [`Threads::MOST_WORKERS`], or more than the system can start.
    pub fn with_stop_signal<E>(
        evaluator: E,
        workers: usize,
        stop: &StopSignal,
    ) -> Result<Self, ExecutorError>
    where
        E: Evaluator<G> + 'static,
    {
        let evaluator: Arc<dyn Evaluator<G>> = Arc::new(evaluator);
        Self::start(repeat_n(evaluator, workers), stop, spawn)
    }

    /// Starts one thread for each evaluator, for workers that each have their own device. The score must
    /// not depend on which evaluator gives it.
    ///
    /// # Errors
    /// [`ExecutorError`] if there is no evaluator, there are more than [`Threads::MOST_WORKERS`], or the system
    /// can't start that many threads.
    pub fn with_evaluators<E>(
        evaluators: impl IntoIterator<Item = E>,
        stop: &StopSignal,
    ) -> Result<Self, ExecutorError>
    where
        E: Evaluator<G> + 'static,
    {
        let evaluators = evaluators
            .into_iter()
            .map(|evaluator| Arc::new(evaluator) as Arc<dyn Evaluator<G>>);
        Self::start(evaluators, stop, spawn)
    }

    /// Counts the workers before the first thread starts.
    fn start(
        evaluators: impl Iterator<Item = Arc<dyn Evaluator<G>>>,
        stop: &StopSignal,
        spawn: impl Fn(Worker<G>) -> io::Result<JoinHandle<()>>,
    ) -> Result<Self, ExecutorError> {
        let most = Self::MOST_WORKERS;
        let evaluators: Vec<_> = evaluators.take(most + 1).collect();
        if evaluators.is_empty() {
            return Err(ExecutorError::NoWorkers);
        }
        if evaluators.len() > most {
            return Err(ExecutorError::TooManyWorkers { most });
        }
        let (trials, queue) = channel();
        let queue = Arc::new(Mutex::new(queue));
        let (sender, events) = channel();
        // If an error drops it, it joins the threads that have started.
        let mut executor = Self {
            trials: Some(trials),
            events,
            in_flight: 0,
            stop: stop.child(),
            threads: Vec::new(),
        };
        for (number, evaluator) in evaluators.into_iter().enumerate() {
            let worker = Worker {
                number,
                queue: queue.clone(),
                events: sender.clone(),
                evaluator,
                stop: executor.stop.clone(),
            };
            let thread = spawn(worker).map_err(|source| ExecutorError::NoThread {
                started: number,
                source,
            })?;
            executor.threads.push(thread);
        }
        Ok(executor)
    }
}

fn spawn<G: Genotype>(worker: Worker<G>) -> io::Result<JoinHandle<()>> {
    thread::Builder::new().spawn(move || worker.run())
}

type Job<G> = (Trial<G>, Limits);

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
            let Ok((trial, limits)) = next else { return };
            // Only something outside the evaluator can panic here, such as dropping the genotype. The
            // trial is reported all the same, and the worker takes the next one.
            let _ = caught(|| self.work(trial, &limits));
        }
    }

    fn work(&self, trial: Trial<G>, limits: &Limits) {
        let mut report_on_drop = ReportOnDrop {
            events: &self.events,
            trial: trial.id,
            worker: self.number,
            start: Instant::now(),
            end: None,
        };
        // A send fails only when the executor is gone, and nobody listens.
        let _ = self.events.send(ExecutorEvent::Started {
            trial: trial.id,
            worker: self.number,
        });
        let report = |result| {
            let _ = self.events.send(ExecutorEvent::Reported {
                trial: trial.id,
                result,
            });
        };
        let context = Context::new(trial.id, trial.seed, self.number, &self.stop, &report)
            .with_fidelity(&trial.fidelity);
        let context = limits.apply(context);
        report_on_drop.end = Some(run_trial(&trial, &*self.evaluator, &context));
    }
}

/// Reports the end of a trial when it is dropped, even by a panic: a trial whose worker panicked is lost.
struct ReportOnDrop<'a> {
    events: &'a Sender<ExecutorEvent>,
    trial: TrialId,
    worker: usize,
    start: Instant,
    end: Option<TrialEnd>,
}

impl Drop for ReportOnDrop<'_> {
    fn drop(&mut self) {
        let lost = || TrialEnd::Outcome(Outcome::Lost);
        let _ = self.events.send(ExecutorEvent::Finished {
            trial: self.trial,
            worker: self.worker,
            duration: self.start.elapsed(),
            end: self.end.take().unwrap_or_else(lost),
        });
    }
}

impl<G: Genotype> Executor<G> for Threads<G> {
    fn workers(&self) -> usize {
        self.threads.len()
    }

    fn submit(&mut self, trial: Trial<G>, limits: Limits) {
        if let Some(trials) = &self.trials {
            trials
                .send((trial, limits))
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
            // A worker thread doesn't panic: it catches every panic.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_workers_than_the_system_has_threads_for_are_an_error_and_no_thread_stays() {
        let evaluator = |_: &u8, _: &Context<'_>| Ok(0.0.into());
        let evaluator: Arc<dyn Evaluator<u8>> = Arc::new(evaluator);
        let full = |worker: Worker<u8>| match worker.number {
            3 => Err(io::ErrorKind::OutOfMemory.into()),
            _ => spawn(worker),
        };
        let evaluators = repeat_n(evaluator.clone(), 5);
        let error = Threads::start(evaluators, &StopSignal::new(), full).unwrap_err();
        assert!(
            matches!(error, ExecutorError::NoThread { started: 3, .. }),
            "{error}"
        );
        assert_eq!(Arc::strong_count(&evaluator), 1, "a thread has it still");
    }

    #[test]
    fn too_many_workers_are_refused_before_a_thread_starts() {
        let evaluator: Arc<dyn Evaluator<u8>> = Arc::new(|_: &u8, _: &Context<'_>| Ok(0.0.into()));
        let never = |_: Worker<u8>| -> io::Result<JoinHandle<()>> { panic!("a thread starts") };
        for workers in [Threads::<u8>::MOST_WORKERS + 1, usize::MAX] {
            let evaluators = repeat_n(evaluator.clone(), workers);
            let error = Threads::start(evaluators, &StopSignal::new(), never).unwrap_err();
            assert!(
                matches!(error, ExecutorError::TooManyWorkers { most: 4096 }),
                "{error}"
            );
        }
    }

    #[test]
    fn a_trial_whose_worker_panicked_is_lost() {
        let (sender, events) = channel();
        let report = |end| ReportOnDrop {
            events: &sender,
            trial: TrialId(7),
            worker: 1,
            start: Instant::now(),
            end,
        };
        let panicked = caught(|| {
            let _lost = report(None);
            panic!("outside the evaluator");
        });
        assert!(panicked.is_err());
        drop(report(Some(TrialEnd::Interrupted)));
        drop(sender);
        let reported: Vec<_> = events
            .iter()
            .map(|event| match event {
                ExecutorEvent::Finished { trial, end, .. } => (trial.0, end),
                other => panic!("{other:?}"),
            })
            .collect();
        let lost = TrialEnd::Outcome(Outcome::Lost);
        assert_eq!(reported, [(7, lost), (7, TrialEnd::Interrupted)]);
    }
}
