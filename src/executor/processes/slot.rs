//! A worker: the thread that has a process.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use serde::Serialize;

use super::builder::ProcessSettings;
use super::evaluation::{EvaluationEnd, RemoteEvaluation};
use super::process::{Gone, ProcessEnd, WorkerProcess};
use super::start::{TICK, start};
use crate::evaluator::{StopSignal, TrialEnd};
use crate::executor::threads::{Attempt, TrialRunner};
use crate::executor::{ExecutorError, Limits};
use crate::space::Genotype;
use crate::trial::{Outcome, Trial};
use crate::worker::{MOST_BYTES, task_message};

/// How often in a row a worker may be without success, before it is retired.
const MOST_FAILURES: u32 = 3;

/// How long a worker waits before its process is started again, after each failure.
const PAUSE: Duration = Duration::from_millis(500);

/// The workers that aren't retired.
#[derive(Clone)]
pub(super) struct ActiveSlots(Arc<AtomicUsize>);

impl ActiveSlots {
    pub(super) fn new(workers: usize) -> Self {
        Self(Arc::new(AtomicUsize::new(workers)))
    }

    /// Retires a worker unless it is the last one.
    fn retire(&self) -> bool {
        let others = |active: usize| (active > 1).then(|| active - 1);
        self.0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, others)
            .is_ok()
    }
}

/// Runs trials in its process, which it replaces when it must.
pub(super) struct ProcessSlot {
    settings: Arc<ProcessSettings>,
    worker: usize,
    active: ActiveSlots,
    process: Option<WorkerProcess>,
    /// How often in a row its process couldn't be started, or lost its device, and the last reason.
    failures: u32,
    failure: String,
}

impl ProcessSlot {
    /// Starts the first process.
    pub(super) fn start(
        settings: Arc<ProcessSettings>,
        worker: usize,
        active: ActiveSlots,
        stop: &StopSignal,
    ) -> Result<Self, ExecutorError> {
        let process = start(&settings, worker, stop)?;
        Ok(Self {
            settings,
            worker,
            active,
            process: Some(process),
            failures: 0,
            failure: String::new(),
        })
    }

    fn failed(&mut self, reason: String) {
        self.failures += 1;
        self.failure = reason;
    }

    /// Starts a process if there is none.
    fn ensure_process(&mut self, stop: &StopSignal) -> bool {
        if self.process.is_none() {
            match start(&self.settings, self.worker, stop) {
                Ok(process) => self.process = Some(process),
                Err(error) => self.failed(error.to_string()),
            }
        }
        self.process.is_some()
    }

    /// Whether the process has evaluated enough, or has too much memory.
    fn is_due(&self) -> bool {
        let Some(process) = &self.process else {
            return false;
        };
        let trials = self.settings.renew_after;
        let bytes = self.settings.renew_above;
        trials.is_some_and(|trials| process.evaluated >= trials)
            || bytes.is_some_and(|most| process.resident_bytes().is_some_and(|bytes| bytes > most))
    }

    /// Ends a process that died or is of no more use, and says how.
    fn end(process: WorkerProcess, gone: Gone) -> ProcessEnd {
        match gone {
            Gone::Closed => process.end(),
            Gone::Confused(reason) => ProcessEnd {
                words: format!("its process sent what it shouldn't have: {reason}"),
                asked: false,
            },
        }
    }

    fn lost(&self) -> TrialEnd {
        TrialEnd::Outcome(Outcome::lost(self.failure.clone()))
    }
}

impl<G: Genotype + Serialize> TrialRunner<G> for ProcessSlot {
    /// Replaces the process if it is due, and starts one if there is none, before the worker takes a trial.
    fn prepare(&mut self, stop: &StopSignal) -> Result<(), String> {
        if self.is_due() {
            self.process = None;
        }
        while self.failures < MOST_FAILURES {
            if stop.is_set() || self.ensure_process(stop) {
                return Ok(());
            }
            pause(stop);
        }
        match self.active.retire() {
            true => {
                self.process = None;
                Err(self.failure.clone())
            }
            false => Ok(()),
        }
    }

    fn run(&mut self, trial: &Trial<G>, limits: &Limits, attempt: &Attempt<'_>) -> TrialEnd {
        let task = match task_message(trial, limits, MOST_BYTES, "a worker takes") {
            Ok(task) => task,
            Err(reason) => return TrialEnd::Outcome(Outcome::Failed { reason }),
        };
        // A process that dies before it begins, since it was killed while it waited, costs no attempt.
        for _ in 0..MOST_FAILURES {
            if !self.ensure_process(attempt.stop()) {
                return match attempt.stop().is_set() {
                    true => TrialEnd::Interrupted,
                    false => self.lost(),
                };
            }
            let Some(mut process) = self.process.take() else {
                break;
            };
            let evaluation = RemoteEvaluation::new(trial.id, limits, attempt, self.settings.grace);
            match evaluation.run(&mut process, &task) {
                EvaluationEnd::Ended(TrialEnd::Outcome(Outcome::Lost { reason })) => {
                    // Its device is lost, since the worker itself lives.
                    drop(process);
                    self.failed(reason);
                    return self.lost();
                }
                EvaluationEnd::Ended(end) => {
                    process.evaluated += 1;
                    self.process = Some(process);
                    self.failures = 0;
                    return end;
                }
                EvaluationEnd::Overran(end) => {
                    self.failures = 0;
                    drop(process);
                    return end;
                }
                EvaluationEnd::Died(gone) => {
                    self.failures = 0;
                    let end = Self::end(process, gone);
                    // Who asked it may be stopping the whole search, which then hears of it too.
                    if end.asked {
                        pause(attempt.stop());
                        if attempt.stop().is_set() {
                            return TrialEnd::Interrupted;
                        }
                    }
                    return TrialEnd::Outcome(Outcome::lost(end.words));
                }
                EvaluationEnd::NeverBegan(gone) => {
                    let end = Self::end(process, gone);
                    self.failed(format!("{} before it began", end.words));
                }
            }
        }
        self.lost()
    }
}

/// Waits before another start, unless the search is stopped.
fn pause(stop: &StopSignal) {
    let mut left = PAUSE;
    while !left.is_zero() && !stop.is_set() {
        thread::sleep(TICK);
        left = left.saturating_sub(TICK);
    }
}
