//! What proposals cost.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::evaluator::{Context, EvaluationError, Evaluator};
use crate::trial::Evaluation;

/// What the proposals of a run cost beside its evaluations, such as scores of untrained networks, in the simulated seconds
/// of the benchmark. The next evaluation's cost includes it. Clones share one sum.
///
/// ```
/// use evonas::comparison::Meter;
///
/// let meter = Meter::new();
/// meter.clone().charge(0.5);
/// assert_eq!(meter.pending(), 0.5);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Meter {
    /// The bits of a floating-point number. A run proposes in one thread.
    seconds: Arc<AtomicU64>,
}

impl Meter {
    /// A meter that shows nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a cost. What isn't a positive number adds nothing.
    pub fn charge(&self, seconds: f64) {
        if seconds > 0.0 && seconds.is_finite() {
            let sum = self.pending() + seconds;
            self.seconds.store(sum.to_bits(), Ordering::Relaxed);
        }
    }

    /// What no evaluation has paid for yet.
    #[must_use]
    pub fn pending(&self) -> f64 {
        f64::from_bits(self.seconds.load(Ordering::Relaxed))
    }

    fn take(&self) -> f64 {
        f64::from_bits(self.seconds.swap(0, Ordering::Relaxed))
    }
}

/// An evaluator whose evaluations pay for the proposals before them. One that fails leaves that to the next.
pub(super) struct Paying<E> {
    pub(super) evaluator: E,
    pub(super) meter: Meter,
}

impl<G, E: Evaluator<G>> Evaluator<G> for Paying<E> {
    fn evaluate(&self, genotype: &G, context: &Context<'_>) -> Result<Evaluation, EvaluationError> {
        let evaluation = self.evaluator.evaluate(genotype, context)?;
        Ok(match evaluation.cost {
            Some(cost) => evaluation.with_cost(cost + self.meter.take()),
            None => evaluation,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_isn_t_a_positive_number_adds_nothing() {
        let meter = Meter::new();
        for seconds in [1.5, f64::NAN, f64::INFINITY, -1.0, 0.0, 2.0] {
            meter.charge(seconds);
        }
        assert_eq!(meter.take(), 3.5);
        assert_eq!(meter.pending(), 0.0);
    }
}
