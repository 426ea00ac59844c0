//! Aging and non-aging evolution (Algorithm 1 of Real et al. 2018).

mod builder;

pub use builder::EvolutionBuilder;

use std::collections::VecDeque;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::{Algorithm, AlgorithmDescription, TellError, TrialNumbers, error::check_finite};
use crate::by_id::MapById;
use crate::objective::Objective;
use crate::population::Population;
use crate::replacement::Replacement;
use crate::selection::Selection;
use crate::space::{Crossover, Genotype, Mutation, SearchSpace};
use crate::trial::{Evaluation, Outcome, Trial, TrialId};

/// Evolution with a population of constant size.
///
/// The first `P` trials are random. After that, each cycle draws a sample of the population and mutates
/// its fittest member. When the child's outcome is told, the child joins and one member leaves: the
/// oldest (the paper's regularized evolution, the default) or the worst of the sample
/// ([`EvolutionBuilder::non_aging`]).
///
/// In an asynchronous search `ask` never waits: once `P` random trials are in flight or done, it
/// evolves from the members present, and proposes further random trials only while the population is
/// empty. A trial without a fitness doesn't join; if it was one of the first `P`, another random trial
/// replaces it.
///
/// With a crossover ([`EvolutionBuilder::crossover`]), some children have two parents.
///
/// A warm start ([`EvolutionBuilder::initial`]) proposes given genotypes before any random ones.
#[derive(Debug)]
pub struct Evolution<G> {
    space: Box<dyn SearchSpace<Genotype = G>>,
    mutation: Box<dyn Mutation<G>>,
    selection: Box<dyn Selection<G>>,
    replacement: Box<dyn Replacement<G>>,
    /// How two parents are crossed, and with which probability.
    crossover: Option<(Box<dyn Crossover<G>>, f64)>,
    population_size: usize,
    objectives: Vec<Objective>,
    initial: VecDeque<G>,
    description: AlgorithmDescription,
    population: Population<G>,
    rng: ChaCha8Rng,
    numbers: TrialNumbers,
    in_flight: MapById<PendingTrial<G>>,
    random_in_flight: usize,
    sample: Vec<usize>,
    spare_samples: Vec<Vec<u64>>,
}

#[derive(Debug)]
struct PendingTrial<G> {
    genotype: G,
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

    fn ask_initial(&mut self) -> Trial<G> {
        let genotype = match self.initial.pop_front() {
            Some(genotype) => genotype,
            None => self.space.sample(&mut self.rng),
        };
        self.register(None, genotype, Vec::new())
    }

    fn ask_child(&mut self) -> Trial<G> {
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
        let (parent, mate) = (parent.trial, mate.map(|mate| mate.trial));
        let trial = self.register(Some(parent), genotype, sample);
        Trial { mate, ..trial }
    }

    /// Returns the position of a tournament's winner, and adds the join numbers of its sample.
    fn select(&mut self, sample: &mut Vec<u64>) -> usize {
        self.sample.clear();
        let winner = self
            .selection
            .select(&self.population, &mut self.rng, &mut self.sample);
        let members = self.sample.iter();
        sample.extend(members.map(|&position| self.population.member(position).joined));
        winner
    }

    /// The values of the objectives, oriented so that more is better.
    fn figures(&self, id: TrialId, evaluation: &Evaluation) -> Result<Box<[f64]>, TellError> {
        self.objectives
            .iter()
            .map(|objective| {
                objective
                    .value(evaluation)
                    .ok_or_else(|| TellError::NoMetric {
                        trial: id,
                        metric: objective.metric().to_owned(),
                    })
            })
            .collect()
    }

    /// Removes a trial from those in flight.
    fn land(&mut self, id: TrialId) -> Result<PendingTrial<G>, TellError> {
        let landed = self
            .in_flight
            .remove(&id)
            .ok_or(TellError::NotInFlight(id))?;
        if landed.random {
            self.random_in_flight -= 1;
        }
        Ok(landed)
    }

    /// The trial joins the population, and if that is full, a member leaves.
    fn join(
        &mut self,
        id: TrialId,
        fitness: f64,
        figures: Box<[f64]>,
        landed: PendingTrial<G>,
    ) -> Result<(), TellError> {
        let PendingTrial {
            genotype,
            random,
            sample,
        } = landed;
        self.population.join(id, fitness, figures, genotype);
        let members = self.population.len();
        if members > self.population_size {
            let position = self
                .replacement
                .leaves(&self.population, &sample, &*self.selection);
            if position >= members {
                // The trial is in flight again, as if it had not been told.
                if let Some(genotype) = self.population.undo_join() {
                    self.fly(id, genotype, random, sample);
                }
                return Err(TellError::ReplacementOutOfRange { position, members });
            }
            self.population.leave(position);
        }
        self.recycle(sample);
        Ok(())
    }

    fn recycle(&mut self, mut sample: Vec<u64>) {
        if sample.capacity() > 0 {
            sample.clear();
            self.spare_samples.push(sample);
        }
    }

    fn register(&mut self, parent: Option<TrialId>, genotype: G, sample: Vec<u64>) -> Trial<G> {
        let trial = self.numbers.trial(parent, genotype.clone());
        self.fly(trial.id, genotype, parent.is_none(), sample);
        trial
    }

    /// Adds a trial to those in flight.
    fn fly(&mut self, id: TrialId, genotype: G, random: bool, sample: Vec<u64>) {
        self.random_in_flight += usize::from(random);
        let pending = PendingTrial {
            genotype,
            random,
            sample,
        };
        self.in_flight.insert(id, pending);
    }
}

impl<G: Genotype> Algorithm<G> for Evolution<G> {
    fn ask(&mut self) -> Trial<G> {
        let filling = self.population.len() + self.random_in_flight < self.population_size;
        if filling || self.population.is_empty() || !self.initial.is_empty() {
            self.ask_initial()
        } else {
            self.ask_child()
        }
    }

    fn tell(&mut self, id: TrialId, outcome: &Outcome) -> Result<(), TellError> {
        check_finite(id, outcome)?;
        let figures = match outcome.evaluation() {
            Some(evaluation) => self.figures(id, evaluation)?,
            None => Box::default(),
        };
        let landed = self.land(id)?;
        match outcome.fitness() {
            Some(fitness) => self.join(id, fitness, figures, landed),
            None => {
                self.recycle(landed.sample);
                Ok(())
            }
        }
    }

    fn withdraw(&mut self, id: TrialId) -> Result<(), TellError> {
        let landed = self.land(id)?;
        self.numbers.take_back(id);
        self.recycle(landed.sample);
        Ok(())
    }

    fn describe(&self) -> AlgorithmDescription {
        self.description.clone()
    }

    fn objectives(&self) -> &[Objective] {
        &self.objectives
    }

    fn minimum_trials(&self) -> u64 {
        self.population_size as u64
    }
}
