//! Genotypes that come up more than once.

use std::collections::HashMap;
use std::hash::Hash;

use serde::{Deserialize, Serialize};

use super::error::SearchError;
use super::guarded;
use super::history::History;
use super::trial_record::TrialRecord;
use crate::trial::{EVALUATIONS, Evaluation, Fidelity, MEASURED_FITNESS, Outcome, Trial, TrialId};

/// What happens to a genotype that came up earlier in the search. At another
/// [fidelity](crate::trial::Fidelity) it is a different one.
///
/// Its JSON is the variant's name in snake case, and for the last `{"redraw": 100}`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Duplicates {
    /// It is evaluated like any other, as in Real et al. 2018.
    #[default]
    Allow,
    /// Its trial takes the evaluation of the first completed trial of the same genotype at once, and counts.
    /// While no such trial is completed, it is evaluated.
    Reuse,
    /// It is evaluated again with its own seed, and its trial's fitness is the mean of all evaluations of the
    /// genotype so far. Its metrics are those of its own evaluation, and [`MEASURED_FITNESS`] and
    /// [`EVALUATIONS`].
    Average,
    /// Another genotype is drawn instead, up to this many times for a trial; after that it is evaluated.
    Redraw(u32),
}

/// An earlier evaluation of the same genotype, and the trial that it is from, if there is one to reuse.
pub(super) type ReusableEvaluation = Option<(TrialId, Evaluation)>;

/// Remembers the genotypes of a search, for any key to compare them by. A genotype's key, its hash and its
/// equality are the user's code: if one panics, the method fails.
pub(super) trait Deduplicator<G>: Send {
    fn policy(&self) -> Duplicates;

    /// Whether the trial's genotype was asked for before, at the same fidelity.
    fn is_known(&self, trial: &Trial<G>) -> Result<bool, SearchError>;

    /// The trial was asked for. Returns the evaluation to reuse, if the policy is to reuse and there is a
    /// completed one.
    fn asked(
        &mut self,
        trial: &Trial<G>,
        history: &History<G>,
    ) -> Result<ReusableEvaluation, SearchError>;

    /// Averages the outcome's fitness over this and all earlier evaluations.
    fn averaged(&self, trial: &Trial<G>, outcome: Outcome) -> Result<Outcome, SearchError>;

    /// A trial has ended, at `index` in the history.
    fn ended(&mut self, record: &TrialRecord<G>, index: usize) -> Result<(), SearchError>;
}

/// Remembers genotypes by a key: the genotype itself, or a canonical form.
pub(super) struct KeyDeduplicator<F, K> {
    policy: Duplicates,
    key: F,
    known: HashMap<(K, AmountBits), KnownGenotype>,
}

/// The amounts of a fidelity, with the bits of their numbers.
type AmountBits = Vec<(Box<str>, u64)>;

fn bits(fidelity: &Fidelity) -> AmountBits {
    let amounts = fidelity.amounts();
    amounts
        .map(|(name, amount)| (name.into(), amount.to_bits()))
        .collect()
}

#[derive(Default)]
struct KnownGenotype {
    /// The first completed trial's index in the history.
    first: Option<usize>,
    evaluations: u64,
    mean: f64,
}

impl KnownGenotype {
    /// The mean with one more value. Values are weighted before they are added, so that nothing overflows,
    /// and the result is clamped, so that the mean of equal values is that value despite rounding.
    fn mean_with(&self, value: f64) -> f64 {
        if self.evaluations == 0 {
            return value;
        }
        let count = (self.evaluations + 1) as f64;
        let mean = self.mean * (self.evaluations as f64 / count) + value / count;
        mean.clamp(self.mean.min(value), self.mean.max(value))
    }
}

impl<F, K> KeyDeduplicator<F, K> {
    pub(super) fn new(policy: Duplicates, key: F) -> Self {
        Self {
            policy,
            key,
            known: HashMap::new(),
        }
    }
}

impl<K, F> KeyDeduplicator<F, K> {
    fn key_of<G>(&self, genotype: &G, fidelity: &Fidelity) -> (K, AmountBits)
    where
        F: Fn(&G) -> K,
    {
        ((self.key)(genotype), bits(fidelity))
    }
}

/// Calls code that creates, hashes or compares keys.
fn guarded<T>(call: impl FnOnce() -> T) -> Result<T, SearchError> {
    guarded::guarded("the key of duplicates", call)
}

impl<G, K, F> Deduplicator<G> for KeyDeduplicator<F, K>
where
    K: Hash + Eq + Send,
    F: Fn(&G) -> K + Send,
{
    fn policy(&self) -> Duplicates {
        self.policy
    }

    fn is_known(&self, trial: &Trial<G>) -> Result<bool, SearchError> {
        guarded(|| {
            self.known
                .contains_key(&self.key_of(&trial.genotype, &trial.fidelity))
        })
    }

    fn asked(
        &mut self,
        trial: &Trial<G>,
        history: &History<G>,
    ) -> Result<ReusableEvaluation, SearchError> {
        let first = guarded(|| {
            let key = self.key_of(&trial.genotype, &trial.fidelity);
            self.known.entry(key).or_default().first
        })?;
        if self.policy != Duplicates::Reuse {
            return Ok(None);
        }
        let first = first.and_then(|first| history.records().get(first));
        Ok(first.and_then(|record| Some((record.id, record.outcome.evaluation()?.clone()))))
    }

    fn averaged(&self, trial: &Trial<G>, outcome: Outcome) -> Result<Outcome, SearchError> {
        let entry = guarded(|| {
            self.known
                .get(&self.key_of(&trial.genotype, &trial.fidelity))
        })?;
        Ok(match (outcome, entry) {
            (Outcome::Completed(mut evaluation), Some(entry)) if entry.evaluations > 0 => {
                let evaluations = (entry.evaluations + 1) as f64;
                let measured = evaluation.fitness;
                evaluation.fitness = entry.mean_with(measured);
                Outcome::Completed(
                    evaluation
                        .with_metric(MEASURED_FITNESS, measured)
                        .with_metric(EVALUATIONS, evaluations),
                )
            }
            (outcome, _) => outcome,
        })
    }

    fn ended(&mut self, record: &TrialRecord<G>, index: usize) -> Result<(), SearchError> {
        let Some(evaluation) = record.outcome.evaluation() else {
            return Ok(());
        };
        if record.reused.is_some() {
            return Ok(());
        }
        let entry = guarded(|| {
            let key = self.key_of(&record.genotype, &record.fidelity);
            self.known.entry(key).or_default()
        })?;
        entry.first.get_or_insert(index);
        let measured = evaluation.metrics.get(MEASURED_FITNESS);
        entry.mean = entry.mean_with(measured.unwrap_or(evaluation.fitness));
        entry.evaluations += 1;
        Ok(())
    }
}
