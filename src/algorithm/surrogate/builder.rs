//! Builds a [`SurrogateSearch`].

use std::collections::{BTreeMap, HashSet};

use super::SurrogateSearch;
use super::settings::SurrogateSettings;
use crate::algorithm::policy_settings::checked_counts;
use crate::algorithm::{AlgorithmDescription, AlgorithmError};
use crate::description;
use crate::randomness::algorithm_rng;
use crate::space::{CategoricalSpace, Genotype, Mutation};

/// Builds a [`SurrogateSearch`]; see [`SurrogateSearch::builder`].
#[derive(Debug)]
pub struct SurrogateSearchBuilder<G> {
    space: Box<dyn CategoricalSpace<Genotype = G>>,
    mutation: Box<dyn Mutation<G>>,
    settings: SurrogateSettings,
    seed: u64,
}

impl<G: Genotype> SurrogateSearch<G> {
    /// Builds a surrogate search in `space`, whose candidates are made by `mutation`. The seed is 0 by default.
    pub fn builder(
        space: impl CategoricalSpace<Genotype = G> + 'static,
        mutation: impl Mutation<G> + 'static,
    ) -> SurrogateSearchBuilder<G> {
        SurrogateSearchBuilder {
            space: Box::new(space),
            mutation: Box::new(mutation),
            settings: SurrogateSettings::default(),
            seed: 0,
        }
    }
}

impl<G: Genotype> SurrogateSearchBuilder<G> {
    /// How many random genotypes come first; 10 by default.
    #[must_use]
    pub fn initial_trials(mut self, trials: usize) -> Self {
        self.settings.initial_trials = trials;
        self
    }

    /// How many of the best genotypes so far are mutated; 10 by default.
    #[must_use]
    pub fn parents(mut self, parents: usize) -> Self {
        self.settings.parents = parents;
        self
    }

    /// How many candidates the forest judges for a trial; 100 by default.
    #[must_use]
    pub fn candidates(mut self, candidates: usize) -> Self {
        self.settings.candidates = candidates;
        self
    }

    /// The number of trees; 20 by default.
    #[must_use]
    pub fn trees(mut self, trees: usize) -> Self {
        self.settings.trees = trees;
        self
    }

    /// The factor of the trees' deviation in the draws that decide between candidates: 1, the default, is Thompson
    /// sampling, and 0 takes the candidate with the highest prediction.
    #[must_use]
    pub fn exploration(mut self, factor: f64) -> Self {
        self.settings.exploration = factor;
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
    /// [`AlgorithmError`] if the space has nothing to decide or a setting is out of its range.
    pub fn build(self) -> Result<SurrogateSearch<G>, AlgorithmError> {
        let settings = self.settings.checked()?;
        let alternatives = checked_counts(self.space.alternative_counts())?;
        let mut algorithm = description::named("SurrogateSearch", &settings);
        algorithm["mutation"] = self.mutation.describe();
        Ok(SurrogateSearch {
            description: AlgorithmDescription {
                space: self.space.describe(),
                algorithm,
            },
            space: self.space,
            alternatives,
            mutation: self.mutation,
            settings,
            rng: algorithm_rng(self.seed),
            seed: self.seed,
            random_proposed: 0,
            random_in_flight: HashSet::new(),
            proposed: HashSet::new(),
            observations: BTreeMap::new(),
            evaluated: Vec::new(),
            forest: None,
        })
    }
}
