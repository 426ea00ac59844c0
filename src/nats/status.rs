//! What a run is doing.

use serde::{Deserialize, Serialize};

use crate::trial::{Outcome, TrialId};

/// What a run is doing, as its coordinator said last.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RunStatus {
    /// Trials that have been asked for and that no worker has.
    pub queued: u64,
    /// The trials that workers have, the longest running first.
    pub running: Vec<RunningTrial>,
    /// Trials that ended with a score, those that a stopper ended included.
    pub done: u64,
    /// Trials that ended without a score, those that are infeasible included.
    pub failed: u64,
    /// Trials whose workers died.
    pub lost: u64,
    /// The best fitness.
    pub best: Option<f64>,
    /// Trials that ended within the last minute, or since the coordinator began, if that is shorter, a minute.
    pub trials_per_minute: f64,
    /// Seconds since the coordinator said so.
    #[serde(default)]
    pub age: f64,
    /// Whether a coordinator has the run.
    #[serde(default)]
    pub has_coordinator: bool,
    /// Whether the run has ended.
    #[serde(default)]
    pub ended: bool,
}

/// A trial that a worker has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RunningTrial {
    /// The trial.
    pub trial: TrialId,
    /// Which attempt it is, from 1.
    pub attempt: u32,
    /// The worker's name.
    pub worker: String,
    /// Seconds since it began.
    pub seconds: f64,
}

/// How trials ended.
#[derive(Clone, Debug, Default)]
pub(crate) struct RunCounts {
    pub(crate) done: u64,
    pub(crate) failed: u64,
    pub(crate) lost: u64,
    pub(crate) best: Option<f64>,
}

impl RunCounts {
    pub(crate) fn count(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Completed(evaluation) => {
                self.done += 1;
                let fitness = evaluation.fitness;
                self.best = Some(self.best.map_or(fitness, |best| best.max(fitness)));
            }
            Outcome::Stopped { .. } => self.done += 1,
            Outcome::Lost { .. } => self.lost += 1,
            _ => self.failed += 1,
        }
    }
}
