//! What a search says to a worker.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::executor::Limits;
use crate::panics::caught;
use crate::space::Genotype;
use crate::trial::{Trial, TrialId};

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

/// The message that asks for an attempt at a trial, at most so many bytes; or why there is none, where `limit` says whose
/// limit it is.
pub(crate) fn task_message<G: Genotype + Serialize>(
    trial: &Trial<G>,
    limits: &Limits,
    most_bytes: usize,
    limit: &str,
) -> Result<Vec<u8>, String> {
    let order = Order::Task(TrialTask {
        attempt: limits.attempt,
        timeout: limits.timeout,
        judged: limits.stopper.is_some(),
        trial,
    });
    let message = match caught(|| serde_json::to_vec(&order)) {
        Ok(Ok(message)) => message,
        Ok(Err(error)) => return Err(format!("the genotype can't be written as JSON: {error}")),
        Err(panic) => {
            return Err(format!(
                "the genotype can't be written as JSON: panic: {panic}"
            ));
        }
    };
    match message.len() {
        bytes if bytes > most_bytes => Err(format!(
            "the trial has {bytes} bytes as JSON; {limit} at most {most_bytes}"
        )),
        _ => Ok(message),
    }
}
