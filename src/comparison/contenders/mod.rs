//! The contenders of this crate, and ways to make one from your own algorithm.
//!
//! [`Aging`], [`NonAging`], [`Random`] and [`Recommended`] work on every benchmark, [`ReinforceContender`] and `PpoContender` on those
//! whose space is a [`CategoricalSpace`]. `PpoContender` needs the feature `burn`.

mod custom;
mod evolution;
mod named;
#[cfg(feature = "burn")]
mod ppo;
mod random;
mod recommended;
mod reinforce;

pub use custom::Custom;
pub use evolution::{Aging, NonAging};
pub use named::Named;
#[cfg(feature = "burn")]
pub use ppo::PpoContender;
pub use random::Random;
pub use recommended::Recommended;
pub use reinforce::ReinforceContender;

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
