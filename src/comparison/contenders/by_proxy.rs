//! Contenders that look at untrained networks before they train any.

use std::error::Error;

use serde_json::Value;

use super::recommended::{described_with_redraws, recommended_evolution, redraw};
use crate::algorithm::Algorithm;
use crate::comparison::{Benchmark, Contender, Meter, UntrainedProxy};
use crate::proxy::{BestOf, Proxy, WarmUp};
use crate::search::Duplicates;

/// How many random genotypes there are for each of the first population, and mutants for each child. A score costs about
/// as much as showing a mini-batch to the network.
const CANDIDATES: usize = 10;

/// [`Recommended`](super::Recommended) whose first population is the best of ten times as many random genotypes by a proxy
/// of untrained networks, and in which every child is the best of ten mutants by it. What the scores cost is part of the
/// cost of the evaluations.
///
/// It takes part where the benchmark has the proxy ([`Benchmark::untrained_proxy`]): `TrainingBenchmark`, with the feature
/// `burn`.
#[derive(Clone, Copy, Debug)]
pub struct EvolutionByProxy(UntrainedProxy);

impl EvolutionByProxy {
    /// Evolution that prefers what scores high by this proxy.
    #[must_use]
    pub const fn new(proxy: UntrainedProxy) -> Self {
        Self(proxy)
    }

    fn proxy<B: Benchmark>(
        self,
        benchmark: &B,
        meter: &Meter,
    ) -> Result<Box<dyn Proxy<B::Genotype>>, Box<dyn Error + Send + Sync>> {
        let proxy = benchmark.untrained_proxy(self.0, meter);
        Ok(proxy.ok_or("the benchmark has no such proxy of untrained networks")?)
    }
}

impl<B: Benchmark> Contender<B> for EvolutionByProxy {
    /// `evolution-by-synflow`, `evolution-by-gradient-norm`, `evolution-by-low-gradient-norm` or
    /// `evolution-by-jacobian-covariance`.
    fn name(&self) -> &str {
        match self.0 {
            UntrainedProxy::Synflow => "evolution-by-synflow",
            UntrainedProxy::GradientNorm => "evolution-by-gradient-norm",
            UntrainedProxy::LowGradientNorm => "evolution-by-low-gradient-norm",
            UntrainedProxy::JacobianCovariance => "evolution-by-jacobian-covariance",
        }
    }

    fn algorithm(
        &self,
        benchmark: &B,
        seed: u64,
    ) -> Result<Box<dyn Algorithm<B::Genotype>>, Box<dyn Error + Send + Sync>> {
        self.metered_algorithm(benchmark, seed, &Meter::new())
    }

    fn metered_algorithm(
        &self,
        benchmark: &B,
        seed: u64,
        meter: &Meter,
    ) -> Result<Box<dyn Algorithm<B::Genotype>>, Box<dyn Error + Send + Sync>> {
        let proxy = self.proxy(benchmark, meter)?;
        let mutation = BestOf::new(CANDIDATES, benchmark.mutation(), proxy)?;
        let drawn = CANDIDATES.saturating_mul(benchmark.recommended_population());
        let evolution = recommended_evolution(benchmark, mutation, seed)
            .warm_up(WarmUp::new(drawn, self.proxy(benchmark, meter)?))
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
