//! Contenders that look at untrained networks before they train any.

use std::error::Error;

use serde_json::Value;

use super::by_size::{SizeProxy, large};
use super::recommended::{
    described_with_redraws, described_with_space, recommended_evolution, redraw,
};
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
#[must_use]
pub struct EvolutionByProxy {
    proxy: UntrainedProxy,
    of_large: bool,
}

impl EvolutionByProxy {
    /// Evolution that prefers what scores high by this proxy.
    pub const fn new(proxy: UntrainedProxy) -> Self {
        Self {
            proxy,
            of_large: false,
        }
    }

    /// Looks at large networks only: each candidate for the first population is the one with the most multiply-adds of a
    /// hundred random genotypes, and each candidate for a child that of ten mutants.
    pub const fn of_large(mut self) -> Self {
        self.of_large = true;
        self
    }

    fn proxy<B: Benchmark>(
        self,
        benchmark: &B,
        meter: &Meter,
    ) -> Result<Box<dyn Proxy<B::Genotype>>, Box<dyn Error + Send + Sync>> {
        let proxy = benchmark.untrained_proxy(self.proxy, meter);
        Ok(proxy.ok_or("the benchmark has no such proxy of untrained networks")?)
    }
}

impl<B: Benchmark> Contender<B> for EvolutionByProxy {
    /// `evolution-by-synflow`, `evolution-by-gradient-norm`, `evolution-by-low-gradient-norm` or
    /// `evolution-by-jacobian-covariance`; with [`EvolutionByProxy::of_large`], `-of-large` follows.
    fn name(&self) -> &str {
        match (self.proxy, self.of_large) {
            (UntrainedProxy::Synflow, false) => "evolution-by-synflow",
            (UntrainedProxy::Synflow, true) => "evolution-by-synflow-of-large",
            (UntrainedProxy::GradientNorm, false) => "evolution-by-gradient-norm",
            (UntrainedProxy::GradientNorm, true) => "evolution-by-gradient-norm-of-large",
            (UntrainedProxy::LowGradientNorm, false) => "evolution-by-low-gradient-norm",
            (UntrainedProxy::LowGradientNorm, true) => "evolution-by-low-gradient-norm-of-large",
            (UntrainedProxy::JacobianCovariance, false) => "evolution-by-jacobian-covariance",
            (UntrainedProxy::JacobianCovariance, true) => {
                "evolution-by-jacobian-covariance-of-large"
            }
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
        let drawn = CANDIDATES.saturating_mul(benchmark.recommended_population());
        let warm_up = WarmUp::new(drawn, self.proxy(benchmark, meter)?);
        let evolution = match self.of_large {
            true => {
                let (space, mutation) = large(benchmark, SizeProxy::MultiplyAdds)?;
                let mutation = BestOf::new(CANDIDATES, mutation, proxy)?;
                recommended_evolution(benchmark, space, mutation, seed)
            }
            false => {
                let mutation = BestOf::new(CANDIDATES, benchmark.mutation(), proxy)?;
                recommended_evolution(benchmark, benchmark.space(), mutation, seed)
            }
        };
        Ok(Box::new(evolution.warm_up(warm_up).build()?))
    }

    fn duplicates(&self) -> Duplicates {
        redraw()
    }

    fn describe(&self, benchmark: &B) -> Result<Value, Box<dyn Error + Send + Sync>> {
        match self.of_large {
            true => described_with_space(self, benchmark),
            false => described_with_redraws(self, benchmark),
        }
    }
}
