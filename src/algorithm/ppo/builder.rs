//! Builds a [`Ppo`].

use std::collections::HashMap;
use std::fmt;

use burn::module::Module;
use burn::optim::AdamConfig;
use burn::tensor::Device;

use super::Ppo;
use super::controller::Controller;
use super::settings::PpoSettings;
use crate::algorithm::baseline::Baseline;
use crate::algorithm::policy_settings::checked_counts;
use crate::algorithm::{AlgorithmDescription, AlgorithmError};
use crate::description;
use crate::randomness::algorithm_rng;
use crate::space::{CategoricalSpace, Genotype};

/// Builds a [`Ppo`]; see [`Ppo::builder`].
///
/// The defaults are those of Zoph et al. 2018 ("Learning Transferable Architectures for Scalable
/// Image Recognition", appendices A.2 and A.3), with the learning rate that did best in the comparison
/// of Real et al. 2018. Where neither paper states a setting, the default is this crate's choice. Each
/// setting names its source.
///
/// ```
/// use evonas::prelude::*;
///
/// let ones = |bits: &Vec<bool>, _: &Context<'_>| {
///     Ok(Evaluation::new(bits.iter().filter(|&&bit| bit).count() as f64))
/// };
/// let ppo = Ppo::builder(BitsSpace { length: 6 }).hidden_units(16).seed(1).build()?;
/// let result = Search::new(ppo, Serial::new(ones), Budget::trials(60)).run()?;
/// assert_eq!(result.history.len(), 60);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct PpoBuilder<G> {
    space: Box<dyn CategoricalSpace<Genotype = G>>,
    settings: PpoSettings,
    seed: u64,
}

impl<G> fmt::Debug for PpoBuilder<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PpoBuilder")
            .field("space", &self.space)
            .field("settings", &self.settings)
            .field("seed", &self.seed)
            .finish()
    }
}

impl<G: Genotype> Ppo<G> {
    /// Builds PPO in `space`, by default with seed 0.
    pub fn builder(space: impl CategoricalSpace<Genotype = G> + 'static) -> PpoBuilder<G> {
        PpoBuilder::new(space)
    }
}

impl<G: Genotype> PpoBuilder<G> {
    fn new(space: impl CategoricalSpace<Genotype = G> + 'static) -> Self {
        Self {
            space: Box::new(space),
            settings: PpoSettings::default(),
            seed: 0,
        }
    }

    /// The number of hidden units of the LSTM, at most 8192; 100 by default (Zoph et al. 2018).
    #[must_use]
    pub fn hidden_units(mut self, units: usize) -> Self {
        self.settings.hidden_units = units;
        self
    }

    /// Initial weights are drawn uniformly from `-range..range`; 0.1 by default (Zoph et al. 2018).
    #[must_use]
    pub fn weight_range(mut self, range: f64) -> Self {
        self.settings.weight_range = range;
        self
    }

    /// The optimizer's learning rate; 0.0008 by default, the best of the eight that Real et al. 2018
    /// tried (Zoph et al. 2018 use 0.00035). Neither paper names the optimizer. This crate uses Adam
    /// with its customary settings (decay rates 0.9 and 0.999, epsilon 1e-8), after Zoph and Le 2017.
    #[must_use]
    pub fn learning_rate(mut self, rate: f64) -> Self {
        self.settings.learning_rate = rate;
        self
    }

    /// The number of completed trials in a batch, after which the controller learns from them; 20 by
    /// default (Zoph et al. 2018).
    #[must_use]
    pub fn batch(mut self, trials: usize) -> Self {
        self.settings.batch = trials;
        self
    }

    /// The number of optimizer steps on each batch, each on the whole batch; 4 by default. Neither
    /// paper states it: 4 is this crate's choice, and that of the PPO tuner of Microsoft's NNI. Nothing
    /// is clipped in the first step, so with a single pass, clipping only matters for trials drawn
    /// before the last update.
    #[must_use]
    pub fn passes(mut self, passes: usize) -> Self {
        self.settings.passes = passes;
        self
    }

    /// How far the ratio of probabilities may be from 1 before it is clipped; 0.2 by default, as in the
    /// paper on PPO (Schulman et al. 2017). The papers on architecture search don't state it.
    #[must_use]
    pub fn clip(mut self, clip: f64) -> Self {
        self.settings.clip = clip;
        self
    }

    /// The weight that the old baseline keeps when a reward is averaged in; 0.95 by default (Zoph et
    /// al. 2018).
    #[must_use]
    pub fn baseline_momentum(mut self, momentum: f64) -> Self {
        self.settings.baseline_momentum = momentum;
        self
    }

    /// The weight of the policy's entropy (in nats, summed over the decisions) relative to the scaled
    /// reward; 0.00001 by default (Zoph et al. 2018, whose rewards are from 0 to 1).
    #[must_use]
    pub fn entropy_bonus(mut self, weight: f64) -> Self {
        self.settings.entropy_bonus = weight;
        self
    }

    /// The factor from fitness to reward; 1 by default. Adam's steps hardly depend on the scale, so it
    /// only matters relative to the entropy bonus. Rewards are clamped to ±1e12.
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
    pub fn build(self) -> Result<Ppo<G>, AlgorithmError> {
        let settings = self.settings.checked()?;
        let alternatives = checked_counts(self.space.alternative_counts())?;
        let mut rng = algorithm_rng(self.seed);
        let controller = Controller::new(
            &alternatives,
            settings.hidden_units,
            settings.weight_range,
            &mut rng,
            &Device::flex().autodiff(),
        );
        Ok(Ppo {
            description: AlgorithmDescription {
                space: self.space.describe(),
                algorithm: description::named("Ppo", &settings),
            },
            optimizer: AdamConfig::new().with_epsilon(1e-8).init(),
            baseline: Baseline::new(settings.baseline_momentum),
            controller: controller.valid(),
            settings,
            space: self.space,
            rng,
            seed: self.seed,
            in_flight: HashMap::new(),
            lessons: Vec::new(),
        })
    }
}
