//! The finished trials of a search.

use crate::trial::{Fidelity, Outcome, TrialId};

/// A finished trial and how it ended.
///
/// Its JSON is one flat object: `{"id": 3, "parent": 1, "genotype": …, "seed": …, "worker": 0,
/// "attempts": 1, "seconds": 1.5, "status": "completed", "fitness": 0.9, "parameters": 1234}`, with every
/// metric of the evaluation next to the fitness. A trial without a score has the fitness `null` and, if there
/// is one, a `reason`.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct TrialRecord<G> {
    /// Its number.
    pub id: TrialId,
    /// The trial whose genotype was mutated; `None` for a random genotype.
    pub parent: Option<TrialId>,
    /// What was evaluated.
    pub genotype: G,
    /// The seed of all randomness in its evaluation.
    pub seed: u64,
    /// How thoroughly it was evaluated.
    pub fidelity: Fidelity,
    /// The worker that ran it, from 0.
    pub worker: usize,
    /// How many times it was run; 0 if its evaluation was reused from another trial.
    pub attempts: u32,
    /// How long the last attempt took, in seconds.
    pub seconds: f64,
    /// The trial of the same genotype whose evaluation it reused, if duplicates are reused.
    pub reused: Option<TrialId>,
    /// How it ended.
    pub outcome: Outcome,
}

impl<G> TrialRecord<G> {
    /// The fitness, if it has one.
    #[must_use]
    pub fn fitness(&self) -> Option<f64> {
        self.outcome.fitness()
    }

    /// A metric of its evaluation, if it has one of this name.
    #[must_use]
    pub fn metric(&self, name: &str) -> Option<f64> {
        self.outcome.evaluation()?.metrics.get(name)
    }
}

/// The finished trials of a search, in the order of finishing, and the best of them.
#[derive(Clone, Debug)]
pub struct History<G> {
    records: Vec<TrialRecord<G>>,
    best: Option<usize>,
    failed: usize,
}

impl<G> Default for History<G> {
    fn default() -> Self {
        Self {
            records: Vec::new(),
            best: None,
            failed: 0,
        }
    }
}

impl<G> History<G> {
    /// Adds a finished trial.
    pub fn push(&mut self, record: TrialRecord<G>) {
        let best_fitness = self.best().and_then(TrialRecord::fitness);
        if let Some(fitness) = record.fitness()
            && best_fitness.is_none_or(|best| fitness > best)
        {
            self.best = Some(self.records.len());
        }
        if record.outcome.is_failure() {
            self.failed += 1;
        }
        self.records.push(record);
    }

    /// All records.
    #[must_use]
    pub fn records(&self) -> &[TrialRecord<G>] {
        &self.records
    }

    /// How many trials have finished.
    #[must_use]
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether no trial has finished.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// How many trials failed.
    #[must_use]
    pub const fn failed(&self) -> usize {
        self.failed
    }

    /// How many trials have finished since the best one; all of them if there is no best.
    #[must_use]
    pub fn since_improvement(&self) -> usize {
        self.best
            .map_or(self.records.len(), |best| self.records.len() - 1 - best)
    }

    /// The trial that finished last.
    #[must_use]
    pub fn last(&self) -> Option<&TrialRecord<G>> {
        self.records.last()
    }

    /// The fittest trial; the first of several equally fit ones.
    #[must_use]
    pub fn best(&self) -> Option<&TrialRecord<G>> {
        self.records.get(self.best?)
    }
}
