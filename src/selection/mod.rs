//! Which member of the population becomes a parent.

mod lexicographic;
mod pareto;

pub use lexicographic::LexicographicTournament;
pub use pareto::ParetoTournament;

use std::fmt::Debug;

use rand::{Rng, RngExt};
use serde::Serialize;
use serde_json::Value;

use crate::description;
use crate::population::Population;

/// Draws a sample of the population and chooses the parent from it.
///
/// ```
/// use evonas::population::Population;
/// use evonas::prelude::*;
/// use evonas::selection::Selection;
///
/// /// Takes any member, with the same probability.
/// #[derive(Debug)]
/// struct Anyone;
///
/// impl<G> Selection<G> for Anyone {
///     fn select(
///         &self,
///         population: &Population<G>,
///         rng: &mut dyn Rng,
///         sample: &mut Vec<usize>,
///     ) -> usize {
///         let position = rng.random_range(0..population.len());
///         sample.push(position);
///         position
///     }
/// }
///
/// let drift = Evolution::builder(BitsSpace { length: 8 }, FlipOneBit).selection(Anyone).build()?;
/// # drop(drift);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Selection<G>: Debug + Send + Sync {
    /// Returns the parent's position in the population, and pushes the positions of the whole sample,
    /// including the parent's, to `sample`.
    ///
    /// Evolution calls this with an empty `sample` and never with an empty population.
    fn select(
        &self,
        population: &Population<G>,
        rng: &mut dyn Rng,
        sample: &mut Vec<usize>,
    ) -> usize;

    /// Which of these members is the worst by the order in which this selection chooses parents; the first
    /// of several equally bad ones. A [`Replacement`](crate::replacement::Replacement) may ask for it, so
    /// that one order decides who becomes a parent and who leaves.
    ///
    /// `members` holds positions, some perhaps more than once, and is never empty. The default is the one with
    /// the lowest [standing](crate::population::Member::standing).
    fn worst(&self, population: &Population<G>, members: &[usize]) -> usize {
        let standing = |position: usize| population.member(position).standing();
        let mut worst = members[0];
        for &member in members {
            if standing(member) < standing(worst) {
                worst = member;
            }
        }
        worst
    }

    /// The smallest number of objectives that this selection needs; 0 if it uses only the fitness.
    fn minimum_objectives(&self) -> usize {
        0
    }

    /// Describes the selection and its settings. A journal records this description, and a search only
    /// resumes if it is unchanged, so it must be the same in every process. [`description::named`]
    /// builds it from serializable settings. The default is the type's name.
    fn describe(&self) -> Value {
        description::of_type::<Self>()
    }
}

impl<G, S: Selection<G> + ?Sized> Selection<G> for Box<S> {
    fn select(
        &self,
        population: &Population<G>,
        rng: &mut dyn Rng,
        sample: &mut Vec<usize>,
    ) -> usize {
        (**self).select(population, rng, sample)
    }

    fn worst(&self, population: &Population<G>, members: &[usize]) -> usize {
        (**self).worst(population, members)
    }

    fn minimum_objectives(&self) -> usize {
        (**self).minimum_objectives()
    }

    fn describe(&self) -> Value {
        (**self).describe()
    }
}

/// Tournament selection: of `size` members drawn uniformly with replacement, the fittest wins, the
/// first drawn among equals (Algorithm 1 of Real et al. 2018).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Tournament {
    size: usize,
}

impl Tournament {
    /// A tournament among `size` members; a size of 0 counts as 1.
    #[must_use]
    pub const fn new(size: usize) -> Self {
        Self {
            size: if size == 0 { 1 } else { size },
        }
    }
}

impl<G> Selection<G> for Tournament {
    fn select(
        &self,
        population: &Population<G>,
        rng: &mut dyn Rng,
        sample: &mut Vec<usize>,
    ) -> usize {
        let before = sample.len();
        draw_sample(self.size, population, rng, sample);
        let (mut best, others) = (sample[before], &sample[before + 1..]);
        let mut fittest = population.member(best);
        for &position in others {
            let member = population.member(position);
            if member.is_fitter_than(fittest) {
                (best, fittest) = (position, member);
            }
        }
        best
    }

    fn describe(&self) -> Value {
        description::named("Tournament", self)
    }
}

/// Draws `size` positions uniformly with replacement.
fn draw_sample<G>(
    size: usize,
    population: &Population<G>,
    rng: &mut dyn Rng,
    sample: &mut Vec<usize>,
) {
    sample.extend((0..size).map(|_| rng.random_range(0..population.len())));
}
