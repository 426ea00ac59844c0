//! A trial: one genotype to evaluate, and how it ended.

mod fidelity;
mod metrics;
mod recordable;

pub use fidelity::Fidelity;
pub use metrics::Metrics;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::excerpt::passage;

/// The number of a trial within its search, from 0 in the order of asking.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct TrialId(pub u64);

impl fmt::Display for TrialId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A genotype that an algorithm wants evaluated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Trial<G> {
    /// Its number.
    pub id: TrialId,
    /// The trial whose genotype was mutated; `None` for a random genotype, and for a child of an imported
    /// member.
    pub parent: Option<TrialId>,
    /// The second parent, if the genotype comes from a crossover.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mate: Option<TrialId>,
    /// The trial of the same genotype and seed, at a lower fidelity, that its evaluation may continue
    /// ([`Context::continues`](crate::evaluator::Context::continues)).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub continues: Option<TrialId>,
    /// The seed of all randomness in its evaluation.
    pub seed: u64,
    /// How thoroughly to evaluate it.
    #[serde(default, skip_serializing_if = "Fidelity::is_full")]
    pub fidelity: Fidelity,
    /// What to evaluate.
    pub genotype: G,
}

impl<G> Trial<G> {
    /// A trial without a parent, at full fidelity.
    pub const fn new(id: TrialId, seed: u64, genotype: G) -> Self {
        Self {
            id,
            parent: None,
            mate: None,
            continues: None,
            seed,
            fidelity: Fidelity::full(),
            genotype,
        }
    }
}

/// Names that a metric can't have, because a trial's record has fields of those names.
pub const RESERVED_METRICS: &[&str] = &[
    "id",
    "parent",
    "mate",
    "continues",
    "fidelity",
    "genotype",
    "seed",
    "worker",
    "attempts",
    "seconds",
    "reused",
    "status",
    "fitness",
    "cost",
    "reason",
    "step",
    "value",
    MEASURED_FITNESS,
    EVALUATIONS,
];

/// The metric that keeps what this evaluation measured, if the fitness is an average over repeated
/// evaluations.
pub const MEASURED_FITNESS: &str = "measured_fitness";

/// The metric that keeps how many evaluations an averaged fitness is the mean of.
pub const EVALUATIONS: &str = "evaluations";

/// The score of a genotype.
///
/// Its JSON is `{"fitness": 0.9, "metrics": {"parameters": 1234.0}, "cost": 1.5}`, without what it lacks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Evaluation {
    /// What the search maximizes, a finite number.
    pub fitness: f64,
    /// Further figures by name, such as `parameters`. An evaluation that uses a name of
    /// [`RESERVED_METRICS`] fails.
    #[serde(default, skip_serializing_if = "Metrics::is_empty")]
    pub metrics: Metrics,
    /// Its cost in seconds, which is how long it takes in the simulated executor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<f64>,
}

impl Evaluation {
    /// An evaluation with a fitness alone.
    #[must_use]
    pub const fn new(fitness: f64) -> Self {
        Self {
            fitness,
            metrics: Metrics::new(),
            cost: None,
        }
    }

    /// A figure by name: `fitness`, `cost` (if there is one) or a metric.
    #[must_use]
    pub fn figure(&self, name: &str) -> Option<f64> {
        match name {
            "fitness" => Some(self.fitness),
            "cost" => self.cost,
            _ => self.metrics.get(name),
        }
    }

    /// Sets the cost, in seconds.
    #[must_use]
    pub const fn with_cost(mut self, seconds: f64) -> Self {
        self.cost = Some(seconds);
        self
    }

    /// Adds a named figure.
    #[must_use]
    pub fn with_metric(mut self, name: impl Into<String>, value: f64) -> Self {
        self.metrics.insert(name, value);
        self
    }
}

impl From<f64> for Evaluation {
    fn from(fitness: f64) -> Self {
        Self::new(fitness)
    }
}

/// How a trial ended.
///
/// A completed trial joins the population, and so does one that was stopped early, below those that got
/// further, unless the search has objectives. All others are part of the history and count against the budget,
/// but are never parents.
///
/// Its JSON is an object whose `status` is the variant's name in snake case, next to its fields:
/// `{"status": "completed", "fitness": 0.9}`, `{"status": "stopped", "step": 3, "value": 0.4}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// It has a score.
    Completed(Evaluation),
    /// The genotype can't be evaluated because it violates a constraint.
    Infeasible {
        /// Which constraint.
        reason: String,
    },
    /// The evaluation failed: an error, a panic, a fitness that isn't finite.
    Failed {
        /// Why.
        reason: String,
    },
    /// The evaluation took too long.
    TimedOut,
    /// The device has too little memory for it.
    OutOfMemory {
        /// The device's message.
        reason: String,
    },
    /// Its worker was lost: the process died, or its device no longer works. That says nothing about the genotype.
    Lost {
        /// How the worker was lost; empty if that isn't known.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        reason: String,
    },
    /// The stopper ended it early because it wasn't promising.
    Stopped {
        /// The last step that it reported.
        step: u64,
        /// The value that it reported then.
        value: f64,
    },
}

impl Outcome {
    /// The evaluation, if there is one.
    #[must_use]
    pub const fn evaluation(&self) -> Option<&Evaluation> {
        match self {
            Self::Completed(evaluation) => Some(evaluation),
            _ => None,
        }
    }

    /// The fitness, if there is one.
    #[must_use]
    pub fn fitness(&self) -> Option<f64> {
        self.evaluation().map(|evaluation| evaluation.fitness)
    }

    /// A trial that was lost with its worker, and how.
    pub fn lost(reason: impl Into<String>) -> Self {
        Self::Lost {
            reason: reason.into(),
        }
    }

    /// The fitness, or the last value that it reported if it was stopped early.
    #[must_use]
    pub fn value(&self) -> Option<f64> {
        match *self {
            Self::Stopped { value, .. } => Some(value),
            _ => self.fitness(),
        }
    }

    /// Whether the trial failed: neither completed, infeasible nor stopped early.
    #[must_use]
    pub const fn is_failure(&self) -> bool {
        !matches!(
            self,
            Self::Completed(_) | Self::Infeasible { .. } | Self::Stopped { .. }
        )
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Completed(evaluation) => write!(f, "fitness {}", evaluation.fitness),
            Self::Infeasible { reason } => write!(f, "infeasible: {}", passage(reason)),
            Self::Failed { reason } => write!(f, "failed: {}", passage(reason)),
            Self::TimedOut => f.write_str("timed out"),
            Self::OutOfMemory { reason } => write!(f, "out of memory: {}", passage(reason)),
            Self::Lost { reason } if reason.is_empty() => f.write_str("lost with its worker"),
            Self::Lost { reason } => write!(f, "lost with its worker: {}", passage(reason)),
            Self::Stopped { step, value } => write!(f, "stopped at step {step} with {value}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_trial_has_a_reason_in_its_json_if_there_is_one() {
        for (outcome, json) in [
            (Outcome::lost(""), r#"{"status":"lost"}"#),
            (
                Outcome::lost("killed"),
                r#"{"status":"lost","reason":"killed"}"#,
            ),
        ] {
            assert_eq!(serde_json::to_string(&outcome).unwrap(), json);
            assert_eq!(serde_json::from_str::<Outcome>(json).unwrap(), outcome);
        }
    }
}
