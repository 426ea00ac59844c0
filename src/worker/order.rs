//! What a search says to a worker.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::trial::TrialId;

/// What a search says to a worker. `T` is a task's trial, borrowed or owned.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Order<T> {
    /// The worker belongs to the search.
    Accepted,
    /// It doesn't.
    Refused {
        reason: String,
    },
    Task(TrialTask<T>),
    /// The answer to [`Reply::Judge`](super::Reply::Judge).
    Verdict {
        trial: TrialId,
        attempt: u32,
        stop: bool,
    },
    /// Interrupts an evaluation.
    Stop {
        trial: TrialId,
        attempt: u32,
    },
}

/// An attempt at a trial, to be made by a worker.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct TrialTask<T> {
    pub(crate) attempt: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) timeout: Option<Duration>,
    /// Whether a stopper judges what the evaluation reports.
    #[serde(default)]
    pub(crate) judged: bool,
    pub(crate) trial: T,
}
