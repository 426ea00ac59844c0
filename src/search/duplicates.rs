//! Genotypes that come up again.

use std::collections::HashMap;
use std::hash::Hash;
use std::str::FromStr;

use super::error::SearchError;
use super::guarded;
use super::history::{History, TrialRecord};
use crate::trial::{EVALUATIONS, Evaluation, MEASURED_FITNESS, Outcome, TrialId};

/// What happens to a genotype that the search has asked for before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Duplicates {
    /// It is evaluated like any other, as in the paper.
    #[default]
    Allow,
    /// Its trial gets the evaluation of the first completed trial of the same genotype at once, and
    /// counts. While none is completed, it is evaluated.
    Reuse,
    /// It is evaluated again with its own seed, and its trial's fitness is the mean over all
    /// evaluations of the genotype so far; its metrics are those of its own evaluation. What was
    /// measured is in the metrics [`MEASURED_FITNESS`] and [`EVALUATIONS`].
    Average,
    /// Another one is drawn in its place, up to so many times for a trial; then it is evaluated.
    Redraw(u32),
}

/// A text that is no policy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is none of allow, reuse, average, and redraw:N with a number N")]
pub struct UnknownDuplicates(String);

impl FromStr for Duplicates {
    type Err = UnknownDuplicates;

    /// `allow`, `reuse`, `average`, or `redraw:N`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let redraw = |text: &str| Some(Self::Redraw(text.strip_prefix("redraw:")?.parse().ok()?));
        match text {
            "allow" => Ok(Self::Allow),
            "reuse" => Ok(Self::Reuse),
            "average" => Ok(Self::Average),
            _ => redraw(text).ok_or_else(|| UnknownDuplicates(text.to_owned())),
        }
    }
}

/// An evaluation that is known, and the trial that it is from.
pub(super) type ReusableEvaluation = Option<(TrialId, Evaluation)>;

/// What the search remembers of genotypes, whatever they are compared by. The key of a genotype is
/// the user's code, and so are its hash and its equality: where one panics, every method is an error.
pub(super) trait Deduplicator<G>: Send {
    fn policy(&self) -> Duplicates;

    /// Whether the genotype was asked for before.
    fn is_known(&self, genotype: &G) -> Result<bool, SearchError>;

    /// The genotype was asked for. Returns the evaluation to reuse, and the trial that it is from, if
    /// the policy is to reuse and one is completed.
    fn asked(
        &mut self,
        genotype: &G,
        history: &History<G>,
    ) -> Result<ReusableEvaluation, SearchError>;

    /// The outcome with the fitness averaged over this and all earlier evaluations.
    fn averaged(&self, genotype: &G, outcome: Outcome) -> Result<Outcome, SearchError>;

    /// A trial has ended, as number `index` of the history.
    fn ended(&mut self, record: &TrialRecord<G>, index: usize) -> Result<(), SearchError>;
}

/// Remembers genotypes by a key: themselves, or a canonical form.
pub(super) struct KeyDeduplicator<F, K> {
    policy: Duplicates,
    key: F,
    known: HashMap<K, KnownGenotype>,
}

#[derive(Default)]
struct KnownGenotype {
    /// The first completed trial's place in the history.
    first: Option<usize>,
    evaluations: u64,
    mean: f64,
}

impl KnownGenotype {
    /// The mean with one more value. Each is weighted before they are added, so that nothing
    /// overflows, and what rounding adds is cut off: the mean of equal values is that value.
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

/// Makes, hashes or compares keys.
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

    fn is_known(&self, genotype: &G) -> Result<bool, SearchError> {
        guarded(|| self.known.contains_key(&(self.key)(genotype)))
    }

    fn asked(
        &mut self,
        genotype: &G,
        history: &History<G>,
    ) -> Result<ReusableEvaluation, SearchError> {
        let first = guarded(|| self.known.entry((self.key)(genotype)).or_default().first)?;
        if self.policy != Duplicates::Reuse {
            return Ok(None);
        }
        let first = first.and_then(|first| history.records().get(first));
        Ok(first.and_then(|record| Some((record.id, record.outcome.evaluation()?.clone()))))
    }

    fn averaged(&self, genotype: &G, outcome: Outcome) -> Result<Outcome, SearchError> {
        let entry = guarded(|| self.known.get(&(self.key)(genotype)))?;
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
        let entry = guarded(|| self.known.entry((self.key)(&record.genotype)).or_default())?;
        entry.first.get_or_insert(index);
        let measured = evaluation.metrics.get(MEASURED_FITNESS);
        entry.mean = entry.mean_with(measured.unwrap_or(evaluation.fitness));
        entry.evaluations += 1;
        Ok(())
    }
}
