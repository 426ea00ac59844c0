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
/// let epoch = IntermediateResult::new(3, 0.71).of(10).with_metric("loss", 0.78);
/// assert_eq!(epoch.metrics.get("loss"), Some(0.78));
/// assert!(!epoch.is_last());
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct IntermediateResult {
    /// The step, such as an epoch, from 1.
    pub step: u64,
    /// The last step that the evaluation will have, if it is known.
    pub last_step: Option<u64>,
    /// The value that stoppers compare with those of other trials at the same step: higher is better.
    /// `None` if nothing was measured that they could compare.
    pub value: Option<f64>,
    /// Further figures of this step.
    pub metrics: Metrics,
}

impl IntermediateResult {
    /// A value without further figures.
    #[must_use]
    pub const fn new(step: u64, value: f64) -> Self {
        Self {
            step,
            last_step: None,
            value: Some(value),
            metrics: Metrics::new(),
        }
    }

    /// A step without a value to compare.
    #[must_use]
    pub const fn without_value(step: u64) -> Self {
        Self {
            step,
            last_step: None,
            value: None,
            metrics: Metrics::new(),
        }
    }

    /// Sets the last step that the evaluation will have.
    #[must_use]
    pub const fn of(mut self, last_step: u64) -> Self {
        self.last_step = Some(last_step);
        self
    }

    /// Adds a figure.
    #[must_use]
    pub fn with_metric(mut self, name: impl Into<String>, value: f64) -> Self {
        self.metrics.insert(name, value);
        self
    }

    /// Whether this is known to be the last step.
    #[must_use]
    pub fn is_last(&self) -> bool {
        self.last_step.is_some_and(|last| self.step >= last)
    }

    /// The value, if a stopper can compare it: it is a finite number.
    pub(crate) fn comparable(&self) -> Option<f64> {
        self.value.filter(|value| value.is_finite())
    }
}
