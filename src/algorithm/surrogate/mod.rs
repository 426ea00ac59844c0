//! Search by a surrogate: a forest that predicts the fitness.

mod builder;
mod forest;
mod settings;

pub use builder::SurrogateSearchBuilder;

use std::collections::{BTreeMap, HashSet};
use std::fmt;

use rand::RngExt;

use super::{Algorithm, AlgorithmDescription, Proposal, TellError};
use crate::randomness::{Stream, standard_normal};
use crate::space::{CategoricalSpace, Genotype, Mutation};
use crate::trial::{Outcome, Trial, TrialId};
use forest::{Forest, Observation};
use settings::SurrogateSettings;

/// The share of candidates that are random and not mutants.
const RANDOM_SHARE: f64 = 0.1;

/// The forest is fitted anew when there are this many times as many observations as at the last fit.
const GROWTH: f64 = 1.1;

/// Learns from all trials so far which genotypes are promising, as BANANAS does (White, Neiswanger and Savani,
/// "BANANAS: Bayesian Optimization with Neural Architectures for Neural Architecture Search", 2021), with a random
/// forest in place of the ensemble of neural networks.
///
/// After some random trials, it mutates the best genotypes so far, adds a few random ones, and proposes the candidate
/// whose predicted fitness is highest by one draw each from a normal distribution with the mean and the deviation of
/// the forest's trees (independent Thompson sampling). No list of choices is proposed twice, unless no candidate is
/// new.
///
/// The forest is fitted anew whenever the number of trials that it learns from has grown by a tenth. The time of a fit
/// grows with that number, and with the number of alternatives. A trial that failed teaches nothing.
///
/// Of trials that were stopped early, and of those inside a [`Promotion`](super::Promotion), the values at different
/// steps don't compare. The forest is fitted to the trials that got furthest, completed or up to the same step, if there
/// are as many as the first random trials; otherwise to those that got less far (as the model of BOHB: Falkner, Klein and
/// Hutter, "BOHB: Robust and Efficient Hyperparameter Optimization at Scale", 2018). Of two parents, the one that got
/// further is fitter.
///
/// ```
/// use evonas::prelude::*;
///
/// let ones = |bits: &Vec<bool>, _: &Context<'_>| {
///     Ok(Evaluation::new(bits.iter().filter(|&&bit| bit).count() as f64))
/// };
/// let surrogate = SurrogateSearch::builder(BitsSpace { length: 20 }, FlipOneBit).build()?;
/// let result = Search::new(surrogate, Serial::new(ones), Budget::trials(100)).run()?;
/// assert_eq!(result.best().and_then(|best| best.fitness()), Some(20.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct SurrogateSearch<G> {
    space: Box<dyn CategoricalSpace<Genotype = G>>,
    alternatives: Vec<usize>,
    mutation: Box<dyn Mutation<G>>,
    settings: SurrogateSettings,
    rng: Stream,
    seed: u64,
    description: AlgorithmDescription,
    /// How many of the first random trials were proposed and not withdrawn.
    random_proposed: usize,
    random_in_flight: HashSet<TrialId>,
    /// The choices of every proposal.
    proposed: HashSet<Vec<usize>>,
    /// By the step that the trials reached; `u64::MAX` of those that completed.
    observations: BTreeMap<u64, Vec<Observation>>,
    /// The best genotypes, the fittest first, as many as there are parents.
    evaluated: Vec<Parent<G>>,
    forest: Option<FittedForest>,
}

/// A forest, and how many observations at which step it was fitted to.
struct FittedForest {
    step: u64,
    count: usize,
    forest: Forest,
}

struct Parent<G> {
    /// The step that its trial reached, and its value there.
    standing: (u64, f64),
    trial: TrialId,
    genotype: G,
}

impl<G> fmt::Debug for SurrogateSearch<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SurrogateSearch")
            .field("space", &self.space)
            .field("settings", &self.settings)
            .field(
                "observations",
                &self.observations.values().map(Vec::len).sum::<usize>(),
            )
            .finish_non_exhaustive()
    }
}

impl<G: Genotype> SurrogateSearch<G> {
    fn propose_random(&mut self, trial: TrialId) -> Proposal<G> {
        let genotype = self.space.sample(&mut self.rng);
        self.proposed.insert(self.space.encode(&genotype));
        self.random_proposed += 1;
        self.random_in_flight.insert(trial);
        Proposal::random(genotype)
    }

    /// The most promising of the candidates that weren't proposed before; a random genotype if there is none.
    fn propose_promising(&mut self) -> Proposal<G> {
        self.fit();
        let mut best: Option<(f64, Proposal<G>, Vec<usize>)> = None;
        for _ in 0..self.settings.candidates {
            let candidate = self.candidate();
            let choices = self.space.encode(&candidate.genotype);
            if self.proposed.contains(&choices) {
                continue;
            }
            let value = self.draw_value(&choices);
            if best
                .as_ref()
                .is_none_or(|(highest, ..)| value.total_cmp(highest).is_gt())
            {
                best = Some((value, candidate, choices));
            }
        }
        match best {
            Some((_, proposal, choices)) => {
                self.proposed.insert(choices);
                proposal
            }
            None => Proposal::random(self.space.sample(&mut self.rng)),
        }
    }

    fn candidate(&mut self) -> Proposal<G> {
        if self.rng.random::<f64>() < RANDOM_SHARE {
            return Proposal::random(self.space.sample(&mut self.rng));
        }
        let parent = &self.evaluated[self.rng.random_range(0..self.evaluated.len())];
        let mutant = self.mutation.mutate(&parent.genotype, &mut self.rng);
        Proposal::child(parent.trial, mutant)
    }

    /// A draw from what the forest predicts.
    fn draw_value(&mut self, choices: &[usize]) -> f64 {
        let noise = standard_normal(&mut self.rng);
        match &self.forest {
            Some(FittedForest { forest, .. }) => {
                let prediction = forest.predict(choices);
                prediction.mean + self.settings.exploration * noise * prediction.deviation
            }
            None => noise,
        }
    }

    /// Fits the forest anew if there is enough to learn.
    fn fit(&mut self) {
        let enough = self.settings.initial_trials;
        let by_step = || self.observations.iter();
        let furthest = by_step().rfind(|(_, observed)| observed.len() >= enough);
        let Some((&step, observations)) =
            furthest.or_else(|| by_step().max_by_key(|(_, observed)| observed.len()))
        else {
            return;
        };
        let count = observations.len();
        let is_recent = |fitted: &FittedForest| {
            fitted.step == step && (count as f64) < GROWTH * fitted.count as f64
        };
        if self.forest.as_ref().is_some_and(is_recent) {
            return;
        }
        let trees = self.settings.trees;
        let forest = Forest::fit(observations, &self.alternatives, trees, &mut self.rng);
        self.forest = Some(FittedForest {
            step,
            count,
            forest,
        });
    }

    fn keep_as_parent(&mut self, trial: &Trial<G>, standing: (u64, f64)) {
        // The same genotype, which got further now.
        if let Some(earlier) = trial.continues {
            self.evaluated.retain(|parent| parent.trial != earlier);
        }
        let place = self
            .evaluated
            .partition_point(|parent| parent.standing >= standing);
        if place < self.settings.parents {
            let parent = Parent {
                standing,
                trial: trial.id,
                genotype: trial.genotype.clone(),
            };
            self.evaluated.insert(place, parent);
            self.evaluated.truncate(self.settings.parents);
        }
    }
}

impl<G: Genotype> Algorithm<G> for SurrogateSearch<G> {
    fn propose(&mut self, trial: TrialId) -> Proposal<G> {
        match self.random_proposed < self.settings.initial_trials || self.evaluated.is_empty() {
            true => self.propose_random(trial),
            false => self.propose_promising(),
        }
    }

    fn learn(&mut self, trial: &Trial<G>, outcome: &Outcome) -> Result<(), TellError> {
        self.random_in_flight.remove(&trial.id);
        let (step, value) = match *outcome {
            Outcome::Completed(ref evaluation) => (u64::MAX, evaluation.fitness),
            Outcome::Stopped { step, value } => (step.min(u64::MAX - 1), value),
            _ => return Ok(()),
        };
        let choices = self.space.encode(&trial.genotype);
        let observed = self.observations.entry(step).or_default();
        observed.push(Observation { choices, value });
        self.keep_as_parent(trial, (step, value));
        Ok(())
    }

    /// Another random genotype replaces a random one.
    fn withdraw(&mut self, trial: &Trial<G>) {
        if self.random_in_flight.remove(&trial.id) {
            self.random_proposed -= 1;
        }
    }

    fn seed(&self) -> u64 {
        self.seed
    }

    fn minimum_trials(&self) -> u64 {
        self.settings.initial_trials as u64
    }

    fn describe(&self) -> AlgorithmDescription {
        self.description.clone()
    }
}
