//! Search by a surrogate.

use std::error::Error;

use serde_json::Value;

use super::recommended::{described_with_redraws, redraw};
use crate::algorithm::{Algorithm, SurrogateSearch};
use crate::comparison::{Benchmark, Contender};
use crate::search::Duplicates;
use crate::space::CategoricalSpace;

/// [`SurrogateSearch`] with its default settings, which evaluates no network twice.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Surrogate;

impl Surrogate {
    /// Search by a surrogate.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}

impl<B: Benchmark<Space: CategoricalSpace>> Contender<B> for Surrogate {
    /// `surrogate`.
    fn name(&self) -> &str {
        "surrogate"
    }

    fn algorithm(
        &self,
        benchmark: &B,
        seed: u64,
    ) -> Result<Box<dyn Algorithm<B::Genotype>>, Box<dyn Error + Send + Sync>> {
        let surrogate = SurrogateSearch::builder(benchmark.space(), benchmark.mutation())
            .seed(seed)
            .build()?;
        Ok(Box::new(surrogate))
    }

    fn duplicates(&self) -> Duplicates {
        redraw()
    }

    fn describe(&self, benchmark: &B) -> Result<Value, Box<dyn Error + Send + Sync>> {
        described_with_redraws(self, benchmark)
    }
}
