//! What an evaluation reports before it ends.

use crate::trial::Metrics;

/// What an evaluation reports before it ends: a value that a stopper may judge, and further figures that
/// only observers see.
///
/// # Example
///
/// ```
/// use evonas::evaluator::IntermediateResult;
///
/// let epoch = IntermediateResult::new(3, 0.71).with_metric("accuracy", 0.78);
/// assert_eq!(epoch.metrics.get("accuracy"), Some(0.78));
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct IntermediateResult {
    /// The step, such as an epoch.
    pub step: u64,
    /// The value that stoppers compare.
    pub value: f64,
    /// Further figures of this step.
    pub metrics: Metrics,
}

impl IntermediateResult {
    /// A value without further figures.
    #[must_use]
    pub const fn new(step: u64, value: f64) -> Self {
        Self {
            step,
            value,
            metrics: Metrics::new(),
        }
    }

    /// Adds a figure.
    #[must_use]
    pub fn with_metric(mut self, name: impl Into<String>, value: f64) -> Self {
        self.metrics.insert(name, value);
        self
    }
}
