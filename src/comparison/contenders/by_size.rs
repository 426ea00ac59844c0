//! Contenders that favor large networks: the controls for every other proxy.

use std::error::Error;

use serde_json::Value;

use super::recommended::{
    described_with_redraws, described_with_space, recommended_evolution, redraw,
};
use crate::algorithm::{Algorithm, EvolutionBuilder, RandomSearch};
use crate::comparison::{Benchmark, Contender};
use crate::network::{MultiplyAddCount, ParameterCount};
use crate::proxy::{BestOf, Proxy, WarmUp};
use crate::search::Duplicates;
use crate::space::Mutation;

/// How many random genotypes there are for each that is evaluated.
const RANDOM_CANDIDATES: usize = 100;
/// How many mutants there are for each that is evaluated.
const MUTANTS: usize = 10;

type OfNetworks<B> = Box<dyn Proxy<<B as Benchmark>::Genotype>>;
type LargeNetworks<B> = (
    BestOf<<B as Benchmark>::Space, OfNetworks<B>>,
    BestOf<Box<dyn Mutation<<B as Benchmark>::Genotype>>, OfNetworks<B>>,
);

/// What the size of a network is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SizeProxy {
    /// Its multiply-adds for one image.
    MultiplyAdds,
    /// Its trainable parameters.
    Parameters,
}

impl SizeProxy {
    fn of<B: Benchmark>(
        self,
        benchmark: &B,
    ) -> Result<Box<dyn Proxy<B::Genotype>>, Box<dyn Error + Send + Sync>> {
        let model = benchmark
            .cost_model()
            .ok_or("the genotypes of the benchmark aren't networks, so they have no size")?;
        Ok(match self {
            Self::MultiplyAdds => Box::new(MultiplyAddCount::new(model)),
            Self::Parameters => Box::new(ParameterCount::new(model)),
        })
    }
}

/// Recommended evolution that favors large networks.
pub(super) fn evolution_by_size<B: Benchmark>(
    benchmark: &B,
    proxy: SizeProxy,
    seed: u64,
) -> Result<EvolutionBuilder<B::Genotype>, Box<dyn Error + Send + Sync>> {
    let mutation = BestOf::new(MUTANTS, benchmark.mutation(), proxy.of(benchmark)?)?;
    let drawn = RANDOM_CANDIDATES.saturating_mul(benchmark.recommended_population());
    let warm_up = WarmUp::new(drawn, proxy.of(benchmark)?);
    let evolution = recommended_evolution(benchmark, benchmark.space(), mutation, seed);
    Ok(evolution.warm_up(warm_up))
}

/// A space and a mutation of large networks.
pub(super) fn large<B: Benchmark>(
    benchmark: &B,
    proxy: SizeProxy,
) -> Result<LargeNetworks<B>, Box<dyn Error + Send + Sync>> {
    Ok((
        BestOf::new(RANDOM_CANDIDATES, benchmark.space(), proxy.of(benchmark)?)?,
        BestOf::new(MUTANTS, benchmark.mutation(), proxy.of(benchmark)?)?,
    ))
}

/// Random search whose every genotype is the largest of a hundred random ones, and which evaluates no network twice.
#[derive(Clone, Copy, Debug)]
pub struct RandomBySize(SizeProxy);

impl RandomBySize {
    /// Random search for large networks.
    #[must_use]
    pub const fn new(proxy: SizeProxy) -> Self {
        Self(proxy)
    }
}

/// [`Recommended`](super::Recommended) whose first population is the largest of a hundred times as many random
/// genotypes, and in which every child is the largest of ten mutants.
#[derive(Clone, Copy, Debug)]
pub struct EvolutionBySize(SizeProxy);

impl EvolutionBySize {
    /// Evolution that favors large networks.
    #[must_use]
    pub const fn new(proxy: SizeProxy) -> Self {
        Self(proxy)
    }
}

impl<B: Benchmark> Contender<B> for RandomBySize {
    /// `random-by-multiply-adds` or `random-by-parameters`.
    fn name(&self) -> &str {
        match self.0 {
            SizeProxy::MultiplyAdds => "random-by-multiply-adds",
            SizeProxy::Parameters => "random-by-parameters",
        }
    }

    fn algorithm(
        &self,
        benchmark: &B,
        seed: u64,
    ) -> Result<Box<dyn Algorithm<B::Genotype>>, Box<dyn Error + Send + Sync>> {
        let proxy = self.0.of(benchmark)?;
        let space = BestOf::new(RANDOM_CANDIDATES, benchmark.space(), proxy)?;
        Ok(Box::new(RandomSearch::new(space, seed)))
    }

    fn duplicates(&self) -> Duplicates {
        redraw()
    }

    /// Random search is described by its space, in which the proxy is.
    fn describe(&self, benchmark: &B) -> Result<Value, Box<dyn Error + Send + Sync>> {
        described_with_space(self, benchmark)
    }
}

impl<B: Benchmark> Contender<B> for EvolutionBySize {
    /// `evolution-by-multiply-adds` or `evolution-by-parameters`.
    fn name(&self) -> &str {
        match self.0 {
            SizeProxy::MultiplyAdds => "evolution-by-multiply-adds",
            SizeProxy::Parameters => "evolution-by-parameters",
        }
    }

    fn algorithm(
        &self,
        benchmark: &B,
        seed: u64,
    ) -> Result<Box<dyn Algorithm<B::Genotype>>, Box<dyn Error + Send + Sync>> {
        Ok(Box::new(
            evolution_by_size(benchmark, self.0, seed)?.build()?,
        ))
    }

    fn duplicates(&self) -> Duplicates {
        redraw()
    }

    fn describe(&self, benchmark: &B) -> Result<Value, Box<dyn Error + Send + Sync>> {
        described_with_redraws(self, benchmark)
    }
}
