//! The table as an evaluator.

use std::sync::Arc;

use super::dataset::{Dataset, Metric};
use super::table::NasBench201Table;
use crate::evaluator::{Context, EvaluationError, Evaluator};
use crate::spaces::nasbench201::NasBench201Cell;
use crate::trial::Evaluation;

/// Looks cells up in the table. [`NasBench201Table::evaluator`] builds one.
#[derive(Clone, Debug)]
pub struct NasBench201Evaluator {
    table: Arc<NasBench201Table>,
    dataset: Dataset,
    metric: Metric,
}

impl NasBench201Table {
    /// An evaluator whose fitness is an accuracy in percent. An evaluation costs the simulated seconds of
    /// [`NasBench201Table::seconds`].
    #[must_use]
    pub const fn evaluator(
        self: Arc<Self>,
        dataset: Dataset,
        metric: Metric,
    ) -> NasBench201Evaluator {
        NasBench201Evaluator {
            table: self,
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
