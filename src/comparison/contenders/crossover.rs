//! Evolution with a crossover.

use std::error::Error;

use serde_json::Value;

use super::recommended::{described_with_redraws, recommended_evolution, redraw};
use crate::algorithm::Algorithm;
use crate::comparison::{Benchmark, Contender};
use crate::search::Duplicates;

/// [`Recommended`](super::Recommended), in which half of the children have two parents.
///
/// The benchmark must have a [crossover](Benchmark::crossover).
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct WithCrossover {
    probability: f64,
}

impl Default for WithCrossover {
    fn default() -> Self {
        Self { probability: 0.5 }
    }
}

impl WithCrossover {
    /// Evolution with a crossover.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the share of the children that have two parents.
    pub const fn probability(mut self, probability: f64) -> Self {
        self.probability = probability;
        self
    }
}

impl<B: Benchmark> Contender<B> for WithCrossover {
    /// `crossover`.
    fn name(&self) -> &str {
        "crossover"
    }

    fn algorithm(
        &self,
        benchmark: &B,
        seed: u64,
    ) -> Result<Box<dyn Algorithm<B::Genotype>>, Box<dyn Error + Send + Sync>> {
        let crossover = benchmark
            .crossover()
            .ok_or("the benchmark has no crossover")?;
        let evolution =
            recommended_evolution(benchmark, benchmark.space(), benchmark.mutation(), seed)
                .crossover(crossover, self.probability)
                .build()?;
        Ok(Box::new(evolution))
    }

    fn duplicates(&self) -> Duplicates {
        redraw()
    }

    fn describe(&self, benchmark: &B) -> Result<Value, Box<dyn Error + Send + Sync>> {
        described_with_redraws(self, benchmark)
    }
}
