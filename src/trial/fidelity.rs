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
/// assert!(quick.without("epochs").is_full());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "Metrics", into = "Metrics")]
pub struct Fidelity(
    // One word, since every trial has one and hardly any sets an amount.
    Option<Box<Metrics>>,
);

impl From<Metrics> for Fidelity {
    fn from(amounts: Metrics) -> Self {
        Self((!amounts.is_empty()).then(|| Box::new(amounts)))
    }
}

impl From<Fidelity> for Metrics {
    fn from(fidelity: Fidelity) -> Self {
        fidelity.0.map(|amounts| *amounts).unwrap_or_default()
    }
}

impl Fidelity {
    /// The epochs of a training, with a schedule of that length.
    pub const EPOCHS: &'static str = "epochs";
    /// The epoch after which a training pauses; its schedule is that of the whole training.
    pub const PAUSE_AFTER: &'static str = "pause_after";
    /// Above 0 if a network is to begin with its parent's weights.
    pub const INHERIT: &'static str = "inherit";

    /// The full evaluation, by the evaluator's own settings.
    #[must_use]
    pub const fn full() -> Self {
        Self(None)
    }

    /// Sets an amount.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, amount: f64) -> Self {
        self.0.get_or_insert_default().insert(name, amount);
        self
    }

    /// Leaves an amount to the evaluator's own settings.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        if let Some(amounts) = &mut self.0 {
            amounts.remove(name);
            if amounts.is_empty() {
                self.0 = None;
            }
        }
        self
    }

    /// The amount of this name, if it is set.
    #[must_use]
    pub fn amount(&self, name: &str) -> Option<f64> {
        self.0.as_ref()?.get(name)
    }

    /// The amounts that are set, in the order of their names.
    pub fn amounts(&self) -> impl Iterator<Item = (&str, f64)> {
        self.0.iter().flat_map(|amounts| amounts.iter())
    }

    /// Whether no amount is set.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.0.is_none()
    }
}
