//! Contenders as algorithms on a benchmark.

use super::benchmark::Benchmark;
use super::contender::Contender;
use super::error::ComparisonError;
use super::setup::Setup;
use crate::algorithm::{Algorithm, Evolution, RandomSearch, Reinforce};

/// The contender's algorithm on a benchmark, seeded for one run.
pub(super) fn algorithm<B: Benchmark>(
    contender: Contender,
    benchmark: &B,
    setup: &Setup,
    seed: u64,
) -> Result<Box<dyn Algorithm<B::Genotype>>, ComparisonError> {
    let space = benchmark.space();
    let evolution = |space| {
        Evolution::builder(space, benchmark.mutation())
            .population(setup.population)
            .sample(setup.sample)
            .seed(seed)
    };
    Ok(match contender {
        Contender::Aging => Box::new(evolution(space).build()?),
        Contender::NonAging => Box::new(evolution(space).non_aging().build()?),
        Contender::Random => Box::new(RandomSearch::new(space, seed)),
        Contender::Reinforce => Box::new(
            Reinforce::builder(space)
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
    let ppo = crate::algorithm::Ppo::builder(benchmark.space())
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
