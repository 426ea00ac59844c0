//! Genotypes that come up again.

use std::collections::HashMap;
use std::hash::Hash;
use std::str::FromStr;

use super::{History, TrialRecord};
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

/// What the search remembers of genotypes, whatever they are compared by.
pub(super) trait Known<G>: Send {
    fn policy(&self) -> Duplicates;

    /// Whether the genotype was asked for before.
    fn is_known(&self, genotype: &G) -> bool;

    /// The genotype was asked for. Returns the evaluation to reuse, and the trial that it is from, if
    /// the policy is to reuse and one is completed.
    fn asked(&mut self, genotype: &G, history: &History<G>) -> Option<(TrialId, Evaluation)>;

    /// The outcome with the fitness averaged over this and all earlier evaluations.
    fn averaged(&self, genotype: &G, outcome: Outcome) -> Outcome;

    /// A trial has ended, as number `index` of the history.
    fn ended(&mut self, record: &TrialRecord<G>, index: usize);
}

/// Remembers genotypes by a key: themselves, or a canonical form.
pub(super) struct ByKey<F, K> {
    policy: Duplicates,
    key: F,
    known: HashMap<K, Entry>,
}

#[derive(Default)]
struct Entry {
    /// The first completed trial's place in the history.
    first: Option<usize>,
    evaluations: u64,
    sum: f64,
}

impl<F, K> ByKey<F, K> {
    pub(super) fn new(policy: Duplicates, key: F) -> Self {
        Self {
            policy,
            key,
            known: HashMap::new(),
        }
    }
}

impl<G, K, F> Known<G> for ByKey<F, K>
where
    K: Hash + Eq + Send,
    F: Fn(&G) -> K + Send,
{
    fn policy(&self) -> Duplicates {
        self.policy
    }

    fn is_known(&self, genotype: &G) -> bool {
        self.known.contains_key(&(self.key)(genotype))
    }

    fn asked(&mut self, genotype: &G, history: &History<G>) -> Option<(TrialId, Evaluation)> {
        let entry = self.known.entry((self.key)(genotype)).or_default();
        if self.policy != Duplicates::Reuse {
            return None;
        }
        let record = history.records().get(entry.first?)?;
        Some((record.id, record.outcome.evaluation()?.clone()))
    }

    fn averaged(&self, genotype: &G, outcome: Outcome) -> Outcome {
        let entry = self.known.get(&(self.key)(genotype));
        match (outcome, entry) {
            (Outcome::Completed(mut evaluation), Some(entry)) if entry.evaluations > 0 => {
                let evaluations = (entry.evaluations + 1) as f64;
                let measured = evaluation.fitness;
                evaluation.fitness = (entry.sum + measured) / evaluations;
                Outcome::Completed(
                    evaluation
                        .with_metric(MEASURED_FITNESS, measured)
                        .with_metric(EVALUATIONS, evaluations),
                )
            }
            (outcome, _) => outcome,
        }
    }

    fn ended(&mut self, record: &TrialRecord<G>, index: usize) {
        let Some(evaluation) = record.outcome.evaluation() else {
            return;
        };
        if record.reused.is_some() {
            return;
        }
        let entry = self.known.entry((self.key)(&record.genotype)).or_default();
        entry.first.get_or_insert(index);
        entry.evaluations += 1;
        entry.sum += evaluation
            .metrics
            .get(MEASURED_FITNESS)
            .unwrap_or(evaluation.fitness);
    }
}
