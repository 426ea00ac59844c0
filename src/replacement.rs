//! Which member leaves the population when a child joins.

use std::fmt::Debug;

use serde_json::Value;

use crate::description;
use crate::population::Population;

/// Chooses the member that leaves.
pub trait Replacement<G>: Debug + Send + Sync {
    /// The position of the member that leaves.
    ///
    /// `sample` holds the join numbers ([`crate::population::Member::joined`]) of the tournament that
    /// the child's parent won. Some of these members may have left since. It is empty for a child
    /// without a parent.
    fn leaves(&self, population: &Population<G>, sample: &[u64]) -> usize;

    /// Describes the replacement and its settings. A journal records this description, and a search only
    /// resumes if it is unchanged, so it must be the same in every process. [`description::named`]
    /// builds it from serializable settings. The default is the type's name.
    fn describe(&self) -> Value {
        description::of_type::<Self>()
    }
}

impl<G, R: Replacement<G> + ?Sized> Replacement<G> for Box<R> {
    fn leaves(&self, population: &Population<G>, sample: &[u64]) -> usize {
        (**self).leaves(population, sample)
    }

    fn describe(&self) -> Value {
        (**self).describe()
    }
}

/// Aging evolution: the oldest member leaves, regardless of its fitness.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Oldest;

impl<G> Replacement<G> for Oldest {
    fn leaves(&self, _population: &Population<G>, _sample: &[u64]) -> usize {
        0
    }

    fn describe(&self) -> Value {
        description::named("Oldest", &())
    }
}

/// Non-aging evolution: the worst of the parent's sample leaves (the first drawn among equals).
///
/// In an asynchronous search, members of that sample may have left in the meantime. If all of them
/// have, the worst of the population leaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WorstOfSample;

impl<G> Replacement<G> for WorstOfSample {
    fn leaves(&self, population: &Population<G>, sample: &[u64]) -> usize {
        let worst = |positions: &mut dyn Iterator<Item = usize>| {
            let mut worst = None;
            for position in positions {
                let standing = population.member(position).standing();
                if worst.is_none_or(|(_, lowest)| standing < lowest) {
                    worst = Some((position, standing));
                }
            }
            worst.map(|(position, _)| position)
        };
        worst(
            &mut sample
                .iter()
                .filter_map(|&joined| population.position_of(joined)),
        )
        .or_else(|| worst(&mut (0..population.len())))
        .unwrap_or(0)
    }

    fn describe(&self) -> Value {
        description::named("WorstOfSample", &())
    }
}
