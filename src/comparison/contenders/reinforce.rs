//! REINFORCE.

use std::error::Error;

use crate::algorithm::{Algorithm, Reinforce};
use crate::comparison::{Benchmark, Contender};
use crate::space::CategoricalSpace;

/// REINFORCE with one softmax for each decision, and the default settings of
/// [`Reinforce`].
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ReinforceContender;

impl ReinforceContender {
    /// REINFORCE.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}

impl<B: Benchmark<Space: CategoricalSpace>> Contender<B> for ReinforceContender {
    /// `reinforce`.
    fn name(&self) -> &str {
        "reinforce"
    }

    fn algorithm(
        &self,
        benchmark: &B,
        seed: u64,
    ) -> Result<Box<dyn Algorithm<B::Genotype>>, Box<dyn Error + Send + Sync>> {
        let reinforce = Reinforce::builder(benchmark.space())
            .reward_scale(benchmark.reward_scale())
            .seed(seed)
            .build()?;
        Ok(Box::new(reinforce))
    }
}
