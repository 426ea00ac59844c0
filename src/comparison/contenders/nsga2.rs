//! Evolution by two objectives.

use std::error::Error;

use serde_json::Value;

use super::recommended::{described_with_redraws, recommended_evolution, redraw};
use crate::algorithm::Algorithm;
use crate::comparison::{Benchmark, Contender, MULTIPLY_ADDS};
use crate::objective::Objective;
use crate::replacement::WorstOfPopulation;
use crate::search::Duplicates;

/// The tournament of NSGA-II is binary.
const SAMPLE: usize = 2;

/// NSGA-II (Deb et al. 2002) with accuracy and multiply-adds as objectives, one child at a time: parents win binary
/// tournaments by the ranks and crowding distances in the whole population, whose worst member leaves by the same order.
///
/// It looks for a front, of which a comparison judges the end that has the highest fitness. What it falls behind a search
/// for fitness alone is the price of the rest of the front. It evaluates no network twice, and takes part where genotypes
/// are networks.
///
/// ```
/// use evonas::comparison::contenders::{Nsga2, Recommended};
/// use evonas::comparison::{BitsBenchmark, Comparison, Setup};
///
/// let bits = BitsBenchmark::default();
/// let comparison = Comparison::builder(&bits).contender(Recommended::new()).contender(Nsga2::new());
/// // Bits are no networks.
/// assert!(comparison.setup(Setup::new(&bits).runs(1)).run().is_err());
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[must_use]
pub struct Nsga2;

impl Nsga2 {
    /// NSGA-II with the population size that serves best on the benchmark.
    pub const fn new() -> Self {
        Self
    }
}

impl<B: Benchmark> Contender<B> for Nsga2 {
    /// `nsga2`.
    fn name(&self) -> &str {
        "nsga2"
    }

    fn algorithm(
        &self,
        benchmark: &B,
        seed: u64,
    ) -> Result<Box<dyn Algorithm<B::Genotype>>, Box<dyn Error + Send + Sync>> {
        if benchmark.cost_model().is_none() {
            return Err(
                "the genotypes of the benchmark aren't networks, so they have no size".into(),
            );
        }
        let evolution =
            recommended_evolution(benchmark, benchmark.space(), benchmark.mutation(), seed)
                .sample(SAMPLE)
                .pareto([Objective::fitness(), Objective::minimize(MULTIPLY_ADDS)])
                .replacement(WorstOfPopulation)
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
