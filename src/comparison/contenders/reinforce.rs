//! REINFORCE.

use std::error::Error;

use crate::algorithm::{self, Algorithm};
use crate::comparison::{Benchmark, Contender};
use crate::space::CategoricalSpace;

/// REINFORCE with one softmax for each decision, and the default settings of
/// [`algorithm::Reinforce`](crate::algorithm::Reinforce).
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Reinforce;

impl Reinforce {
    /// REINFORCE.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}

impl<B: Benchmark<Space: CategoricalSpace>> Contender<B> for Reinforce {
    /// `reinforce`.
    fn name(&self) -> &str {
        "reinforce"
    }

    fn algorithm(
        &self,
        benchmark: &B,
        seed: u64,
    ) -> Result<Box<dyn Algorithm<B::Genotype>>, Box<dyn Error + Send + Sync>> {
        let reinforce = algorithm::Reinforce::builder(benchmark.space())
            .reward_scale(benchmark.reward_scale())
            .seed(seed)
            .build()?;
        Ok(Box::new(reinforce))
    }
}
