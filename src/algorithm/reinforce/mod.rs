//! REINFORCE (Williams 1992), the reinforcement learning baseline.

mod adam;
mod builder;
mod policy;
mod settings;

pub use builder::ReinforceBuilder;

use std::collections::HashMap;
use std::fmt;

use super::baseline::Baseline;
use super::reward::reward;
use super::{Algorithm, AlgorithmDescription, Proposal, TellError};
use crate::randomness::Stream;
use crate::space::{CategoricalSpace, Genotype};
use crate::trial::{Outcome, Trial, TrialId};
use adam::Adam;
use policy::Policy;
use settings::ReinforceSettings;

/// A policy of one softmax distribution per decision of a [`CategoricalSpace`], learned by REINFORCE:
/// every trial with a value is one step of Adam up `(reward - baseline) log p(genotype)`, where the
/// baseline is an exponential moving average of the rewards, including the current one.
///
/// It follows the NATS-Bench script (Dong et al. 2021, `exps/NATS-algos/reinforce.py`), whose
/// settings are the defaults; [`ReinforceBuilder::entropy_bonus`] is an addition.
///
/// In an asynchronous search, proposals are drawn from the current policy, and each outcome updates the
/// policy that is current when it is learned. A trial that was stopped early is rewarded with its
/// last value; one that failed teaches nothing, and neither does one that it didn't draw, such as a promoted one: only
/// good genotypes are promoted, so these are no sample of the policy.
///
/// ```
/// use evonas::prelude::*;
///
/// let ones = |bits: &Vec<bool>, _: &Context<'_>| {
///     Ok(Evaluation::new(bits.iter().filter(|&&bit| bit).count() as f64))
/// };
/// let reinforce = Reinforce::builder(BitsSpace { length: 10 }).build()?;
/// let result = Search::new(reinforce, Serial::new(ones), Budget::trials(1000)).run()?;
/// assert_eq!(result.best().and_then(|best| best.fitness()), Some(10.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Reinforce<G> {
    space: Box<dyn CategoricalSpace<Genotype = G>>,
    settings: ReinforceSettings,
    policy: Policy,
    optimizer: Adam,
    baseline: Baseline,
    rng: Stream,
    seed: u64,
    /// The choices of each trial in flight.
    in_flight: HashMap<TrialId, Vec<usize>>,
    description: AlgorithmDescription,
}

impl<G> fmt::Debug for Reinforce<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reinforce")
            .field("space", &self.space)
            .field("settings", &self.settings)
            .field("in_flight", &self.in_flight.len())
            .finish_non_exhaustive()
    }
}

impl<G: Genotype> Reinforce<G> {
    /// The current probability of every alternative, decision by decision.
    #[must_use]
    pub fn probabilities(&self) -> Vec<Vec<f64>> {
        self.policy.probabilities()
    }

    fn improve(&mut self, choices: &[usize], fitness: f64) {
        let reward = reward(fitness, self.settings.reward_scale);
        let advantage = reward - self.baseline.update(reward);
        let gradient = self
            .policy
            .gradient(choices, advantage, self.settings.entropy_bonus);
        self.optimizer.step(self.policy.logits_mut(), &gradient);
    }
}

impl<G: Genotype> Algorithm<G> for Reinforce<G> {
    fn propose(&mut self, trial: TrialId) -> Proposal<G> {
        let choices = self.policy.sample(&mut self.rng);
        let genotype = self.space.decode(&choices);
        self.in_flight.insert(trial, choices);
        Proposal::random(genotype)
    }

    fn learn(&mut self, trial: &Trial<G>, outcome: &Outcome) -> Result<(), TellError> {
        let drawn = self.in_flight.remove(&trial.id);
        if let (Some(choices), Some(fitness)) = (drawn, outcome.value()) {
            self.improve(&choices, fitness);
        }
        Ok(())
    }

    fn withdraw(&mut self, trial: &Trial<G>) {
        self.in_flight.remove(&trial.id);
    }

    fn seed(&self) -> u64 {
        self.seed
    }

    fn describe(&self) -> AlgorithmDescription {
        self.description.clone()
    }
}
