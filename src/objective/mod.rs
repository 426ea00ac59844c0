//! Objectives: which figures of an evaluation a search optimizes, and in which direction.

mod dominance;
mod hypervolume;
mod lexicographic;

pub(crate) use dominance::ParetoFront;
pub use dominance::{crowding_distances, dominates, pareto_front, pareto_ranks};
pub(crate) use hypervolume::oriented_reference;
pub use hypervolume::{InvalidReference, hypervolume};
pub use lexicographic::{lexicographic_best, lexicographic_worst};

use serde::{Deserialize, Deserializer, Serialize};

use crate::SettingError;
use crate::trial::Evaluation;

/// Whether higher or lower values are better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Higher is better.
    Maximize,
    /// Lower is better.
    Minimize,
}

impl Direction {
    /// Returns `value` or its negation, so that higher is better.
    #[must_use]
    pub const fn oriented(self, value: f64) -> f64 {
        match self {
            Self::Maximize => value,
            Self::Minimize => -value,
        }
    }
}

/// Refuses a tolerance that is negative or not a number.
pub(crate) fn check_tolerance(width: f64) -> Result<(), SettingError> {
    match width >= 0.0 {
        true => Ok(()),
        false => Err(SettingError::Tolerance(width)),
    }
}

/// A figure of an evaluation, and whether higher or lower values of it are better.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Objective {
    metric: String,
    direction: Direction,
    /// JSON has no infinity; it becomes `null`.
    #[serde(deserialize_with = "finite_or_infinite")]
    tolerance: f64,
}

fn finite_or_infinite<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or(f64::INFINITY))
}

impl Objective {
    /// The fitness; higher is better.
    #[must_use]
    pub fn fitness() -> Self {
        Self::maximize("fitness")
    }

    /// A metric to maximize. The name `fitness` means the fitness.
    pub fn maximize(metric: impl Into<String>) -> Self {
        Self::new(metric, Direction::Maximize)
    }

    /// A metric to minimize, such as the number of parameters. The name `cost` means the cost in seconds.
    pub fn minimize(metric: impl Into<String>) -> Self {
        Self::new(metric, Direction::Minimize)
    }

    /// A metric to optimize in the given direction.
    pub fn new(metric: impl Into<String>, direction: Direction) -> Self {
        Self {
            metric: metric.into(),
            direction,
            tolerance: 0.0,
        }
    }

    /// In lexicographic order, values within `width` of the best count as equal to it; 0 by default. A
    /// negative width or NaN is refused when an algorithm is built ([`SettingError::Tolerance`]).
    #[must_use]
    pub const fn tolerance(mut self, width: f64) -> Self {
        self.tolerance = width;
        self
    }

    /// The metric's name.
    #[must_use]
    pub fn metric(&self) -> &str {
        &self.metric
    }

    /// Whether higher or lower values are better.
    #[must_use]
    pub const fn direction(&self) -> Direction {
        self.direction
    }

    /// The width set by [`Objective::tolerance`].
    #[must_use]
    pub const fn tolerance_width(&self) -> f64 {
        self.tolerance
    }

    /// Its value in an evaluation, oriented so that higher is better; `None` if the evaluation lacks
    /// the metric.
    #[must_use]
    pub fn value(&self, evaluation: &Evaluation) -> Option<f64> {
        evaluation
            .figure(&self.metric)
            .map(|value| self.direction.oriented(value))
    }
}
