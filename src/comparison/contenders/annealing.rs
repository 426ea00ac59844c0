//! Simulated annealing.

use std::error::Error;

use serde_json::Value;

use super::recommended::{described_with_redraws, redraw};
use crate::algorithm::{Algorithm, SimulatedAnnealing};
use crate::comparison::{Benchmark, Contender};
use crate::search::Duplicates;

/// The temperatures at the beginning and at the end, in percent of accuracy.
const INITIAL_PERCENT: f64 = 2.0;
const FINAL_PERCENT: f64 = 0.2;

/// [`SimulatedAnnealing`] that cools from two percent of accuracy to a fifth of a percent in a hundred trials, and
/// evaluates no network twice.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Annealing;

impl Annealing {
    /// Simulated annealing.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}

impl<B: Benchmark> Contender<B> for Annealing {
    /// `annealing`.
    fn name(&self) -> &str {
        "annealing"
    }

    fn algorithm(
        &self,
        benchmark: &B,
        seed: u64,
    ) -> Result<Box<dyn Algorithm<B::Genotype>>, Box<dyn Error + Send + Sync>> {
        let scale = benchmark.reward_scale();
        let annealing = SimulatedAnnealing::builder(benchmark.space(), benchmark.mutation())
            .initial_temperature(INITIAL_PERCENT / scale)
            .final_temperature(FINAL_PERCENT / scale)
            .seed(seed)
            .build()?;
        Ok(Box::new(annealing))
    }

    fn duplicates(&self) -> Duplicates {
        redraw()
    }

    fn describe(&self, benchmark: &B) -> Result<Value, Box<dyn Error + Send + Sync>> {
        described_with_redraws(self, benchmark)
    }
}
