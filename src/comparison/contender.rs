//! The algorithms that are compared.

use std::fmt;
use std::str::FromStr;

use super::{Benchmark, ComparisonError, Setup};
use crate::algorithm::{Algorithm, Evolution, RandomSearch, Reinforce};

/// An algorithm that takes part in comparisons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Contender {
    /// Aging (regularized) evolution.
    Aging,
    /// Non-aging evolution: the worst of the sample leaves.
    NonAging,
    /// Random search.
    Random,
    /// REINFORCE with one softmax per decision.
    Reinforce,
    /// PPO of an LSTM controller, the paper's baseline. Needs the feature `burn`.
    Ppo,
}

impl Contender {
    /// All of them. A run's seed depends on its algorithm's place in this list.
    pub const ALL: [Self; 5] = [
        Self::Aging,
        Self::NonAging,
        Self::Random,
        Self::Reinforce,
        Self::Ppo,
    ];

    /// Those that take microseconds a trial and no Burn: all but PPO, whose controller takes
    /// milliseconds.
    pub const QUICK: [Self; 4] = [Self::Aging, Self::NonAging, Self::Random, Self::Reinforce];

    /// The name, as command lines and files have it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Aging => "aging",
            Self::NonAging => "non-aging",
            Self::Random => "random",
            Self::Reinforce => "reinforce",
            Self::Ppo => "ppo",
        }
    }

    /// The algorithm on a benchmark, from a seed.
    pub(super) fn algorithm<B: Benchmark>(
        self,
        benchmark: &B,
        setup: &Setup,
        seed: u64,
    ) -> Result<Box<dyn Algorithm<B::Genotype>>, ComparisonError> {
        let Setup {
            population, sample, ..
        } = *setup;
        let (space, mutation) = (benchmark.space(), benchmark.mutation());
        Ok(match self {
            Self::Aging => Box::new(
                Evolution::builder(space, mutation)
                    .population(population)
                    .sample(sample)
                    .seed(seed)
                    .build()?,
            ),
            Self::NonAging => Box::new(
                Evolution::builder(space, mutation)
                    .population(population)
                    .sample(sample)
                    .seed(seed)
                    .non_aging()
                    .build()?,
            ),
            Self::Random => Box::new(RandomSearch::new(space, seed)),
            Self::Reinforce => Box::new(
                Reinforce::builder(space)
                    .reward_scale(benchmark.reward_scale())
                    .seed(seed)
                    .build()?,
            ),
            Self::Ppo => ppo(benchmark, seed)?,
        })
    }
}

/// Its rewards are shares, as in the paper, beside which the entropy bonus has its weight.
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

impl fmt::Display for Contender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A name that is no algorithm of comparisons.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no algorithm '{name}'; there are {known}", name = .0, known = known())]
pub struct UnknownContender(String);

fn known() -> String {
    Contender::ALL.map(Contender::name).join(", ")
}

impl FromStr for Contender {
    type Err = UnknownContender;

    fn from_str(text: &str) -> Result<Self, UnknownContender> {
        Self::ALL
            .into_iter()
            .find(|contender| contender.name() == text)
            .ok_or_else(|| UnknownContender(text.to_owned()))
    }
}
