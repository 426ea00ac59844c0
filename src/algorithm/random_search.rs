//! Random search, the baseline for other algorithms.

use super::{Algorithm, AlgorithmDescription, Proposal, TellError};
use crate::description;
use crate::randomness::{Stream, algorithm_rng};
use crate::space::{Genotype, SearchSpace};
use crate::trial::{Outcome, Trial, TrialId};

/// Draws every genotype independently from the space, as evolution draws its first population.
#[derive(Debug)]
pub struct RandomSearch<G> {
    space: Box<dyn SearchSpace<Genotype = G>>,
    rng: Stream,
    seed: u64,
    description: AlgorithmDescription,
}

impl<G: Genotype> RandomSearch<G> {
    /// Random search in `space` with a root seed.
    pub fn new(space: impl SearchSpace<Genotype = G> + 'static, seed: u64) -> Self {
        let description = AlgorithmDescription {
            space: space.describe(),
            algorithm: description::named("RandomSearch", &()),
        };
        Self {
            description,
            space: Box::new(space),
            rng: algorithm_rng(seed),
            seed,
        }
    }
}

impl<G: Genotype> Algorithm<G> for RandomSearch<G> {
    fn propose(&mut self, _: TrialId) -> Proposal<G> {
        Proposal::random(self.space.sample(&mut self.rng))
    }

    fn learn(&mut self, _: &Trial<G>, _: &Outcome) -> Result<(), TellError> {
        Ok(())
    }

    fn seed(&self) -> u64 {
        self.seed
    }

    fn describe(&self) -> AlgorithmDescription {
        self.description.clone()
    }
}
