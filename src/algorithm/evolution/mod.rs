//! Aging and non-aging evolution (Algorithm 1 of Real et al. 2018).

mod builder;

pub use builder::EvolutionBuilder;

use std::collections::VecDeque;

use super::{Algorithm, AlgorithmDescription, TellError, TrialNumbers, error::check_finite};
use crate::by_id::MapById;
use crate::objective::Objective;
use crate::population::Population;
use crate::randomness::Stream;
use crate::replacement::Replacement;
use crate::selection::Selection;
use crate::space::{Genotype, Mutation, SearchSpace};
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
/// A warm start ([`EvolutionBuilder::initial`]) proposes given genotypes before any random ones.
#[derive(Debug)]
pub struct Evolution<G> {
    space: Box<dyn SearchSpace<Genotype = G>>,
    mutation: Box<dyn Mutation<G>>,
    selection: Box<dyn Selection<G>>,
    replacement: Box<dyn Replacement<G>>,
    population_size: usize,
    objectives: Vec<Objective>,
    initial: VecDeque<G>,
    description: AlgorithmDescription,
    population: Population<G>,
    rng: Stream,
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
    /// The join numbers of the sample that its parent won.
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
        self.random_in_flight += 1;
        self.register(None, genotype, Vec::new())
    }

    fn ask_child(&mut self) -> Trial<G> {
        self.sample.clear();
        let parent = self
            .selection
            .select(&self.population, &mut self.rng, &mut self.sample);
        let mut sample = self.spare_samples.pop().unwrap_or_default();
        sample.extend(
            self.sample
                .iter()
                .map(|&position| self.population.member(position).joined),
        );
        let parent = self.population.member(parent);
        let genotype = self.mutation.mutate(&parent.genotype, &mut self.rng);
        let parent = parent.trial;
        self.register(Some(parent), genotype, sample)
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

    fn recycle(&mut self, mut sample: Vec<u64>) {
        if sample.capacity() > 0 {
            sample.clear();
            self.spare_samples.push(sample);
        }
    }

    fn register(&mut self, parent: Option<TrialId>, genotype: G, sample: Vec<u64>) -> Trial<G> {
        let trial = self.numbers.trial(parent, genotype.clone());
        self.in_flight.insert(
            trial.id,
            PendingTrial {
                genotype,
                random: parent.is_none(),
                sample,
            },
        );
        trial
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
        if let Some(fitness) = outcome.fitness() {
            self.population.join(id, fitness, figures, landed.genotype);
            if self.population.len() > self.population_size {
                let leaves = self.replacement.leaves(&self.population, &landed.sample);
                self.population.leave(leaves);
            }
        }
        self.recycle(landed.sample);
        Ok(())
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
