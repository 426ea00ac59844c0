//! What an evaluation says before it ends.

use crate::trial::Metrics;

/// What an evaluation reports on its way: a value that a stopper may judge, and other figures that
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
    /// The step, an epoch say.
    pub step: u64,
    /// The value that counts: the one that stoppers compare.
    pub value: f64,
    /// Other figures of this step.
    pub metrics: Metrics,
}

impl IntermediateResult {
    /// A value without other figures.
    #[must_use]
    pub const fn new(step: u64, value: f64) -> Self {
        Self {
            step,
            value,
            metrics: Metrics::new(),
        }
    }

    /// The same with one more figure.
    #[must_use]
    pub fn with_metric(mut self, name: impl Into<String>, value: f64) -> Self {
        self.metrics.insert(name, value);
        self
    }
}
