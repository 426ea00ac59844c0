//! Proxies: what can be said about a genotype without evaluating it.
//!
//! A [`Proxy`] costs little and scores a genotype before a trial is spent on it. Two wrappers use one:
//! [`BestOf`] draws or mutates several times and keeps the best by the proxy, and [`WarmUp`] makes evolution begin
//! with the best of many random genotypes. Either works alone. [`MultiplyAddCount`](crate::network::MultiplyAddCount)
//! and [`ParameterCount`](crate::network::ParameterCount) are proxies of networks that need no training data and no
//! Burn: the larger network scores higher. In many spaces accuracy grows with size, so whatever another proxy
//! promises should be compared with them. With feature `burn`, `training::Synflow`, `GradientNorm` and
//! `JacobianCovariance` look at the untrained network.
//!
//! ```
//! use evonas::prelude::*;
//! use evonas::proxy::{BestOf, Proxy, WarmUp};
//!
//! /// Counts the ones in the first half.
//! #[derive(Debug)]
//! struct FirstHalf;
//!
//! impl Proxy<Vec<bool>> for FirstHalf {
//!     fn score(&self, bits: &Vec<bool>, _: &mut dyn Rng) -> f64 {
//!         bits.iter().take(bits.len() / 2).filter(|&&bit| bit).count() as f64
//!     }
//! }
//!
//! let evolution = Evolution::builder(
//!     BitsSpace { length: 20 },
//!     BestOf::new(5, FlipOneBit, FirstHalf)?,
//! )
//! .population(20)
//! .sample(5)
//! .warm_up(WarmUp::new(200, FirstHalf))
//! .build()?;
//! # let ones = |bits: &Vec<bool>, _: &Context<'_>| {
//! #     Ok(Evaluation::new(bits.iter().filter(|&&bit| bit).count() as f64))
//! # };
//! let result = Search::new(evolution, Serial::new(ones), Budget::trials(300)).run()?;
//! # assert_eq!(result.best().and_then(|best| best.fitness()), Some(20.0));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod best_of;
mod lowest;
mod warm_up;

pub use best_of::BestOf;
pub use lowest::Lowest;
pub use warm_up::WarmUp;

use std::cmp::Ordering;
use std::fmt::Debug;
use std::sync::Arc;

use rand::Rng;
use serde_json::Value;

use crate::description;

/// Scores genotypes without evaluating them.
pub trait Proxy<G>: Debug + Send + Sync {
    /// The score of a genotype: the higher, the more promising. A genotype that can't be scored, because there is no
    /// network for it for example, has the score [`f64::NEG_INFINITY`]; NaN counts as that too.
    ///
    /// A search that resumes scores the same genotypes again, so the score must depend on nothing but the genotype,
    /// the proxy's settings and `rng`.
    fn score(&self, genotype: &G, rng: &mut dyn Rng) -> f64;

    /// Describes the proxy and its settings. A journal records this description as part of the algorithm's, and a
    /// search only resumes if it is unchanged, so it must be the same in every process. [`description::named`]
    /// builds it from serializable settings. The default is the type's name.
    fn describe(&self) -> Value {
        description::of_type::<Self>()
    }
}

impl<G, P: Proxy<G> + ?Sized> Proxy<G> for Box<P> {
    fn score(&self, genotype: &G, rng: &mut dyn Rng) -> f64 {
        (**self).score(genotype, rng)
    }

    fn describe(&self) -> Value {
        (**self).describe()
    }
}

impl<G, P: Proxy<G> + ?Sized> Proxy<G> for Arc<P> {
    fn score(&self, genotype: &G, rng: &mut dyn Rng) -> f64 {
        (**self).score(genotype, rng)
    }

    fn describe(&self) -> Value {
        (**self).describe()
    }
}

/// A genotype's score, in which NaN is as low as a score gets.
fn comparable_score<G>(proxy: &dyn Proxy<G>, genotype: &G, rng: &mut dyn Rng) -> f64 {
    let score = proxy.score(genotype, rng);
    match score.is_nan() {
        true => f64::NEG_INFINITY,
        false => score,
    }
}

/// Compares scores that aren't NaN; 0 and -0 are equal.
fn compare(left: f64, right: f64) -> Ordering {
    left.partial_cmp(&right).unwrap_or(Ordering::Equal)
}
