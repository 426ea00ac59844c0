//! Random search.

use std::error::Error;

use crate::algorithm::{Algorithm, RandomSearch};
use crate::comparison::{Benchmark, Contender};

/// Random search, the baseline.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Random;

impl Random {
    /// Random search.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}

impl<B: Benchmark> Contender<B> for Random {
    /// `random`.
    fn name(&self) -> &str {
        "random"
    }

    fn algorithm(
        &self,
        benchmark: &B,
        seed: u64,
    ) -> Result<Box<dyn Algorithm<B::Genotype>>, Box<dyn Error + Send + Sync>> {
        Ok(Box::new(RandomSearch::new(benchmark.space(), seed)))
    }
}
