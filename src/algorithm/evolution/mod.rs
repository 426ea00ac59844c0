//! Aging and non-aging evolution (Algorithm 1 of Real et al. 2018).

mod builder;

pub use builder::EvolutionBuilder;

use std::collections::VecDeque;

use rand::RngExt;

use super::{Algorithm, AlgorithmDescription, Proposal, TellError};
use crate::objective::Objective;
use crate::population::{Member, Population};
use crate::proxy::WarmUp;
use crate::randomness::Stream;
use crate::replacement::Replacement;
use crate::selection::Selection;
use crate::space::{Crossover, Genotype, Mutation, SearchSpace};
use crate::trial::{Outcome, Trial, TrialId};

/// Evolution with a population of constant size.
///
/// The first `P` trials are random. After that, each cycle draws a sample of the population and mutates
/// its fittest member. When the child's trial has ended, the child joins and one member leaves: the
/// oldest (the paper's regularized evolution, the default) or the worst of the sample
/// ([`EvolutionBuilder::non_aging`]).
///
/// In an asynchronous search nothing waits: once `P` random trials are in flight or done, evolution
/// continues with the members present, and proposes further random trials only while the population is
/// empty. A trial that failed or is infeasible doesn't join; if it was one of the first `P`, another random
/// trial replaces it.
///
/// A trial that a [stopper](crate::stopper) ended early joins with the last value that it reported. It is
/// compared by that value only with members that were stopped at the same step: a member that got further
/// is always fitter, and a completed one is fitter than any that was stopped
/// ([`Member::standing`](crate::population::Member::standing)). With objectives, of which a stopped trial
/// has no figures, it doesn't join, but counts as one of the first `P`.
///
/// A trial that it didn't propose, such as a promoted one inside a [`Promotion`](super::Promotion), joins as a new, young
/// member and counts as one of the first `P` if they aren't complete. In aging evolution a genotype lives on only by
/// being inherited; a promoted one is because a more thorough evaluation confirmed it.
///
/// With a crossover ([`EvolutionBuilder::crossover`]), some children have two parents.
///
/// With a warm-up ([`EvolutionBuilder::warm_up`]), the first trials aren't random but the best of many random
/// genotypes by a proxy.
///
/// A warm start ([`EvolutionBuilder::initial`]) proposes given genotypes before any random ones;
/// [`EvolutionBuilder::imported`] begins with members that have a score already.
#[derive(Debug)]
pub struct Evolution<G> {
    space: Box<dyn SearchSpace<Genotype = G>>,
    mutation: Box<dyn Mutation<G>>,
    selection: Box<dyn Selection<G>>,
    replacement: Box<dyn Replacement<G>>,
    /// How two parents are crossed, and with which probability.
    crossover: Option<(Box<dyn Crossover<G>>, f64)>,
    population_size: usize,
    fewest_trials: u64,
    objectives: Vec<Objective>,
    initial: VecDeque<G>,
    /// Until its genotypes are drawn.
    warm_up: Option<WarmUp<G>>,
    /// The genotypes of the warm-up that weren't proposed yet, the best first.
    promising: VecDeque<G>,
    description: AlgorithmDescription,
    population: Population<G>,
    rng: Stream,
    seed: u64,
    /// In the order of their numbers.
    in_flight: VecDeque<PendingTrial>,
    random_in_flight: usize,
    /// How many of the first trials were stopped early and did not join.
    stopped_apart: usize,
    sample: Vec<usize>,
    spare_samples: Vec<Vec<u64>>,
}

#[derive(Debug)]
struct PendingTrial {
    trial: TrialId,
    /// Whether it has no parent: it was drawn from the space or is part of the warm start.
    random: bool,
    /// The join numbers of the samples that its parents won.
    sample: Vec<u64>,
}

impl<G: Genotype> Evolution<G> {
    /// The current population.
    #[must_use]
    pub const fn population(&self) -> &Population<G> {
        &self.population
    }

    fn propose_initial(&mut self, trial: TrialId) -> Proposal<G> {
        let genotype = self
            .initial
            .pop_front()
            .or_else(|| self.next_promising())
            .unwrap_or_else(|| self.space.sample(&mut self.rng));
        self.random_in_flight += 1;
        self.fly(trial, true, Vec::new());
        Proposal::random(genotype)
    }

    fn next_promising(&mut self) -> Option<G> {
        if let Some(warm_up) = self.warm_up.take() {
            self.promising = warm_up.best_first(&*self.space, &mut self.rng).into();
        }
        self.promising.pop_front()
    }

    fn propose_child(&mut self, trial: TrialId) -> Proposal<G> {
        let mut sample = self.spare_samples.pop().unwrap_or_default();
        let first = self.select(&mut sample);
        let crosses = match &self.crossover {
            Some((_, probability)) => self.rng.random::<f64>() < *probability,
            None => false,
        };
        let second = crosses.then(|| self.select(&mut sample));
        let parent = self.population.member(first);
        let mate = second.map(|position| self.population.member(position));
        let genotype = match (&self.crossover, mate) {
            (Some((crossover, _)), Some(mate)) => {
                let child = crossover.cross(&parent.genotype, &mate.genotype, &mut self.rng);
                self.mutation.mutate(&child, &mut self.rng)
            }
            _ => self.mutation.mutate(&parent.genotype, &mut self.rng),
        };
        let proposal = Proposal {
            parent: parent.trial,
            mate: mate.and_then(|mate| mate.trial),
            ..Proposal::random(genotype)
        };
        self.fly(trial, false, sample);
        proposal
    }

    /// Returns the position of a tournament's winner, and adds the join numbers of its sample.
    fn select(&mut self, sample: &mut Vec<u64>) -> usize {
        self.sample.clear();
        let winner = self
            .selection
            .select(&self.population, &mut self.rng, &mut self.sample);
        if self.replacement.needs_sample() {
            let members = self.sample.iter();
            sample.extend(members.map(|&position| self.population.member(position).joined()));
        }
        winner
    }

    /// The trial as a member of the population, if it can be one.
    fn member(&self, trial: &Trial<G>, outcome: &Outcome) -> Option<Member<G>> {
        let member = |fitness| Member::new(trial.genotype.clone(), fitness).with_trial(trial.id);
        match outcome {
            Outcome::Completed(evaluation) => Some(
                member(evaluation.fitness).with_objectives(
                    self.objectives
                        .iter()
                        .filter_map(|objective| objective.value(evaluation))
                        .collect(),
                ),
            ),
            Outcome::Stopped { step, value } if self.objectives.is_empty() => {
                Some(member(*value).with_stopped_at(*step))
            }
            _ => None,
        }
    }

    /// Forgets a trial that is no longer in flight; returns whether it was random, and its parents' sample.
    fn land(&mut self, trial: TrialId) -> (bool, Vec<u64>) {
        let place = self.place_in_flight(trial);
        let Some(landed) = place.and_then(|place| self.in_flight.remove(place)) else {
            return (false, Vec::new());
        };
        if landed.random {
            self.random_in_flight -= 1;
        }
        (landed.random, landed.sample)
    }

    fn place_in_flight(&self, trial: TrialId) -> Option<usize> {
        self.in_flight
            .binary_search_by_key(&trial, |pending| pending.trial)
            .ok()
    }

    /// A trial joins the population, and if that is full, a member leaves.
    fn join(&mut self, trial: TrialId, member: Member<G>) -> Result<(), TellError> {
        self.population.join(member);
        let members = self.population.len();
        if members <= self.population_size {
            return Ok(());
        }
        let sample = match self.place_in_flight(trial) {
            Some(place) => &self.in_flight[place].sample[..],
            None => &[],
        };
        let position = self
            .replacement
            .leaves(&self.population, sample, &*self.selection);
        if self.population.leave(position).is_none() {
            self.population.undo_join();
            return Err(TellError::ReplacementOutOfRange { position, members });
        }
        Ok(())
    }

    fn recycle(&mut self, mut sample: Vec<u64>) {
        if sample.capacity() > 0 {
            sample.clear();
            self.spare_samples.push(sample);
        }
    }

    /// Remembers a trial in flight, whose number is higher than all others.
    fn fly(&mut self, trial: TrialId, random: bool, sample: Vec<u64>) {
        self.in_flight.push_back(PendingTrial {
            trial,
            random,
            sample,
        });
    }
}

impl<G: Genotype> Algorithm<G> for Evolution<G> {
    fn propose(&mut self, trial: TrialId) -> Proposal<G> {
        let begun = self.population.len() + self.random_in_flight + self.stopped_apart;
        let filling = begun < self.population_size;
        if filling || self.population.is_empty() || !self.initial.is_empty() {
            self.propose_initial(trial)
        } else {
            self.propose_child(trial)
        }
    }

    fn learn(&mut self, trial: &Trial<G>, outcome: &Outcome) -> Result<(), TellError> {
        let member = self.member(trial, outcome);
        let joins = member.is_some();
        if let Some(member) = member {
            self.join(trial.id, member)?;
        }
        let (random, sample) = self.land(trial.id);
        if random && !joins && matches!(outcome, Outcome::Stopped { .. }) {
            self.stopped_apart += 1;
        }
        self.recycle(sample);
        Ok(())
    }

    fn withdraw(&mut self, trial: &Trial<G>) {
        let (_, sample) = self.land(trial.id);
        self.recycle(sample);
    }

    fn seed(&self) -> u64 {
        self.seed
    }

    fn describe(&self) -> AlgorithmDescription {
        self.description.clone()
    }

    fn objectives(&self) -> &[Objective] {
        &self.objectives
    }

    fn minimum_trials(&self) -> u64 {
        self.fewest_trials
    }
}
