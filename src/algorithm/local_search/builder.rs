//! Builds a [`LocalSearch`].

use std::collections::HashSet;

use serde_json::json;

use super::LocalSearch;
use crate::algorithm::policy_settings::checked_counts;
use crate::algorithm::{AlgorithmDescription, AlgorithmError};
use crate::randomness::algorithm_rng;
use crate::space::{CategoricalSpace, Genotype};

/// Builds a [`LocalSearch`]; see [`LocalSearch::builder`].
#[derive(Debug)]
pub struct LocalSearchBuilder<G> {
    space: Box<dyn CategoricalSpace<Genotype = G>>,
    first_improvement: bool,
    seed: u64,
}

impl<G: Genotype> LocalSearch<G> {
    /// Builds a local search in `space`. By default, it evaluates whole neighborhoods, and the seed is 0.
    pub fn builder(space: impl CategoricalSpace<Genotype = G> + 'static) -> LocalSearchBuilder<G> {
        LocalSearchBuilder {
            space: Box::new(space),
            first_improvement: false,
            seed: 0,
        }
    }
}

impl<G: Genotype> LocalSearchBuilder<G> {
    /// Moves to the first neighbor that is better, without evaluating the rest of the neighborhood.
    #[must_use]
    pub fn first_improvement(mut self) -> Self {
        self.first_improvement = true;
        self
    }

    /// The root seed; 0 by default.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Builds the algorithm.
    ///
    /// # Errors
    /// [`AlgorithmError`] if the space has nothing to decide.
    pub fn build(self) -> Result<LocalSearch<G>, AlgorithmError> {
        let alternatives = checked_counts(self.space.alternative_counts())?;
        Ok(LocalSearch {
            description: AlgorithmDescription {
                space: self.space.describe(),
                algorithm: json!({
                    "type": "LocalSearch",
                    "first_improvement": self.first_improvement,
                }),
            },
            space: self.space,
            alternatives,
            first_improvement: self.first_improvement,
            rng: algorithm_rng(self.seed),
            seed: self.seed,
            center: None,
            neighbors: Vec::new(),
            in_flight: HashSet::new(),
            best_neighbor: None,
            spare: None,
        })
    }
}
