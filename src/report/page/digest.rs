//! A run, prepared for the panels.

use std::collections::HashMap;

use serde_json::Value;

use super::genotypes::{NamedChoices, ReadGenotype};
use super::run::PageRun;
use crate::objective::Objective;
use crate::search::journal::{RecordedAttempt, RecordedTrial};
use crate::search::{History, TrialRecord};
use crate::trial::{Outcome, Trial, TrialId};

/// A run with what several panels need.
pub(super) struct RunDigest<'a> {
    pub(super) run: &'a PageRun,
    /// The finished trials, in the order of finishing.
    pub(super) finished: Vec<FinishedTrial<'a>>,
    /// The positions of the completed trials whose scores compare ([`History::comparable`]) among the finished ones, the
    /// fittest first.
    pub(super) ranked: Vec<usize>,
    /// Of each finished trial, whether it is among them.
    is_comparable: Vec<bool>,
    /// The position of the best trial.
    pub(super) best: Option<usize>,
    /// The positions of the trials on the Pareto front of the search's objectives; empty without objectives.
    pub(super) front: Vec<usize>,
    pub(super) objectives: Vec<Objective>,
    pub(super) since_improvement: usize,
    /// The last time in the journal, in seconds on the search's clock.
    pub(super) end: f64,
    pub(super) choices: NamedChoices,
    /// How much room the run has: 1 if it is the page's only one.
    pub(super) share: f64,
    positions: HashMap<TrialId, usize>,
}

/// A finished trial.
pub(super) struct FinishedTrial<'a> {
    pub(super) recorded: &'a RecordedTrial<Value>,
    pub(super) end: &'a RecordedAttempt,
    pub(super) genotype: ReadGenotype,
}

impl FinishedTrial<'_> {
    pub(super) fn id(&self) -> u64 {
        self.recorded.trial.id.0
    }

    pub(super) fn json(&self) -> &Value {
        &self.recorded.trial.genotype
    }

    pub(super) fn fitness(&self) -> Option<f64> {
        self.end.outcome.fitness()
    }

    pub(super) fn metric(&self, name: &str) -> Option<f64> {
        self.end.outcome.evaluation()?.metrics.get(name)
    }

    /// How long its attempts took together, in seconds.
    pub(super) fn seconds(&self) -> f64 {
        self.recorded.attempts.iter().map(|one| one.seconds).sum()
    }
}

impl<'a> RunDigest<'a> {
    pub(super) fn new(run: &'a PageRun, share: f64) -> Self {
        let timeline = &run.timeline;
        let objectives = timeline.header.objectives();
        let mut history = History::with_objectives(objectives.clone());
        let mut finished = Vec::with_capacity(timeline.finished.len());
        for &place in &timeline.finished {
            let recorded = &timeline.trials[place];
            let Some(end) = recorded.end() else { continue };
            let mut trial = Trial::new(recorded.trial.id, 0, finished.len());
            trial.fidelity = recorded.trial.fidelity.clone();
            history.push(TrialRecord::new(trial, end.outcome.clone()));
            finished.push(FinishedTrial {
                recorded,
                end,
                genotype: ReadGenotype::read(&recorded.trial.genotype),
            });
        }
        let fitness = |place: usize| finished[place].fitness().unwrap_or(f64::NEG_INFINITY);
        let mut ranked: Vec<usize> = history.comparable().map(|record| record.genotype).collect();
        let mut is_comparable = vec![false; finished.len()];
        for &place in &ranked {
            is_comparable[place] = true;
        }
        ranked.sort_by(|&one, &other| fitness(other).total_cmp(&fitness(one)));
        let front = match objectives.is_empty() {
            true => Vec::new(),
            false => history
                .pareto_front()
                .iter()
                .map(|record| record.genotype)
                .collect(),
        };
        let asked = timeline
            .trials
            .iter()
            .map(|trial| trial.asked.as_secs_f64());
        let attempts = timeline.trials.iter().flat_map(|trial| &trial.attempts);
        let end = attempts
            .map(|attempt| attempt.at)
            .chain(asked)
            .fold(0.0, f64::max);
        Self {
            ranked,
            is_comparable,
            best: history.best().map(|record| record.genotype),
            front,
            objectives,
            since_improvement: history.since_improvement(),
            end,
            choices: NamedChoices::of(&timeline.header.description.space),
            share,
            positions: finished
                .iter()
                .enumerate()
                .map(|(place, trial)| (trial.recorded.trial.id, place))
                .collect(),
            finished,
            run,
        }
    }

    /// The fitness of a finished trial, if it compares with that of others.
    pub(super) fn comparable_fitness(&self, place: usize) -> Option<f64> {
        match self.is_comparable[place] {
            true => self.finished[place].fitness(),
            false => None,
        }
    }

    /// Whether some trials were evaluated at a partial fidelity, and some in full, so that not all scores compare.
    pub(super) fn has_several_fidelities(&self) -> bool {
        let mut completed = self.finished.iter().enumerate();
        completed.any(|(place, trial)| trial.fitness().is_some() && !self.is_comparable[place])
    }

    /// The finished trial of a number.
    pub(super) fn by_id(&self, id: TrialId) -> Option<&FinishedTrial<'a>> {
        self.positions.get(&id).map(|&place| &self.finished[place])
    }

    /// The trials that were begun and haven't finished.
    pub(super) fn unfinished(&self) -> impl Iterator<Item = &'a RecordedTrial<Value>> {
        let trials = self.run.timeline.trials.iter();
        trials.filter(|trial| trial.end().is_none())
    }

    /// So many of a thing, or fewer on a page of several runs: at least one, and five of what there are many.
    pub(super) fn at_most(&self, count: usize) -> usize {
        let least = if count < 10 { 1 } else { 5 };
        ((count as f64 * self.share) as usize).max(least)
    }

    pub(super) fn text(&self, trial: &FinishedTrial<'_>) -> String {
        self.choices.text(&trial.genotype, trial.json())
    }

    /// The attempts of all trials, in the order of asking.
    pub(super) fn attempts(
        &self,
    ) -> impl Iterator<Item = (&'a RecordedTrial<Value>, &'a RecordedAttempt)> {
        let trials = self.run.timeline.trials.iter();
        trials.flat_map(|trial| trial.attempts.iter().map(move |attempt| (trial, attempt)))
    }

    /// The best fitness that a trial may be compared with: of several trials with the same, the first.
    pub(super) fn best_trial(&self) -> Option<&FinishedTrial<'a>> {
        self.best.map(|place| &self.finished[place])
    }
}

/// An outcome as one or two words.
pub(super) const fn status(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Completed(_) => "completed",
        Outcome::Infeasible { .. } => "infeasible",
        Outcome::Failed { .. } => "failed",
        Outcome::TimedOut => "timed out",
        Outcome::OutOfMemory { .. } => "out of memory",
        Outcome::Lost { .. } => "lost",
        Outcome::Stopped { .. } => "stopped early",
    }
}

/// The unit that an axis of times is shown in.
#[derive(Clone, Copy)]
pub(super) struct TimeUnit {
    pub(super) seconds: f64,
    pub(super) name: &'static str,
}

impl TimeUnit {
    pub(super) fn for_up_to(seconds: f64) -> Self {
        let (seconds, name) = match seconds {
            _ if seconds < 300.0 => (1.0, "s"),
            _ if seconds < 3.0 * 3600.0 => (60.0, "min"),
            _ if seconds < 4.0 * 86_400.0 => (3600.0, "h"),
            _ => (86_400.0, "days"),
        };
        Self { seconds, name }
    }
}
