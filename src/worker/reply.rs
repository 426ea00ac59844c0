//! What a worker says to a search.

use serde::{Deserialize, Serialize};

use super::identity::RunIdentity;
use super::wire_result::WireResult;
use crate::trial::{Outcome, TrialId};

/// What a worker says to a search.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reply {
    /// The worker is ready.
    Hello(RunIdentity),
    /// It can't make its evaluator.
    Failed { reason: String },
    /// An evaluation begins.
    Started { trial: TrialId, attempt: u32 },
    /// An evaluation reported an intermediate result.
    Reported {
        trial: TrialId,
        attempt: u32,
        result: WireResult,
    },
    /// An evaluation waits for the stopper's verdict on a value.
    Judge {
        trial: TrialId,
        attempt: u32,
        step: u64,
        value: f64,
    },
    /// An evaluation has ended; without an outcome if it was interrupted.
    Ended {
        trial: TrialId,
        attempt: u32,
        outcome: Option<Outcome>,
    },
}

impl Reply {
    /// The attempt that the reply is about.
    pub(crate) const fn attempt(&self) -> Option<(TrialId, u32)> {
        match *self {
            Self::Hello(_) | Self::Failed { .. } => None,
            Self::Started { trial, attempt }
            | Self::Reported { trial, attempt, .. }
            | Self::Judge { trial, attempt, .. }
            | Self::Ended { trial, attempt, .. } => Some((trial, attempt)),
        }
    }
}
