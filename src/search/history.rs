//! The finished trials of a search.

use std::cmp::Ordering;

use super::TrialRecord;
use super::standstill::{Improvements, LongestRun};
use crate::objective::{InvalidReference, Objective, ParetoFront, hypervolume, oriented_reference};
use crate::trial::{Evaluation, Outcome};

/// The finished trials of a search, in the order of finishing, with the best of them and the Pareto front.
///
/// Both are kept up to date trial by trial, so an observer may look at them after every trial.
///
/// Scores at a partial [fidelity](crate::trial::Fidelity) compare with each other at best. So as soon as a trial has
/// completed at full fidelity, only such trials compete: for being the best, for the front, and as an improvement.
#[derive(Clone, Debug)]
pub struct History<G> {
    records: Vec<TrialRecord<G>>,
    objectives: Vec<Objective>,
    /// The positions of the trials on the front; with no objectives, it is empty.
    front: ParetoFront<usize>,
    best: Option<usize>,
    /// Whether a trial has completed at full fidelity.
    has_full: bool,
    highest_fitness: Option<f64>,
    standstill: Improvements,
    failed: usize,
    infeasible: usize,
    without_result: LongestRun,
}

impl<G> Default for History<G> {
    fn default() -> Self {
        Self::with_objectives(Vec::new())
    }
}

impl<G> History<G> {
    /// An empty history of a search with these objectives; without objectives, the fitness decides.
    #[must_use]
    pub fn with_objectives(objectives: Vec<Objective>) -> Self {
        Self {
            records: Vec::new(),
            objectives,
            front: ParetoFront::default(),
            best: None,
            has_full: false,
            highest_fitness: None,
            standstill: Improvements::default(),
            failed: 0,
            infeasible: 0,
            without_result: LongestRun::default(),
        }
    }

    /// How much the fitness must rise to count as an improvement.
    pub(super) fn minimum_gain(mut self, gain: f64) -> Self {
        self.standstill = Improvements::with_minimum_gain(gain);
        self
    }

    /// Adds a finished trial.
    pub fn push(&mut self, record: TrialRecord<G>) {
        let position = self.records.len();
        let competing = self.competing(&record);
        let improved = match competing {
            Some(evaluation) if self.objectives.is_empty() => {
                let improved = self.standstill.is_gain(evaluation.fitness);
                if self
                    .highest_fitness
                    .is_none_or(|best| evaluation.fitness > best)
                {
                    self.best = Some(position);
                }
                improved
            }
            Some(evaluation) => figures(&self.objectives, evaluation)
                .is_some_and(|figures| self.front.add(position, figures)),
            None => false,
        };
        if let Some(Evaluation { fitness, .. }) = competing {
            let highest = self.highest_fitness.unwrap_or(*fitness);
            self.highest_fitness = Some(highest.max(*fitness));
        }
        self.failed += usize::from(record.outcome.is_failure());
        self.infeasible += usize::from(matches!(record.outcome, Outcome::Infeasible { .. }));
        self.without_result.ended(brings_result(&record));
        self.standstill.ended(improved);
        self.records.push(record);
        if improved && !self.objectives.is_empty() {
            self.best = self.best_of_front();
        }
    }

    /// The evaluation of a trial if it competes. The first one at full fidelity takes those at a partial one out of
    /// the competition.
    fn competing<'a>(&mut self, record: &'a TrialRecord<G>) -> Option<&'a Evaluation> {
        let evaluation = record.outcome.evaluation()?;
        let is_full = record.fidelity.is_full();
        if is_full && !self.has_full {
            self.has_full = true;
            self.best = None;
            self.highest_fitness = None;
            self.front = ParetoFront::default();
            self.standstill.begin_again();
        }
        (is_full || !self.has_full).then_some(evaluation)
    }

    /// All records.
    #[must_use]
    pub fn records(&self) -> &[TrialRecord<G>] {
        &self.records
    }

    /// The completed trials whose scores compare, in the order of finishing: those at full fidelity if there are any,
    /// otherwise all.
    pub fn comparable(&self) -> impl Iterator<Item = &TrialRecord<G>> {
        self.records.iter().filter(|record| {
            record.fitness().is_some() && (!self.has_full || record.fidelity.is_full())
        })
    }

    /// Whether a trial has completed at full fidelity.
    pub(super) const fn has_full(&self) -> bool {
        self.has_full
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

    /// How many trials failed. Infeasible ones didn't.
    #[must_use]
    pub const fn failed(&self) -> usize {
        self.failed
    }

    /// How many trials were infeasible: nothing failed, but their genotypes couldn't be evaluated.
    #[must_use]
    pub const fn infeasible(&self) -> usize {
        self.infeasible
    }

    /// The search's objectives; empty if only the fitness counts.
    #[must_use]
    pub fn objectives(&self) -> &[Objective] {
        &self.objectives
    }

    /// How many trials have finished since the last improvement; all of them if there was none.
    ///
    /// With objectives, an improvement is a new member of the Pareto front. Otherwise it is a fitness higher
    /// than that of the last improvement, in a search by more than
    /// [`Budget::minimum_gain`](super::Budget::minimum_gain). The first trial that completes at full fidelity is one,
    /// and after it only trials at full fidelity can be, while all trials count.
    #[must_use]
    pub const fn since_improvement(&self) -> usize {
        self.standstill.current()
    }

    /// The most trials in a row that brought no improvement. Unlike [`History::since_improvement`], it never
    /// falls.
    #[must_use]
    pub const fn longest_standstill(&self) -> usize {
        self.standstill.longest()
    }

    /// The most trials in a row that brought no new result: they were infeasible, failed, reused an earlier
    /// evaluation, or took no time. It never falls.
    #[must_use]
    pub const fn longest_without_result(&self) -> usize {
        self.without_result.longest()
    }

    /// The trial that finished last.
    #[must_use]
    pub fn last(&self) -> Option<&TrialRecord<G>> {
        self.records.last()
    }

    /// The best trial: the fittest; the first of several equally fit ones. `None` if no trial has a fitness. A trial
    /// at a partial fidelity is the best only while none has completed at full fidelity.
    ///
    /// With objectives, it is the fittest member of the Pareto front, so no trial dominates it; of several
    /// equally fit ones, the best by the first objective, then by the second, and so on. That applies to
    /// lexicographic order too: which trial is best doesn't depend on how tournaments compare.
    #[must_use]
    pub fn best(&self) -> Option<&TrialRecord<G>> {
        self.records.get(self.best?)
    }

    /// The highest fitness of all trials, at full fidelity as soon as one has completed so. With objectives that don't
    /// include the fitness, the best trial may have a lower one.
    #[must_use]
    pub const fn highest_fitness(&self) -> Option<f64> {
        self.highest_fitness
    }

    /// The completed trials that no other dominates in the search's objectives, in the order of finishing; of
    /// trials with equal figures, the first. Without objectives, this is the best trial. A trial at a partial fidelity
    /// is among them only while none has completed at full fidelity.
    #[must_use]
    pub fn pareto_front(&self) -> Vec<&TrialRecord<G>> {
        if self.objectives.is_empty() {
            return self.best().into_iter().collect();
        }
        let members = self.front.members().iter();
        members
            .map(|&(position, _)| &self.records[position])
            .collect()
    }

    /// How much of the objectives' space the Pareto front dominates, down to a reference point that gives the
    /// worst acceptable value of every objective, in its own direction: for a fitness to maximize and
    /// parameters to minimize, `[0.5, 1e6]` leaves out what is below 0.5 or above a million parameters.
    /// Without objectives, the fitness is the only one. See [`hypervolume`] for the cost.
    ///
    /// # Errors
    /// [`InvalidReference`] if the reference doesn't have one value for each objective.
    pub fn hypervolume(&self, reference: &[f64]) -> Result<f64, InvalidReference> {
        if self.objectives.is_empty() {
            let reference = oriented_reference(&[Objective::fitness()], reference)?;
            let front: Vec<[f64; 1]> = self.highest_fitness.into_iter().map(|f| [f]).collect();
            return Ok(hypervolume(&front, &reference));
        }
        let reference = oriented_reference(&self.objectives, reference)?;
        let members = self.front.members().iter();
        let front: Vec<&[f64]> = members.map(|(_, figures)| &**figures).collect();
        Ok(hypervolume(&front, &reference))
    }

    /// The fittest member of the front, then the best by the first objective, and so on.
    fn best_of_front(&self) -> Option<usize> {
        let fitness = |position: usize| self.records[position].fitness();
        let (position, _) = self.front.members().iter().max_by(|left, right| {
            let by_fitness = fitness(left.0).partial_cmp(&fitness(right.0));
            by_fitness
                .unwrap_or(Ordering::Equal)
                .then_with(|| left.1.partial_cmp(&right.1).unwrap_or(Ordering::Equal))
        })?;
        Some(*position)
    }
}

/// Whether the trial was evaluated and has a value.
fn brings_result<G>(record: &TrialRecord<G>) -> bool {
    let has_value = matches!(
        record.outcome,
        Outcome::Completed(_) | Outcome::Stopped { .. }
    );
    has_value && record.reused.is_none() && record.seconds > 0.0
}

/// The values of the objectives, oriented so that higher is better; `None` if one is missing.
fn figures(objectives: &[Objective], evaluation: &Evaluation) -> Option<Vec<f64>> {
    objectives
        .iter()
        .map(|objective| objective.value(evaluation))
        .collect()
}
