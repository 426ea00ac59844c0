//! Simulated annealing (Kirkpatrick et al. 1983).

mod builder;
mod settings;

pub use builder::SimulatedAnnealingBuilder;

use rand::RngExt;

use super::{Algorithm, AlgorithmDescription, Proposal, TellError};
use crate::randomness::Stream;
use crate::space::{Genotype, Mutation, SearchSpace};
use crate::trial::{Outcome, Trial, TrialId};
use settings::CoolingSettings;

/// Mutates one genotype, and moves to the mutant if it is better, or if it is worse by `d` with the probability
/// `exp(-d / T)`. The temperature `T`, in units of the fitness, falls with every trial by the same factor, from the
/// initial to the final one (Kirkpatrick, Gelatt and Vecchi, "Optimization by Simulated Annealing", 1983).
///
/// In an asynchronous search, a mutant is compared with the genotype that is current when its trial ends. A trial
/// without a fitness counts for the temperature only. So does one that was stopped early: what it reported doesn't compare
/// with a fitness. Inside a [`Promotion`](super::Promotion) it moves to mutants that were promoted to the full evaluation,
/// and is random search before the first of them.
///
/// ```
/// use evonas::prelude::*;
///
/// let ones = |bits: &Vec<bool>, _: &Context<'_>| {
///     Ok(Evaluation::new(bits.iter().filter(|&&bit| bit).count() as f64))
/// };
/// let annealing = SimulatedAnnealing::builder(BitsSpace { length: 20 }, FlipOneBit)
///     .initial_temperature(5.0)
///     .final_temperature(0.1)
///     .cooling_trials(300)
///     .build()?;
/// let result = Search::new(annealing, Serial::new(ones), Budget::trials(600)).run()?;
/// assert_eq!(result.best().and_then(|best| best.fitness()), Some(20.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct SimulatedAnnealing<G> {
    space: Box<dyn SearchSpace<Genotype = G>>,
    mutation: Box<dyn Mutation<G>>,
    settings: CoolingSettings,
    rng: Stream,
    seed: u64,
    description: AlgorithmDescription,
    /// The number of trials that have ended.
    ended: u64,
    current: Option<CurrentState<G>>,
}

#[derive(Debug)]
struct CurrentState<G> {
    fitness: f64,
    trial: TrialId,
    genotype: G,
}

impl<G: Genotype> SimulatedAnnealing<G> {
    /// The present temperature.
    #[must_use]
    pub fn temperature(&self) -> f64 {
        self.settings.temperature(self.ended)
    }

    fn accepts(&mut self, fitness: f64) -> bool {
        let temperature = self.temperature();
        match &self.current {
            Some(current) if fitness < current.fitness => {
                let chance = ((fitness - current.fitness) / temperature).exp();
                self.rng.random::<f64>() < chance
            }
            _ => true,
        }
    }
}

impl<G: Genotype> Algorithm<G> for SimulatedAnnealing<G> {
    fn propose(&mut self, _: TrialId) -> Proposal<G> {
        match &self.current {
            Some(current) => {
                let mutant = self.mutation.mutate(&current.genotype, &mut self.rng);
                Proposal::child(current.trial, mutant)
            }
            None => Proposal::random(self.space.sample(&mut self.rng)),
        }
    }

    fn learn(&mut self, trial: &Trial<G>, outcome: &Outcome) -> Result<(), TellError> {
        if let Some(fitness) = outcome.fitness()
            && self.accepts(fitness)
        {
            self.current = Some(CurrentState {
                fitness,
                trial: trial.id,
                genotype: trial.genotype.clone(),
            });
        }
        self.ended += 1;
        Ok(())
    }

    fn seed(&self) -> u64 {
        self.seed
    }

    fn describe(&self) -> AlgorithmDescription {
        self.description.clone()
    }
}
