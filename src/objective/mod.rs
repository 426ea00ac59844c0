//! What is better: the figures of an evaluation that a search looks at, and in which direction.

mod order;

pub use order::{crowding_distances, dominates, lexicographic_best, pareto_front};

use serde::{Deserialize, Serialize};

use crate::trial::Evaluation;

/// Whether more or less of something is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// More is better.
    Maximize,
    /// Less is better.
    Minimize,
}

impl Direction {
    /// `value` or its negation, so that more is better.
    #[must_use]
    pub const fn oriented(self, value: f64) -> f64 {
        match self {
            Self::Maximize => value,
            Self::Minimize => -value,
        }
    }
}

/// A width of equality that is none.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("the tolerance of an objective is {0}; it must be at least 0")]
pub struct InvalidTolerance(f64);

/// Refuses a tolerance that is negative or not a number.
pub(crate) fn check_tolerance(width: f64) -> Result<(), InvalidTolerance> {
    match width >= 0.0 {
        true => Ok(()),
        false => Err(InvalidTolerance(width)),
    }
}

/// A figure of an evaluation and the direction in which it is better.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Objective {
    metric: String,
    direction: Direction,
    tolerance: f64,
}

impl Objective {
    /// The fitness: more is better.
    #[must_use]
    pub fn fitness() -> Self {
        Self::maximize("fitness")
    }

    /// A metric of which more is better. The name `fitness` stands for the fitness.
    pub fn maximize(metric: impl Into<String>) -> Self {
        Self::new(metric, Direction::Maximize)
    }

    /// A metric of which less is better: parameters, say.
    pub fn minimize(metric: impl Into<String>) -> Self {
        Self::new(metric, Direction::Minimize)
    }

    /// A metric with its direction.
    pub fn new(metric: impl Into<String>, direction: Direction) -> Self {
        Self {
            metric: metric.into(),
            direction,
            tolerance: 0.0,
        }
    }

    /// In lexicographic order, values that differ from the best by at most this much count as equal
    /// to it. It must be at least 0: no algorithm is built of another ([`InvalidTolerance`]).
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

    /// See [`Objective::tolerance`].
    #[must_use]
    pub const fn tolerance_width(&self) -> f64 {
        self.tolerance
    }

    /// Its value in an evaluation, turned so that more is better; none if the evaluation lacks it.
    #[must_use]
    pub fn value(&self, evaluation: &Evaluation) -> Option<f64> {
        evaluation
            .figure(&self.metric)
            .map(|value| self.direction.oriented(value))
    }
}
