//! Builds a [`SimulatedAnnealing`].

use super::SimulatedAnnealing;
use super::settings::CoolingSettings;
use crate::algorithm::{AlgorithmDescription, AlgorithmError};
use crate::description;
use crate::randomness::algorithm_rng;
use crate::space::{Genotype, Mutation, SearchSpace};

/// Builds a [`SimulatedAnnealing`]; see [`SimulatedAnnealing::builder`].
#[derive(Debug)]
pub struct SimulatedAnnealingBuilder<G> {
    space: Box<dyn SearchSpace<Genotype = G>>,
    mutation: Box<dyn Mutation<G>>,
    settings: CoolingSettings,
    seed: u64,
}

impl<G: Genotype> SimulatedAnnealing<G> {
    /// Builds simulated annealing in `space`, which begins with a random genotype and moves by `mutation`. The
    /// default temperatures, from 0.02 to 0.002 in a hundred trials, suit an accuracy from 0 to 1. The seed is 0 by
    /// default.
    pub fn builder(
        space: impl SearchSpace<Genotype = G> + 'static,
        mutation: impl Mutation<G> + 'static,
    ) -> SimulatedAnnealingBuilder<G> {
        SimulatedAnnealingBuilder {
            space: Box::new(space),
            mutation: Box::new(mutation),
            settings: CoolingSettings::default(),
            seed: 0,
        }
    }
}

impl<G: Genotype> SimulatedAnnealingBuilder<G> {
    /// The temperature at the beginning, in units of the fitness; 0.02 by default.
    #[must_use]
    pub fn initial_temperature(mut self, temperature: f64) -> Self {
        self.settings.initial_temperature = temperature;
        self
    }

    /// The temperature at the end, at most the initial one; 0.002 by default.
    #[must_use]
    pub fn final_temperature(mut self, temperature: f64) -> Self {
        self.settings.final_temperature = temperature;
        self
    }

    /// After how many trials the final temperature is reached; 100 by default.
    #[must_use]
    pub fn cooling_trials(mut self, trials: u64) -> Self {
        self.settings.cooling_trials = trials;
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
    /// [`AlgorithmError::OutOfRange`] if a temperature isn't positive and finite, the final one is higher than the
    /// initial one, or the temperature falls within no trial.
    pub fn build(self) -> Result<SimulatedAnnealing<G>, AlgorithmError> {
        let settings = self.settings.checked()?;
        let mut algorithm = description::named("SimulatedAnnealing", &settings);
        algorithm["mutation"] = self.mutation.describe();
        Ok(SimulatedAnnealing {
            description: AlgorithmDescription {
                space: self.space.describe(),
                algorithm,
            },
            space: self.space,
            mutation: self.mutation,
            settings,
            rng: algorithm_rng(self.seed),
            seed: self.seed,
            ended: 0,
            current: None,
        })
    }
}
