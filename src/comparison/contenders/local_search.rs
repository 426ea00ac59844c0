//! Local search.

use std::error::Error;

use serde_json::Value;

use super::recommended::{described_with_redraws, redraw};
use crate::algorithm::{Algorithm, LocalSearch};
use crate::comparison::{Benchmark, Contender};
use crate::search::Duplicates;
use crate::space::CategoricalSpace;

/// [`LocalSearch`] over whole neighborhoods, which evaluates no network twice.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct LocalSearchContender;

impl LocalSearchContender {
    /// Local search.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}

impl<B: Benchmark<Space: CategoricalSpace>> Contender<B> for LocalSearchContender {
    /// `local-search`.
    fn name(&self) -> &str {
        "local-search"
    }

    fn algorithm(
        &self,
        benchmark: &B,
        seed: u64,
    ) -> Result<Box<dyn Algorithm<B::Genotype>>, Box<dyn Error + Send + Sync>> {
        let local_search = LocalSearch::builder(benchmark.space()).seed(seed).build()?;
        Ok(Box::new(local_search))
    }

    fn duplicates(&self) -> Duplicates {
        redraw()
    }

    fn describe(&self, benchmark: &B) -> Result<Value, Box<dyn Error + Send + Sync>> {
        described_with_redraws(self, benchmark)
    }
}
