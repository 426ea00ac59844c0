//! A worker thread.

use std::sync::mpsc::{Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::evaluator::{Context, Evaluator, StopSignal, TrialEnd, run_trial};
use crate::executor::{ExecutorEvent, Limits};
use crate::panics::contained;
use crate::space::Genotype;
use crate::trial::{Outcome, Trial, TrialId};

pub(super) type Job<G> = (Trial<G>, Limits);

/// What a worker tells the executor.
#[derive(Debug)]
pub(super) enum Message {
    /// It has started a trial.
    Started {
        trial: TrialId,
        worker: usize,
        begins: Instant,
        limit: Option<Duration>,
    },
    /// Anything else.
    Event(ExecutorEvent),
}

/// Takes trials from a queue that all workers share.
pub(super) struct Worker<G> {
    pub(super) number: usize,
    pub(super) queue: Arc<Mutex<Receiver<Job<G>>>>,
    pub(super) messages: Sender<Message>,
    pub(super) stop: StopSignal,
}

impl<G: Genotype> Worker<G> {
    /// Runs trials until the executor is dropped. Never panics, even if dropping the evaluator does.
    pub(super) fn run(self, evaluator: impl Evaluator<G>) {
        loop {
            let next = self
                .queue
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .recv();
            let Ok((trial, limits)) = next else { break };
            // Only something outside the evaluator can panic here, such as dropping the genotype. The
            // trial is reported all the same, and the worker takes the next one. That the trial is lost
            // doesn't say why, so the panic is printed.
            let _ = contained(|| self.work(trial, &limits, &evaluator));
        }
        let _ = contained(|| drop(evaluator));
    }

    fn work(&self, trial: Trial<G>, limits: &Limits, evaluator: &dyn Evaluator<G>) {
        let begins = Instant::now();
        let mut report_on_drop = ReportOnDrop {
            messages: &self.messages,
            trial: trial.id,
            worker: self.number,
            begins,
            end: None,
        };
        // A send fails only when the executor is gone, and nobody listens.
        let _ = self.messages.send(Message::Started {
            trial: trial.id,
            worker: self.number,
            begins,
            limit: limits.timeout,
        });
        let report = |result| {
            let trial = trial.id;
            let reported = ExecutorEvent::Reported { trial, result };
            let _ = self.messages.send(Message::Event(reported));
        };
        let context = limits.apply(Context::of(&trial, self.number, &self.stop, &report));
        report_on_drop.end = Some(run_trial(&trial, evaluator, &context));
    }
}

/// Reports the end of a trial when it is dropped, even by a panic: a trial whose worker panicked is lost.
struct ReportOnDrop<'a> {
    messages: &'a Sender<Message>,
    trial: TrialId,
    worker: usize,
    begins: Instant,
    end: Option<TrialEnd>,
}

impl Drop for ReportOnDrop<'_> {
    fn drop(&mut self) {
        let lost = || TrialEnd::Outcome(Outcome::Lost);
        let finished = ExecutorEvent::Finished {
            trial: self.trial,
            worker: self.worker,
            duration: self.begins.elapsed(),
            end: self.end.take().unwrap_or_else(lost),
        };
        let _ = self.messages.send(Message::Event(finished));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;
    use crate::panics::caught;

    #[test]
    fn a_trial_whose_worker_panicked_is_lost() {
        let (sender, messages) = channel();
        let report = |end| ReportOnDrop {
            messages: &sender,
            trial: TrialId(7),
            worker: 1,
            begins: Instant::now(),
            end,
        };
        let panicked = caught(|| {
            let _lost = report(None);
            panic!("outside the evaluator");
        });
        assert!(panicked.is_err());
        drop(report(Some(TrialEnd::Interrupted)));
        drop(sender);
        let reported: Vec<_> = messages
            .iter()
            .map(|message| match message {
                Message::Event(ExecutorEvent::Finished { trial, end, .. }) => (trial.0, end),
                other => panic!("{other:?}"),
            })
            .collect();
        let lost = TrialEnd::Outcome(Outcome::Lost);
        assert_eq!(reported, [(7, lost), (7, TrialEnd::Interrupted)]);
    }
}
