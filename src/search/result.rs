//! What a search found.

use std::time::Duration;

use super::{History, SearchError, Termination, TrialRecord, Warning};
use crate::objective::{InvalidReference, Objective};

/// What a search found.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SearchResult<G> {
    /// Every finished trial, in the order of finishing.
    pub history: History<G>,
    /// How many evaluations of genotypes that had come up before the policy for
    /// [duplicates](super::Duplicates) saved: another genotype was drawn, or the earlier evaluation was reused.
    pub evaluations_saved: u64,
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

/// A search that has ended, with or without an error.
#[derive(Debug)]
#[non_exhaustive]
pub struct EndedSearch<G, A> {
    /// What it found, up to the error if there is one. Without any trial if the search couldn't begin.
    pub result: SearchResult<G>,
    /// The error that ended it. [`SearchResult::termination`] is then [`Termination::Failed`].
    pub error: Option<SearchError>,
    /// The algorithm, with its final population or policy.
    pub algorithm: A,
}

impl<G> SearchResult<G> {
    /// The best trial of the whole history, not only of the last population ([`History::best`]): the fittest,
    /// with objectives the fittest member of the Pareto front. Trials at a partial fidelity compete only while none has
    /// completed at full fidelity. `None` if no trial has a score.
    #[must_use]
    pub fn best(&self) -> Option<&TrialRecord<G>> {
        self.history.best()
    }

    /// The completed trials of the whole history that no other dominates in the search's objectives, in the
    /// order of finishing; of trials with equal figures, the first. If the fitness is the only objective,
    /// this is the best trial.
    #[must_use]
    pub fn pareto_front(&self) -> Vec<&TrialRecord<G>> {
        self.history.pareto_front()
    }

    /// How much of the objectives' space the Pareto front dominates, down to a reference point that gives the
    /// worst acceptable value of every objective, in its own direction ([`History::hypervolume`]).
    ///
    /// # Errors
    /// [`InvalidReference`] if the reference doesn't have one value for each objective.
    pub fn hypervolume(&self, reference: &[f64]) -> Result<f64, InvalidReference> {
        self.history.hypervolume(reference)
    }
}
