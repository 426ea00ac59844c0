//! What coordinator and workers say to each other through the server.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::trial::{Outcome, TrialId};
use crate::worker::WireResult;

/// The header of a task with the checksum of the identity of its search.
pub(crate) const IDENTITY_HEADER: &str = "Evonas-Identity";

/// An attempt at a trial. The fingerprint of its seed, genotype and limits keeps what is left of another search with the
/// same run name apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct TaskId {
    pub(crate) trial: TrialId,
    pub(crate) attempt: u32,
    pub(crate) fingerprint: u64,
}

impl TaskId {
    /// The task whose message is this JSON.
    pub(crate) fn new(trial: TrialId, seed: u64, attempt: u32, json: &[u8]) -> Self {
        Self {
            trial,
            attempt,
            fingerprint: seed ^ u64::from(crc32fast::hash(json)),
        }
    }
}

/// As three tokens of a subject.
impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}.{}.{:016x}",
            self.trial, self.attempt, self.fingerprint
        )
    }
}

impl FromStr for TaskId {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut tokens = text.split('.');
        let mut next = || tokens.next().ok_or(());
        let id = Self {
            trial: TrialId(next()?.parse().map_err(drop)?),
            attempt: next()?.parse().map_err(drop)?,
            fingerprint: u64::from_str_radix(next()?, 16).map_err(drop)?,
        };
        // Only as it is written.
        (id.to_string() == text).then_some(id).ok_or(())
    }
}

impl Serialize for TaskId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TaskId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse()
            .map_err(|()| serde::de::Error::custom("it isn't a task"))
    }
}

/// A worker has received a task and asks whether to begin.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct StartedAttempt {
    pub(crate) task: TaskId,
    pub(crate) worker: String,
}

/// The coordinator's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StartAnswer {
    /// The worker evaluates.
    Begin,
    /// It drops the task: its result is known.
    Drop,
}

/// What all workers hear.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StopMessage {
    /// The run has ended.
    Ended,
}

/// An intermediate result.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ReportedResult {
    pub(crate) task: TaskId,
    /// Which of the evaluation's results it is, from 0.
    pub(crate) index: usize,
    pub(crate) result: WireResult,
}

/// A value that waits for the stopper's verdict.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ValueToJudge {
    pub(crate) task: TaskId,
    pub(crate) step: u64,
    pub(crate) value: f64,
}

/// The stopper's verdict.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct VerdictReply {
    pub(crate) stop: bool,
}

/// How an attempt ended.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct FinishedAttempt {
    pub(crate) worker: String,
    pub(crate) duration: Duration,
    pub(crate) outcome: Outcome,
    /// All that the evaluation reported, since a message on its own may be lost.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) reports: Vec<WireResult>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_is_three_tokens_and_reads_back() {
        let task = TaskId::new(TrialId(7), 42, 2, b"{}");
        let text = task.to_string();
        assert_eq!(text.split('.').count(), 3);
        assert_eq!(text.parse(), Ok(task));
        for other in [
            "7.2",
            "7.2.zz",
            "7.2.0",
            "07.2.0000000000000000",
            "a.b.c",
            "",
        ] {
            assert!(other.parse::<TaskId>().is_err(), "{other}");
        }
        assert!(format!("{text}.1").parse::<TaskId>().is_err());
        assert_ne!(task, TaskId::new(TrialId(7), 43, 2, b"{}"));
        assert_ne!(task, TaskId::new(TrialId(7), 42, 2, b"{} "));
    }
}
