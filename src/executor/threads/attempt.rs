//! An attempt at a trial, as the executor hears of it.

use std::cell::Cell;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use super::worker::Message;
use crate::evaluator::{IntermediateResult, StopSignal, TrialEnd};
use crate::executor::ExecutorEvent;
use crate::trial::{Outcome, TrialId};

/// An attempt at a trial by a worker. When it is dropped, even by a panic, the executor learns how it ended; a trial
/// whose worker panicked is lost.
pub(in crate::executor) struct Attempt<'a> {
    messages: &'a Sender<Message>,
    trial: TrialId,
    worker: usize,
    stop: &'a StopSignal,
    /// When it was taken and, later, when it started.
    begins: Cell<Instant>,
    started: Cell<bool>,
    end: Option<TrialEnd>,
}

impl<'a> Attempt<'a> {
    pub(super) fn new(
        messages: &'a Sender<Message>,
        trial: TrialId,
        worker: usize,
        stop: &'a StopSignal,
    ) -> Self {
        Self {
            messages,
            trial,
            worker,
            stop,
            begins: Cell::new(Instant::now()),
            started: Cell::new(false),
            end: None,
        }
    }

    pub(in crate::executor) const fn worker(&self) -> usize {
        self.worker
    }

    /// The signal that interrupts it.
    pub(in crate::executor) const fn stop(&self) -> &'a StopSignal {
        self.stop
    }

    /// It starts now. With a limit to watch, the executor reports it as overdue some time after that.
    pub(in crate::executor) fn started(&self, watched: Option<Duration>) {
        let begins = Instant::now();
        self.begins.set(begins);
        self.started.set(true);
        // A send fails only when the executor is gone, and nobody listens.
        let _ = self.messages.send(Message::Started {
            trial: self.trial,
            worker: self.worker,
            begins,
            watched,
        });
    }

    /// Passes on what the evaluation reports.
    pub(in crate::executor) fn reporter(
        &self,
    ) -> impl Fn(IntermediateResult) + Send + Sync + use<'a> {
        let (messages, trial) = (self.messages, self.trial);
        move |result| {
            let reported = ExecutorEvent::Reported { trial, result };
            let _ = messages.send(Message::Event(reported));
        }
    }

    pub(super) fn end(&mut self, end: TrialEnd) {
        self.end = Some(end);
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        if !self.started.get() {
            self.started(None);
        }
        let lost = || TrialEnd::Outcome(Outcome::lost("its worker panicked outside the evaluator"));
        let finished = ExecutorEvent::Finished {
            trial: self.trial,
            worker: self.worker,
            duration: self.begins.get().elapsed(),
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
        let stop = StopSignal::new();
        let attempt = || Attempt::new(&sender, TrialId(7), 1, &stop);
        let panicked = caught(|| {
            let _lost = attempt();
            panic!("outside the evaluator");
        });
        assert!(panicked.is_err());
        let mut interrupted = attempt();
        interrupted.started(None);
        interrupted.end(TrialEnd::Interrupted);
        drop(interrupted);
        drop(sender);
        let reported: Vec<_> = messages
            .iter()
            .map(|message| match message {
                Message::Started { trial, worker, .. } => (trial.0, worker, None),
                Message::Event(ExecutorEvent::Finished {
                    trial, worker, end, ..
                }) => (trial.0, worker, Some(end)),
                other => panic!("{other:?}"),
            })
            .collect();
        let lost = Outcome::lost("its worker panicked outside the evaluator");
        let lost = TrialEnd::Outcome(lost);
        let expected = [None, Some(lost), None, Some(TrialEnd::Interrupted)];
        assert_eq!(reported, expected.map(|end| (7, 1, end)));
    }
}
