//! Contenders as algorithms on a benchmark.

use super::benchmark::Benchmark;
use super::contender::Contender;
use super::error::ComparisonError;
use super::setup::Setup;
use crate::algorithm::{Algorithm, Evolution, RandomSearch, ReinforceBuilder};

/// The contender's algorithm on a benchmark, seeded for one run.
pub(super) fn algorithm<B: Benchmark>(
    contender: Contender,
    benchmark: &B,
    setup: &Setup,
    seed: u64,
) -> Result<Box<dyn Algorithm<B::Genotype>>, ComparisonError> {
    let Setup {
        population, sample, ..
    } = *setup;
    let (space, mutation) = (benchmark.space(), benchmark.mutation());
    Ok(match contender {
        Contender::Aging => Box::new(Evolution::aging(space, mutation, population, sample, seed)?),
        Contender::NonAging => Box::new(Evolution::non_aging(
            space, mutation, population, sample, seed,
        )?),
        Contender::Random => Box::new(RandomSearch::new(space, seed)),
        Contender::Reinforce => Box::new(
            ReinforceBuilder::new(space)
                .reward_scale(benchmark.reward_scale())
                .seed(seed)
                .build()?,
        ),
        Contender::Ppo => ppo(benchmark, seed)?,
    })
}

/// PPO's rewards are shares from 0 to 1, as in the paper: the weight of its entropy bonus is relative to
/// those.
#[cfg(feature = "burn")]
fn ppo<B: Benchmark>(
    benchmark: &B,
    seed: u64,
) -> Result<Box<dyn Algorithm<B::Genotype>>, ComparisonError> {
    let ppo = crate::algorithm::PpoBuilder::new(benchmark.space())
        .reward_scale(benchmark.reward_scale() / 100.0)
        .seed(seed)
        .build()?;
    Ok(Box::new(ppo))
}

#[cfg(not(feature = "burn"))]
fn ppo<B: Benchmark>(
    _benchmark: &B,
    _seed: u64,
) -> Result<Box<dyn Algorithm<B::Genotype>>, ComparisonError> {
    Err(ComparisonError::NotBuilt {
        what: "the algorithm ppo",
        feature: "burn",
    })
}
