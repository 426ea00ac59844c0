//! PPO with an LSTM controller.

use std::error::Error;

use crate::algorithm::{Algorithm, Ppo};
use crate::comparison::{Benchmark, Contender};
use crate::space::CategoricalSpace;

/// PPO with an LSTM controller, the paper's baseline, and the default settings of
/// [`Ppo`]. A trial takes milliseconds, not microseconds.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct PpoContender;

impl PpoContender {
    /// PPO.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}

impl<B: Benchmark<Space: CategoricalSpace>> Contender<B> for PpoContender {
    /// `ppo`.
    fn name(&self) -> &str {
        "ppo"
    }

    /// Rewards are shares from 0 to 1, as in the paper: the weight of the entropy bonus is relative to those.
    fn algorithm(
        &self,
        benchmark: &B,
        seed: u64,
    ) -> Result<Box<dyn Algorithm<B::Genotype>>, Box<dyn Error + Send + Sync>> {
        let ppo = Ppo::builder(benchmark.space())
            .reward_scale(benchmark.reward_scale() / 100.0)
            .seed(seed)
            .build()?;
        Ok(Box::new(ppo))
    }
}
