//! How thoroughly a trial is evaluated.

use serde::{Deserialize, Serialize};

use super::Metrics;

/// How thoroughly a trial is evaluated, as named amounts, such as `epochs`. An evaluator says which names it
/// knows; for the others, and without any, it takes its own settings: the full evaluation.
///
/// Its JSON is an object of numbers.
///
/// ```
/// use evonas::prelude::*;
///
/// let quick = Fidelity::full().with("epochs", 2.0);
/// assert_eq!(quick.amount("epochs"), Some(2.0));
/// assert_eq!(quick.amount("images"), None);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fidelity(Metrics);

impl Fidelity {
    /// The full evaluation, by the evaluator's own settings.
    #[must_use]
    pub const fn full() -> Self {
        Self(Metrics::new())
    }

    /// Sets an amount.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, amount: f64) -> Self {
        self.0.insert(name, amount);
        self
    }

    /// The amount of this name, if it is set.
    #[must_use]
    pub fn amount(&self, name: &str) -> Option<f64> {
        self.0.get(name)
    }

    /// The amounts that are set, in the order of their names.
    pub fn amounts(&self) -> impl ExactSizeIterator<Item = (&str, f64)> {
        self.0.iter()
    }

    /// Whether no amount is set.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.0.is_empty()
    }
}
