//! Several trials at the same time, on threads of this process.

mod attempt;
mod worker;

use std::error::Error;
use std::fmt;
use std::io;
use std::iter::repeat_n;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use super::overdue::OverdueWatch;
use super::{Executor, ExecutorError, ExecutorEvent, Limits};
use crate::evaluator::{Evaluator, StopSignal};
use crate::panics::caught;
use crate::space::Genotype;
use crate::trial::Trial;
use worker::{Job, LocalRunner, Message, Worker};

#[cfg(unix)]
pub(super) use attempt::Attempt;
pub(super) use worker::TrialRunner;

/// Runs trials on `N` threads; a free thread takes the next trial at once.
///
/// A trial whose worker panics outside the evaluator is [`Outcome::Lost`](crate::trial::Outcome::Lost). One
/// that doesn't end after its time limit is reported as [overdue](ExecutorEvent::Overdue).
///
/// When dropped, it interrupts running trials and waits for its threads.
pub struct Threads<G> {
    trials: Option<Sender<Job<G>>>,
    messages: Receiver<Message>,
    in_flight: usize,
    overdue: OverdueWatch,
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
        E: Evaluator<G> + Send + Sync + 'static,
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
        E: Evaluator<G> + Send + Sync + 'static,
    {
        let evaluator = Arc::new(evaluator);
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
        E: Evaluator<G> + Send + 'static,
    {
        Self::start(evaluators.into_iter(), stop, spawn)
    }

    /// Starts `workers` threads, each of which makes its own evaluator with `init`, given the worker's number
    /// from 0. The evaluator never leaves its thread, so it may hold what can't be shared or moved between
    /// threads: a handle of a GPU, a child process with its pipes. The score must not depend on which evaluator
    /// gives it.
    ///
    /// Returns when all evaluators are made.
    ///
    /// ```
    /// use std::cell::Cell;
    ///
    /// use evonas::prelude::*;
    ///
    /// # let random = RandomSearch::new(BitsSpace { length: 8 }, 1);
    /// let executor = Threads::with_init(2, |worker| {
    ///     let calls = Cell::new(0); // can't be shared
    ///     println!("worker {worker} is ready");
    ///     Ok::<_, std::io::Error>(move |bits: &Vec<bool>, _: &Context<'_>| {
    ///         calls.set(calls.get() + 1);
    ///         Ok(Evaluation::new(f64::from(bits[0])))
    ///     })
    /// })?;
    /// let result = Search::new(random, executor, Budget::trials(20)).run()?;
    /// # assert_eq!(result.history.len(), 20);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`ExecutorError`] if `workers` is 0, above [`Threads::MOST_WORKERS`], or more than the system can start,
    /// or if `init` fails or panics for a worker.
    pub fn with_init<E, R>(
        workers: usize,
        init: impl Fn(usize) -> Result<E, R> + Send + Sync + 'static,
    ) -> Result<Self, ExecutorError>
    where
        E: Evaluator<G> + 'static,
        R: Into<Box<dyn Error + Send + Sync>>,
    {
        Self::with_init_and_stop_signal(workers, &StopSignal::new(), init)
    }

    /// As [`Threads::with_init`], with a signal of the caller's that interrupts the threads too. They never set
    /// that signal.
    ///
    /// # Errors
    /// As [`Threads::with_init`].
    pub fn with_init_and_stop_signal<E, R>(
        workers: usize,
        stop: &StopSignal,
        init: impl Fn(usize) -> Result<E, R> + Send + Sync + 'static,
    ) -> Result<Self, ExecutorError>
    where
        E: Evaluator<G> + 'static,
        R: Into<Box<dyn Error + Send + Sync>>,
    {
        Self::with_runners(workers, stop, move |worker, _| {
            let source = match caught(|| init(worker)) {
                Ok(Ok(evaluator)) => return Ok(LocalRunner(evaluator)),
                Ok(Err(error)) => error.into(),
                Err(panic) => format!("panic: {panic}").into(),
            };
            Err(ExecutorError::NoEvaluator { worker, source })
        })
    }

    /// Starts `workers` threads, each of which makes its own runner of trials, given the worker's number and the
    /// executor's signal. Returns when all are made, or the error of the first worker that can't make its own.
    pub(super) fn with_runners<R: TrialRunner<G> + 'static>(
        workers: usize,
        stop: &StopSignal,
        init: impl Fn(usize, &StopSignal) -> Result<R, ExecutorError> + Send + Sync + 'static,
    ) -> Result<Self, ExecutorError> {
        let (sender, made) = channel();
        let start = (Arc::new(init), sender);
        let executor = Self::start(repeat_n(start, workers), stop, |worker, (init, made)| {
            thread::Builder::new().spawn(move || {
                let number = worker.number;
                // Nobody listens if another thread couldn't be started.
                let made_runner = caught(|| init(number, &worker.stop)).unwrap_or_else(|panic| {
                    Err(ExecutorError::NotReady {
                        worker: number,
                        reason: format!("panic: {panic}"),
                    })
                });
                let (runner, report) = match made_runner {
                    Ok(runner) => (Some(runner), Ok(())),
                    Err(error) => (None, Err((number, error))),
                };
                let _ = made.send(report);
                // The constructor waits until every thread has dropped its sender.
                drop(made);
                if let Some(runner) = runner {
                    worker.run(runner);
                }
            })
        })?;
        let failed = made.iter().filter_map(Result::err);
        match failed.min_by_key(|&(worker, _)| worker) {
            Some((_, error)) => Err(error),
            None => Ok(executor),
        }
    }

    /// Counts the workers before the first thread starts.
    fn start<T>(
        evaluators: impl Iterator<Item = T>,
        stop: &StopSignal,
        spawn: impl Fn(Worker<G>, T) -> io::Result<JoinHandle<()>>,
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
        let (sender, messages) = channel();
        // If an error drops it, it joins the threads that have started.
        let mut executor = Self {
            trials: Some(trials),
            messages,
            in_flight: 0,
            overdue: OverdueWatch::default(),
            stop: stop.child(),
            threads: Vec::new(),
        };
        for (number, evaluator) in evaluators.into_iter().enumerate() {
            let worker = Worker {
                number,
                queue: queue.clone(),
                messages: sender.clone(),
                stop: executor.stop.clone(),
            };
            let thread = spawn(worker, evaluator).map_err(|source| ExecutorError::NoThread {
                started: number,
                source,
            })?;
            executor.threads.push(thread);
        }
        Ok(executor)
    }

    /// Waits for a message; `None` if a trial is overdue before one comes.
    fn receive(&self) -> Result<Message, RecvTimeoutError> {
        match self.overdue.next() {
            None => Ok(self.messages.recv()?),
            Some(overdue) => {
                let wait = overdue.saturating_duration_since(Instant::now());
                self.messages.recv_timeout(wait)
            }
        }
    }
}

fn spawn<G: Genotype, E: Evaluator<G> + Send + 'static>(
    worker: Worker<G>,
    evaluator: E,
) -> io::Result<JoinHandle<()>> {
    thread::Builder::new().spawn(move || worker.run(LocalRunner(evaluator)))
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
        while self.in_flight > 0 {
            // First, so that a busy search reports it too.
            if let Some(event) = self.overdue.take(Instant::now()) {
                return Some(event);
            }
            match self.receive() {
                Ok(Message::Started {
                    trial,
                    worker,
                    begins,
                    watched,
                }) => {
                    self.overdue.began(trial, worker, begins, watched);
                    return Some(ExecutorEvent::Started { trial, worker });
                }
                Ok(Message::Event(event)) => {
                    if let ExecutorEvent::Finished { trial, .. } = event {
                        self.overdue.ended(trial);
                        self.in_flight -= 1;
                    }
                    return Some(event);
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return None,
            }
        }
        None
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
    use crate::evaluator::Context;

    #[test]
    fn more_workers_than_the_system_has_threads_for_are_an_error_and_no_thread_stays() {
        let evaluator = |_: &u8, _: &Context<'_>| Ok(0.0.into());
        let evaluator: Arc<dyn Evaluator<u8> + Send + Sync> = Arc::new(evaluator);
        let full = |worker: Worker<u8>, evaluator| match worker.number {
            3 => Err(io::ErrorKind::OutOfMemory.into()),
            _ => spawn(worker, evaluator),
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
        let never = |_: Worker<u8>, ()| -> io::Result<JoinHandle<()>> { panic!("a thread starts") };
        for workers in [Threads::<u8>::MOST_WORKERS + 1, usize::MAX] {
            let error = Threads::start(repeat_n((), workers), &StopSignal::new(), never);
            let error = error.unwrap_err();
            assert!(
                matches!(error, ExecutorError::TooManyWorkers { most: 4096 }),
                "{error}"
            );
        }
    }
}
