//! An outcome as the fields of a JSON object.

use serde::{Deserialize, Serialize};

use crate::trial::{Evaluation, Metrics, Outcome};

/// How a trial ended, as one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum OutcomeStatus {
    Completed,
    Infeasible,
    Failed,
    TimedOut,
    OutOfMemory,
    Lost,
    Stopped,
}

/// An outcome without its metrics. `R` is a reason, borrowed or owned.
pub(super) struct OutcomeFields<R> {
    pub(super) status: OutcomeStatus,
    pub(super) fitness: Option<f64>,
    pub(super) cost: Option<f64>,
    pub(super) reason: Option<R>,
    pub(super) step: Option<u64>,
    pub(super) value: Option<f64>,
}

impl<'a> From<&'a Outcome> for OutcomeFields<&'a str> {
    fn from(outcome: &'a Outcome) -> Self {
        let (status, reason) = match outcome {
            Outcome::Completed(_) => (OutcomeStatus::Completed, None),
            Outcome::Infeasible { reason } => (OutcomeStatus::Infeasible, Some(reason.as_str())),
            Outcome::Failed { reason } => (OutcomeStatus::Failed, Some(reason.as_str())),
            Outcome::TimedOut => (OutcomeStatus::TimedOut, None),
            Outcome::OutOfMemory { reason } => (OutcomeStatus::OutOfMemory, Some(reason.as_str())),
            Outcome::Lost { reason } => (
                OutcomeStatus::Lost,
                Some(reason.as_str()).filter(|reason| !reason.is_empty()),
            ),
            Outcome::Stopped { .. } => (OutcomeStatus::Stopped, None),
        };
        let (step, value) = match *outcome {
            Outcome::Stopped { step, value } => (Some(step), Some(value)),
            _ => (None, None),
        };
        Self {
            status,
            fitness: outcome.fitness(),
            cost: outcome.evaluation().and_then(|evaluation| evaluation.cost),
            reason,
            step,
            value,
        }
    }
}

impl OutcomeFields<String> {
    pub(super) fn outcome(self, metrics: Metrics) -> Result<Outcome, &'static str> {
        let reason = self.reason.unwrap_or_default();
        Ok(match self.status {
            OutcomeStatus::Completed => Outcome::Completed(Evaluation {
                fitness: self.fitness.ok_or("a completed trial needs a fitness")?,
                metrics,
                cost: self.cost,
            }),
            OutcomeStatus::Infeasible => Outcome::Infeasible { reason },
            OutcomeStatus::Failed => Outcome::Failed { reason },
            OutcomeStatus::TimedOut => Outcome::TimedOut,
            OutcomeStatus::OutOfMemory => Outcome::OutOfMemory { reason },
            OutcomeStatus::Lost => Outcome::Lost { reason },
            OutcomeStatus::Stopped => Outcome::Stopped {
                step: self.step.ok_or("a stopped trial needs its last step")?,
                value: self.value.ok_or("a stopped trial needs its last value")?,
            },
        })
    }
}
