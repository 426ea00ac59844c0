//! One evaluation in a worker's process.

use std::time::{Duration, Instant};

use super::process::{Gone, WorkerProcess};
use crate::evaluator::{Deadline, StopSignal, TrialEnd};
use crate::executor::Limits;
use crate::executor::threads::Attempt;
use crate::stopper::{SharedStopper, Verdict};
use crate::trial::{Outcome, TrialId};
use crate::worker::{Order, Reply};

/// How an evaluation ended.
pub(super) enum EvaluationEnd {
    /// The worker is ready for the next.
    Ended(TrialEnd),
    /// It went on for too long, and its process must end.
    Overran(TrialEnd),
    /// The process is gone, or of no more use, before it said that it had begun.
    NeverBegan(Gone),
    /// The process is gone, or of no more use.
    Died(Gone),
}

/// An evaluation that a worker's process was asked for.
pub(super) struct RemoteEvaluation<'a> {
    trial: TrialId,
    number: u32,
    stopper: Option<&'a SharedStopper>,
    attempt: &'a Attempt<'a>,
    clock: EvaluationClock<'a>,
    begun: bool,
}

impl<'a> RemoteEvaluation<'a> {
    pub(super) fn new(
        trial: TrialId,
        limits: &'a Limits,
        attempt: &'a Attempt<'a>,
        grace: Duration,
    ) -> Self {
        Self {
            trial,
            number: limits.attempt,
            stopper: limits.stopper.as_ref(),
            attempt,
            clock: EvaluationClock {
                timeout: limits.timeout,
                grace,
                stop: attempt.stop(),
                ends: None,
                stopped: None,
            },
            begun: false,
        }
    }

    /// Sends the task, and hears the worker until the evaluation has ended.
    pub(super) fn run(mut self, process: &mut WorkerProcess, task: &[u8]) -> EvaluationEnd {
        if process.send_bytes(task).is_err() {
            return EvaluationEnd::NeverBegan(Gone::Closed);
        }
        // Unless the worker says that it begins, it has as long as an evaluation has.
        self.clock.begin();
        let report = self.attempt.reporter();
        loop {
            match process.receive() {
                Ok(Some(reply)) => {
                    if reply.attempt() != Some((self.trial, self.number)) {
                        let reason = "it is about another trial".to_owned();
                        return self.died(Gone::Confused(reason));
                    }
                    match reply {
                        Reply::Started { .. } if !self.begun => {
                            self.begun = true;
                            self.clock.begin();
                            self.attempt.started(None);
                        }
                        Reply::Reported { result, .. } => report(result.into()),
                        Reply::Judge { step, value, .. } => {
                            // If it can't be sent, the next wait finds out why.
                            let _ = process.send(&self.verdict(step, value));
                        }
                        Reply::Ended { outcome, .. } => {
                            return match outcome {
                                Some(outcome) => EvaluationEnd::Ended(TrialEnd::Outcome(outcome)),
                                None if self.attempt.stop().is_set() => {
                                    EvaluationEnd::Ended(TrialEnd::Interrupted)
                                }
                                None => {
                                    let reason = "it has no outcome, but nobody stopped it";
                                    self.died(Gone::Confused(reason.to_owned()))
                                }
                            };
                        }
                        Reply::Started { .. } | Reply::Hello(_) | Reply::Failed { .. } => {
                            let reason = "it comes at the wrong time".to_owned();
                            return self.died(Gone::Confused(reason));
                        }
                    }
                }
                Ok(None) => {}
                Err(gone) => return self.died(gone),
            }
            match self.clock.look() {
                Look::Continue => {}
                Look::Stop => {
                    let (trial, attempt) = (self.trial, self.number);
                    let _ = process.send(&Order::Stop { trial, attempt });
                }
                Look::Overran(end) => return EvaluationEnd::Overran(end),
            }
        }
    }

    fn verdict(&self, step: u64, value: f64) -> Order<()> {
        let verdict = self
            .stopper
            .map(|stopper| stopper.reported(self.trial, step, value));
        Order::Verdict {
            trial: self.trial,
            attempt: self.number,
            stop: verdict == Some(Verdict::Stop),
        }
    }

    fn died(self, gone: Gone) -> EvaluationEnd {
        match self.begun {
            true => EvaluationEnd::Died(gone),
            false => EvaluationEnd::NeverBegan(gone),
        }
    }
}

/// When an evaluation must end.
struct EvaluationClock<'a> {
    timeout: Option<Duration>,
    grace: Duration,
    stop: &'a StopSignal,
    /// When it ends with its process, by its time limit. Time in which the search is stopped doesn't count.
    ends: Option<Deadline>,
    /// When it ends with its process, because the search is being stopped and the worker was told.
    stopped: Option<Option<Instant>>,
}

enum Look {
    Continue,
    /// Tell the worker to stop.
    Stop,
    Overran(TrialEnd),
}

impl EvaluationClock<'_> {
    fn begin(&mut self) {
        let limit = self
            .timeout
            .map(|timeout| timeout.saturating_add(self.grace));
        self.ends = limit.map(|limit| Deadline::new(Instant::now(), limit));
    }

    fn look(&mut self) -> Look {
        let stopping = self.stop.is_set();
        if self.ends.is_none() && !stopping {
            return Look::Continue;
        }
        let now = Instant::now();
        let past = |moment: Option<Instant>| moment.is_some_and(|moment| moment <= now);
        if self.ends.is_some_and(|ends| ends.is_over(now)) {
            return Look::Overran(TrialEnd::Outcome(Outcome::TimedOut));
        }
        match self.stopped {
            None if stopping => {
                self.stopped = Some(now.checked_add(self.grace));
                Look::Stop
            }
            Some(ends) if past(ends) => Look::Overran(TrialEnd::Interrupted),
            _ => Look::Continue,
        }
    }
}
