//! The contenders of this crate, and ways to make one from your own algorithm.
//!
//! [`Aging`], [`NonAging`], [`Random`], [`Recommended`] and [`Annealing`] work on every benchmark;
//! [`ReinforceContender`], [`LocalSearchContender`], [`Surrogate`] and `PpoContender` on those whose space is a
//! [`CategoricalSpace`]; [`WithCrossover`] on those with a crossover; [`RandomBySize`], [`EvolutionBySize`] and
//! [`Nsga2`] on those whose genotypes are networks; [`Inheriting`], [`Promoted`], [`PromotedRandom`] and [`EvolutionByProxy`] on those that train them. `PpoContender`
//! needs the feature `burn`.

mod annealing;
mod by_proxy;
mod by_size;
mod cheaper;
mod crossover;
mod custom;
mod evolution;
mod local_search;
mod named;
mod nsga2;
#[cfg(feature = "burn")]
mod ppo;
mod random;
mod recommended;
mod reinforce;
mod surrogate;

pub use annealing::Annealing;
pub use by_proxy::EvolutionByProxy;
pub use by_size::{EvolutionBySize, RandomBySize, SizeProxy};
pub use cheaper::{Inheriting, Promoted, PromotedRandom};
pub use crossover::WithCrossover;
pub use custom::Custom;
pub use evolution::{Aging, NonAging};
pub use local_search::LocalSearchContender;
pub use named::Named;
pub use nsga2::Nsga2;
#[cfg(feature = "burn")]
pub use ppo::PpoContender;
pub use random::Random;
pub use recommended::Recommended;
pub use reinforce::ReinforceContender;
pub use surrogate::Surrogate;

use super::benchmark::Benchmark;
use super::contender::Contender;
use crate::space::CategoricalSpace;

/// The algorithms of this crate that take microseconds per trial: all but PPO, whose controller takes
/// milliseconds.
#[must_use]
pub fn quick<B: Benchmark<Space: CategoricalSpace>>() -> Vec<Box<dyn Contender<B>>> {
    vec![
        Box::new(Aging::new()),
        Box::new(NonAging::new()),
        Box::new(Random::new()),
        Box::new(ReinforceContender::new()),
    ]
}
