//! The table as an evaluator.

use std::sync::Arc;

use super::{Dataset, Metric, NasBench201Table};
use crate::evaluator::{Context, EvaluationError, Evaluator};
use crate::spaces::nasbench201::NasBench201Cell;
use crate::trial::Evaluation;

/// Looks a cell up: see [`NasBench201Table::evaluator`].
#[derive(Clone, Debug)]
pub struct NasBench201Evaluator {
    table: Arc<NasBench201Table>,
    dataset: Dataset,
    metric: Metric,
}

impl NasBench201Evaluator {
    pub(super) const fn new(
        table: Arc<NasBench201Table>,
        dataset: Dataset,
        metric: Metric,
    ) -> Self {
        Self {
            table,
            dataset,
            metric,
        }
    }
}

impl Evaluator<NasBench201Cell> for NasBench201Evaluator {
    fn evaluate(
        &self,
        cell: &NasBench201Cell,
        _: &Context<'_>,
    ) -> Result<Evaluation, EvaluationError> {
        let accuracy = self.table.accuracy(*cell, self.dataset, self.metric);
        let seconds = self.table.seconds(*cell, self.dataset, self.metric);
        Ok(Evaluation::new(accuracy).with_cost(seconds))
    }
}
