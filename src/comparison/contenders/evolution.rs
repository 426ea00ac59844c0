//! Evolution, aging and not.

use std::error::Error;

use crate::algorithm::{Algorithm, Evolution, EvolutionBuilder};
use crate::comparison::{Benchmark, Contender};

/// Aging (regularized) evolution: the oldest is removed.
///
/// ```
/// use evonas::comparison::contenders::{Aging, NonAging};
/// use evonas::comparison::{BitsBenchmark, Comparison, Setup};
///
/// let benchmark = BitsBenchmark::default();
/// let comparison = Comparison::builder(&benchmark)
///     .contender(Aging::new().population(50))
///     .contender(NonAging::new().population(50))
///     .setup(Setup::new(&benchmark).runs(3))
///     .run()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Aging(Sizes);

/// Non-aging evolution: the worst of the sample is removed.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct NonAging(Sizes);

/// Evolution's sizes where they aren't the benchmark's usual ones.
#[derive(Clone, Debug, Default)]
struct Sizes {
    population: Option<usize>,
    sample: Option<usize>,
}

impl Sizes {
    fn evolution<B: Benchmark>(&self, benchmark: &B, seed: u64) -> EvolutionBuilder<B::Genotype> {
        Evolution::builder(benchmark.space(), benchmark.mutation())
            .population(self.population.unwrap_or_else(|| benchmark.population()))
            .sample(self.sample.unwrap_or_else(|| benchmark.sample()))
            .seed(seed)
    }
}

impl Aging {
    /// Aging evolution with the benchmark's usual sizes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the population size `P`.
    pub fn population(mut self, population: usize) -> Self {
        self.0.population = Some(population);
        self
    }

    /// Sets the tournament size `S`.
    pub fn sample(mut self, sample: usize) -> Self {
        self.0.sample = Some(sample);
        self
    }
}

impl NonAging {
    /// Non-aging evolution with the benchmark's usual sizes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the population size `P`.
    pub fn population(mut self, population: usize) -> Self {
        self.0.population = Some(population);
        self
    }

    /// Sets the tournament size `S`.
    pub fn sample(mut self, sample: usize) -> Self {
        self.0.sample = Some(sample);
        self
    }
}

impl<B: Benchmark> Contender<B> for Aging {
    /// `aging`.
    fn name(&self) -> &str {
        "aging"
    }

    fn algorithm(
        &self,
        benchmark: &B,
        seed: u64,
    ) -> Result<Box<dyn Algorithm<B::Genotype>>, Box<dyn Error + Send + Sync>> {
        Ok(Box::new(self.0.evolution(benchmark, seed).build()?))
    }
}

impl<B: Benchmark> Contender<B> for NonAging {
    /// `non-aging`.
    fn name(&self) -> &str {
        "non-aging"
    }

    fn algorithm(
        &self,
        benchmark: &B,
        seed: u64,
    ) -> Result<Box<dyn Algorithm<B::Genotype>>, Box<dyn Error + Send + Sync>> {
        let evolution = self.0.evolution(benchmark, seed).non_aging();
        Ok(Box::new(evolution.build()?))
    }
}
