//! A stopper that is in the process of the search.

use std::fmt;
use std::sync::Arc;
use std::sync::mpsc::Receiver;

use super::reply::Reply;
use super::serve::send;
use super::transport::Transport;
use crate::stopper::{Stopper, Verdict};
use crate::trial::{Outcome, TrialId};

/// Asks the search for the verdict of its stopper, and waits for it. It serves one attempt.
pub(super) struct RemoteStopper<T> {
    pub(super) transport: Arc<T>,
    pub(super) attempt: u32,
    pub(super) verdicts: Receiver<Verdict>,
}

impl<T> fmt::Debug for RemoteStopper<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteStopper").finish_non_exhaustive()
    }
}

impl<T: Transport> Stopper for RemoteStopper<T> {
    fn reported(&mut self, trial: TrialId, step: u64, value: f64) -> Verdict {
        let judge = Reply::Judge {
            trial,
            attempt: self.attempt,
            step,
            value,
        };
        let sent = send(&*self.transport, &judge);
        // Without an answer the search is gone, and the evaluation is interrupted.
        sent.ok()
            .and_then(|()| self.verdicts.recv().ok())
            .unwrap_or(Verdict::Continue)
    }

    /// The search knows.
    fn ended(&mut self, _: TrialId, _: &Outcome) {}
}
