//! Builds a [`Reinforce`].

use std::collections::HashMap;
use std::fmt;

use super::Reinforce;
use super::adam::Adam;
use super::policy::Policy;
use super::settings::ReinforceSettings;
use crate::algorithm::baseline::Baseline;
use crate::algorithm::policy_settings::checked_counts;
use crate::algorithm::{AlgorithmDescription, AlgorithmError};
use crate::description;
use crate::randomness::algorithm_rng;
use crate::space::{CategoricalSpace, Genotype};

/// Builds a [`Reinforce`]; see [`Reinforce::builder`]. The defaults are those of the NATS-Bench script
/// (`exps/NATS-algos/reinforce.py` of D-X-Y/AutoDL-Projects).
///
/// ```
/// use evonas::prelude::*;
///
/// let ones = |bits: &Vec<bool>, _: &Context<'_>| {
///     Ok(Evaluation::new(bits.iter().filter(|&&bit| bit).count() as f64))
/// };
/// let reinforce = Reinforce::builder(BitsSpace { length: 10 }).learning_rate(0.05).seed(1).build()?;
/// let result = Search::new(reinforce, Serial::new(ones), Budget::trials(500)).run()?;
/// assert!(result.best().and_then(|best| best.fitness()) >= Some(9.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct ReinforceBuilder<G> {
    space: Box<dyn CategoricalSpace<Genotype = G>>,
    settings: ReinforceSettings,
    seed: u64,
}

impl<G> fmt::Debug for ReinforceBuilder<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReinforceBuilder")
            .field("space", &self.space)
            .field("settings", &self.settings)
            .field("seed", &self.seed)
            .finish()
    }
}

impl<G: Genotype> Reinforce<G> {
    /// Builds REINFORCE in `space`. The defaults are the script's settings and seed 0.
    pub fn builder(space: impl CategoricalSpace<Genotype = G> + 'static) -> ReinforceBuilder<G> {
        ReinforceBuilder::new(space)
    }
}

impl<G: Genotype> ReinforceBuilder<G> {
    fn new(space: impl CategoricalSpace<Genotype = G> + 'static) -> Self {
        Self {
            space: Box::new(space),
            settings: ReinforceSettings::default(),
            seed: 0,
        }
    }

    /// Adam's learning rate; 0.01 by default.
    #[must_use]
    pub fn learning_rate(mut self, rate: f64) -> Self {
        self.settings.learning_rate = rate;
        self
    }

    /// The weight that the old baseline keeps when a reward is averaged in; 0.9 by default.
    #[must_use]
    pub fn baseline_momentum(mut self, momentum: f64) -> Self {
        self.settings.baseline_momentum = momentum;
        self
    }

    /// The standard deviation of the initial logits; 0.001 by default.
    #[must_use]
    pub fn logit_deviation(mut self, deviation: f64) -> Self {
        self.settings.logit_deviation = deviation;
        self
    }

    /// The weight of the policy's entropy (in nats, summed over the decisions) relative to the scaled
    /// reward; 0 by default, as in the script. A larger bonus keeps the policy from settling early.
    #[must_use]
    pub fn entropy_bonus(mut self, weight: f64) -> Self {
        self.settings.entropy_bonus = weight;
        self
    }

    /// The factor from fitness to reward; 1 by default. The script's rewards are accuracies in percent,
    /// which means 100 for a fitness from 0 to 1. Adam's steps hardly depend on the scale, so it only
    /// matters relative to the entropy bonus. Rewards are clamped to ±1e12.
    #[must_use]
    pub fn reward_scale(mut self, scale: f64) -> Self {
        self.settings.reward_scale = scale;
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
    pub fn build(self) -> Result<Reinforce<G>, AlgorithmError> {
        let settings = self.settings.checked()?;
        let alternatives = checked_counts(self.space.alternative_counts())?;
        let mut rng = algorithm_rng(self.seed);
        let policy = Policy::new(&alternatives, settings.logit_deviation, &mut rng);
        Ok(Reinforce {
            description: AlgorithmDescription {
                space: self.space.describe(),
                algorithm: description::named("Reinforce", &settings),
            },
            optimizer: Adam::new(settings.learning_rate, policy.parameters()),
            baseline: Baseline::new(settings.baseline_momentum),
            policy,
            settings,
            space: self.space,
            rng,
            seed: self.seed,
            in_flight: HashMap::new(),
        })
    }
}
