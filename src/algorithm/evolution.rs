//! Evolution, aging or not: Algorithm 1 of Real et al. 2018.

use std::collections::HashMap;

use rand_chacha::ChaCha8Rng;

use super::{Algorithm, TellError, TrialNumbers, check_finite};
use crate::population::Population;
use crate::randomness::algorithm_rng;
use crate::replacement::{Oldest, Replacement, WorstOfSample};
use crate::selection::{Selection, Tournament};
use crate::space::{Genotype, Mutation, SearchSpace};
use crate::trial::{Outcome, Trial, TrialId};

/// Evolution with a population of constant size.
///
/// The first `P` trials are random. Then each cycle draws a sample of the population, mutates the
/// fittest of it, and when the child is told, it joins and one member leaves: the oldest
/// ([`Evolution::aging`], the paper's regularized evolution) or the worst of the sample
/// ([`Evolution::non_aging`]).
///
/// Used asynchronously, `ask` never waits: once `P` random trials are in flight or done it evolves
/// from the members there are, and asks for further random trials only while there is none. A trial
/// without a fitness doesn't join; if it was one of the first, another random one takes its place.
#[derive(Debug)]
pub struct Evolution<G> {
    space: Box<dyn SearchSpace<Genotype = G>>,
    mutation: Box<dyn Mutation<G>>,
    selection: Box<dyn Selection<G>>,
    replacement: Box<dyn Replacement<G>>,
    population_size: usize,
    population: Population<G>,
    rng: ChaCha8Rng,
    numbers: TrialNumbers,
    in_flight: HashMap<TrialId, InFlight<G>>,
    random_in_flight: usize,
    sample: Vec<usize>,
    spare_samples: Vec<Vec<u64>>,
}

#[derive(Debug)]
struct InFlight<G> {
    genotype: G,
    /// Whether it was drawn from the space rather than made from a parent.
    random: bool,
    /// Join numbers of the parent's sample.
    sample: Vec<u64>,
}

/// A configuration that is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EvolutionError {
    /// P = 0.
    #[error("the population size is 0; it must be at least 1")]
    EmptyPopulation,
    /// S = 0.
    #[error("the sample size is 0; it must be at least 1")]
    EmptySample,
    /// S > P.
    #[error(
        "the sample size {sample} exceeds the population size {population}; choose 1 <= sample <= population"
    )]
    SampleExceedsPopulation {
        /// S.
        sample: usize,
        /// P.
        population: usize,
    },
}

impl<G: Genotype> Evolution<G> {
    /// Aging (regularized) evolution: population `P`, tournaments of `S`, the oldest leaves.
    ///
    /// # Errors
    /// [`EvolutionError`] unless `1 <= sample <= population`.
    pub fn aging(
        space: impl SearchSpace<Genotype = G> + 'static,
        mutation: impl Mutation<G> + 'static,
        population: usize,
        sample: usize,
        seed: u64,
    ) -> Result<Self, EvolutionError> {
        EvolutionBuilder::new(space, mutation)
            .population(population)
            .sample(sample)
            .seed(seed)
            .build()
    }

    /// Non-aging evolution (plain tournament selection): the worst of the sample leaves.
    ///
    /// # Errors
    /// [`EvolutionError`] unless `1 <= sample <= population`.
    pub fn non_aging(
        space: impl SearchSpace<Genotype = G> + 'static,
        mutation: impl Mutation<G> + 'static,
        population: usize,
        sample: usize,
        seed: u64,
    ) -> Result<Self, EvolutionError> {
        EvolutionBuilder::new(space, mutation)
            .population(population)
            .sample(sample)
            .seed(seed)
            .replacement(WorstOfSample)
            .build()
    }

    /// The population as it stands.
    #[must_use]
    pub const fn population(&self) -> &Population<G> {
        &self.population
    }

    fn ask_random(&mut self) -> Trial<G> {
        let genotype = self.space.sample(&mut self.rng);
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

    fn register(&mut self, parent: Option<TrialId>, genotype: G, sample: Vec<u64>) -> Trial<G> {
        let trial = self.numbers.trial(parent, genotype.clone());
        self.in_flight.insert(
            trial.id,
            InFlight {
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
        if filling || self.population.is_empty() {
            self.ask_random()
        } else {
            self.ask_child()
        }
    }

    fn tell(&mut self, id: TrialId, outcome: &Outcome) -> Result<(), TellError> {
        check_finite(id, outcome)?;
        let InFlight {
            genotype,
            random,
            mut sample,
        } = self
            .in_flight
            .remove(&id)
            .ok_or(TellError::NotInFlight(id))?;
        if random {
            self.random_in_flight -= 1;
        }
        if let Some(fitness) = outcome.fitness() {
            self.population.join(id, fitness, genotype);
            if self.population.len() > self.population_size {
                let leaves = self.replacement.leaves(&self.population, &sample);
                self.population.leave(leaves);
            }
        }
        if sample.capacity() > 0 {
            sample.clear();
            self.spare_samples.push(sample);
        }
        Ok(())
    }

    fn minimum_trials(&self) -> u64 {
        self.population_size as u64
    }
}

/// Builds an [`Evolution`] of any parts.
#[derive(Debug)]
pub struct EvolutionBuilder<G> {
    space: Box<dyn SearchSpace<Genotype = G>>,
    mutation: Box<dyn Mutation<G>>,
    selection: Option<Box<dyn Selection<G>>>,
    replacement: Box<dyn Replacement<G>>,
    population: usize,
    sample: usize,
    seed: u64,
}

impl<G: Genotype> EvolutionBuilder<G> {
    /// Aging evolution with the paper's population of 100 and samples of 25, and seed 0.
    pub fn new(
        space: impl SearchSpace<Genotype = G> + 'static,
        mutation: impl Mutation<G> + 'static,
    ) -> Self {
        Self {
            space: Box::new(space),
            mutation: Box::new(mutation),
            selection: None,
            replacement: Box::new(Oldest),
            population: 100,
            sample: 25,
            seed: 0,
        }
    }

    /// The population size `P`.
    #[must_use]
    pub fn population(mut self, population: usize) -> Self {
        self.population = population;
        self
    }

    /// The tournament size `S`, for the default selection.
    #[must_use]
    pub fn sample(mut self, sample: usize) -> Self {
        self.sample = sample;
        self
    }

    /// The root seed.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Another selection than a tournament of `S`; the sample size has no meaning then.
    #[must_use]
    pub fn selection(mut self, selection: impl Selection<G> + 'static) -> Self {
        self.selection = Some(Box::new(selection));
        self
    }

    /// Another replacement than the oldest.
    #[must_use]
    pub fn replacement(mut self, replacement: impl Replacement<G> + 'static) -> Self {
        self.replacement = Box::new(replacement);
        self
    }

    /// The algorithm, ready to be asked.
    ///
    /// # Errors
    /// [`EvolutionError`] if `P` is 0, or the default selection is used and not `1 <= S <= P`.
    pub fn build(self) -> Result<Evolution<G>, EvolutionError> {
        let Self {
            population,
            sample,
            seed,
            ..
        } = self;
        if population == 0 {
            return Err(EvolutionError::EmptyPopulation);
        }
        let selection = match self.selection {
            Some(selection) => selection,
            None if sample == 0 => return Err(EvolutionError::EmptySample),
            None if sample > population => {
                return Err(EvolutionError::SampleExceedsPopulation { sample, population });
            }
            None => Box::new(Tournament::new(sample)),
        };
        Ok(Evolution {
            space: self.space,
            mutation: self.mutation,
            selection,
            replacement: self.replacement,
            population_size: population,
            population: Population::default(),
            rng: algorithm_rng(seed),
            numbers: TrialNumbers::new(seed),
            in_flight: HashMap::new(),
            random_in_flight: 0,
            sample: Vec::new(),
            spare_samples: Vec::new(),
        })
    }
}
