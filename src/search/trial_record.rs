//! A finished trial.

use crate::trial::{Fidelity, Outcome, Trial, TrialId};

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
    /// The second parent, if the genotype comes from a crossover.
    pub mate: Option<TrialId>,
    /// The trial of the same genotype and seed that its evaluation may have continued.
    pub continues: Option<TrialId>,
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
    /// The record of a trial that ended in its first attempt, on worker 0, in no time: for your own loop
    /// around a [`Ledger`](crate::algorithm::Ledger).
    #[must_use]
    pub fn new(trial: Trial<G>, outcome: Outcome) -> Self {
        Self {
            id: trial.id,
            parent: trial.parent,
            mate: trial.mate,
            continues: trial.continues,
            genotype: trial.genotype,
            seed: trial.seed,
            fidelity: trial.fidelity,
            worker: 0,
            attempts: 1,
            seconds: 0.0,
            reused: None,
            outcome,
        }
    }

    /// Sets how long it took, in seconds.
    #[must_use]
    pub fn with_seconds(mut self, seconds: f64) -> Self {
        self.seconds = seconds;
        self
    }

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
