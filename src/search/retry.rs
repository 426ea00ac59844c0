//! Which failed trials are run again.

use crate::trial::Outcome;

/// How many further attempts a trial gets, by how the last one ended. None by default.
///
/// Every attempt has the same seed: a retry helps against what comes from outside (a device that
/// others use, a worker that went away), not against an evaluator that fails the same way each time.
/// A trial that is infeasible or was stopped early is never run again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retry {
    failed: u32,
    timed_out: u32,
    out_of_memory: u32,
    lost: u32,
}

impl Retry {
    /// No further attempts.
    #[must_use]
    pub const fn none() -> Self {
        Self {
            failed: 0,
            timed_out: 0,
            out_of_memory: 0,
            lost: 0,
        }
    }

    /// Up to so many further attempts at trials that failed.
    #[must_use]
    pub const fn failed(mut self, attempts: u32) -> Self {
        self.failed = attempts;
        self
    }

    /// Up to so many further attempts at trials that timed out.
    #[must_use]
    pub const fn timed_out(mut self, attempts: u32) -> Self {
        self.timed_out = attempts;
        self
    }

    /// Up to so many further attempts at trials that ran out of memory.
    #[must_use]
    pub const fn out_of_memory(mut self, attempts: u32) -> Self {
        self.out_of_memory = attempts;
        self
    }

    /// Up to so many further attempts at trials whose worker went away.
    #[must_use]
    pub const fn lost(mut self, attempts: u32) -> Self {
        self.lost = attempts;
        self
    }

    /// Whether a trial gets another attempt after so many (at least 1) of which the last ended so.
    pub(super) const fn allows(&self, outcome: &Outcome, attempts: u32) -> bool {
        let further = match outcome {
            Outcome::Failed { .. } => self.failed,
            Outcome::TimedOut => self.timed_out,
            Outcome::OutOfMemory { .. } => self.out_of_memory,
            Outcome::Lost => self.lost,
            Outcome::Completed(_) | Outcome::Infeasible { .. } | Outcome::Stopped { .. } => 0,
        };
        attempts <= further
    }
}
