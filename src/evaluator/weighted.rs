//! A weighted sum of figures as the fitness.

use super::{Context, EvaluationError, Evaluator};
use crate::trial::Evaluation;

/// The metric that keeps the evaluator's own fitness where a [`WeightedSum`] replaced it.
pub const UNWEIGHTED_FITNESS: &str = "unweighted_fitness";

/// Replaces an evaluator's fitness by a weighted sum of its figures: fitness and metrics.
///
/// The evaluator's own fitness becomes the metric [`UNWEIGHTED_FITNESS`]; with a sum inside a sum, that of
/// the innermost evaluator.
///
/// ```
/// use evonas::evaluator::WeightedSum;
/// use evonas::prelude::*;
///
/// let accuracy = |size: &f64, _: &Context<'_>| {
///     Ok(Evaluation::new(0.9).with_metric("parameters", *size))
/// };
/// // A million parameters more cost as much as five points of accuracy.
/// let evaluator = WeightedSum::new(accuracy, [("fitness", 1.0), ("parameters", -5e-8)]);
/// # let (stop, report) = (StopSignal::new(), |_| {});
/// # let context = Context::new(TrialId(0), 0, 0, &stop, &report);
/// # let evaluation = evaluator.evaluate(&2e6, &context)?;
/// # assert!((evaluation.fitness - 0.8).abs() < 1e-12);
/// # assert_eq!(evaluation.figure("unweighted_fitness"), Some(0.9));
/// # Ok::<(), EvaluationError>(())
/// ```
#[derive(Clone, Debug)]
pub struct WeightedSum<E> {
    evaluator: E,
    weights: Vec<(String, f64)>,
}

impl<E> WeightedSum<E> {
    /// Weights by the names of metrics; `fitness` means the evaluator's fitness. Give metrics that should be
    /// small a negative weight.
    pub fn new<N: Into<String>>(evaluator: E, weights: impl IntoIterator<Item = (N, f64)>) -> Self {
        Self {
            evaluator,
            weights: weights
                .into_iter()
                .map(|(name, weight)| (name.into(), weight))
                .collect(),
        }
    }
}

impl<G, E: Evaluator<G>> Evaluator<G> for WeightedSum<E> {
    fn evaluate(&self, genotype: &G, context: &Context<'_>) -> Result<Evaluation, EvaluationError> {
        let mut evaluation = self.evaluator.evaluate(genotype, context)?;
        let mut sum = 0.0;
        for (name, weight) in &self.weights {
            let figure = evaluation.figure(name).ok_or_else(|| {
                EvaluationError::failed(format_args!("the weighted metric '{name}' is missing"))
            })?;
            sum += weight * figure;
        }
        if evaluation.metrics.get(UNWEIGHTED_FITNESS).is_none() {
            let measured = evaluation.fitness;
            evaluation.metrics.insert(UNWEIGHTED_FITNESS, measured);
        }
        evaluation.fitness = sum;
        Ok(evaluation)
    }
}
