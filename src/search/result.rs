//! What a search found.

use std::time::Duration;

use super::{History, Termination, TrialRecord, Warning};
use crate::objective::{Objective, pareto_front};

/// What a search found.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SearchResult<G> {
    /// Every finished trial, in the order of finishing.
    pub history: History<G>,
    /// Why the search ended.
    pub termination: Termination,
    /// Real time, including the time before a resume up to the last line of the journal.
    pub duration: Duration,
    /// The time on the executor's virtual clock, if it has one.
    pub simulated: Option<Duration>,
    /// The algorithm's objectives; empty if it used only the fitness.
    pub objectives: Vec<Objective>,
    /// Problems that didn't end the search: with the journal that it resumed from, or with a stopper.
    pub warnings: Vec<Warning>,
}

impl<G> SearchResult<G> {
    /// The fittest trial of the whole history, not only of the last population; the first of several
    /// equally fit ones. `None` if no trial has a fitness.
    #[must_use]
    pub fn best(&self) -> Option<&TrialRecord<G>> {
        self.history.best()
    }

    /// The completed trials of the whole history that no other dominates in the search's objectives, in the
    /// order of finishing; of trials with equal figures, the first. If the fitness is the only objective,
    /// this is the best trial.
    #[must_use]
    pub fn pareto_front(&self) -> Vec<&TrialRecord<G>> {
        if self.objectives.is_empty() {
            return self.best().into_iter().collect();
        }
        pareto_front(self.history.records().iter().filter_map(|record| {
            let evaluation = record.outcome.evaluation()?;
            let figures = self
                .objectives
                .iter()
                .map(|objective| objective.value(evaluation))
                .collect::<Option<Vec<_>>>()?;
            Some((record, figures))
        }))
    }
}
