//! Evaluations that say what the network costs.

use crate::evaluator::{Context, EvaluationError, Evaluator};
use crate::network::CostModel;
use crate::space::Genotype;
use crate::trial::Evaluation;

/// The metric for algorithms with objectives.
pub(super) const MULTIPLY_ADDS: &str = "multiply_adds";

/// An evaluator that adds the network's multiply-adds to each evaluation, unless the evaluation says them itself.
pub(super) struct WithSize<G> {
    pub(super) evaluator: Box<dyn Evaluator<G>>,
    pub(super) model: Box<dyn CostModel<G>>,
}

impl<G: Genotype> Evaluator<G> for WithSize<G> {
    fn evaluate(&self, genotype: &G, context: &Context<'_>) -> Result<Evaluation, EvaluationError> {
        let evaluation = self.evaluator.evaluate(genotype, context)?;
        let cost = match evaluation.figure(MULTIPLY_ADDS) {
            Some(_) => None,
            None => self.model.cost(genotype),
        };
        Ok(match cost {
            Some(cost) => evaluation.with_metric(MULTIPLY_ADDS, cost.multiply_adds as f64),
            None => evaluation,
        })
    }
}
