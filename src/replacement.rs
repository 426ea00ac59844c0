//! Which member leaves the population when a child joins.

use std::fmt::Debug;

use serde_json::Value;

use crate::description;
use crate::population::Population;
use crate::selection::Selection;

/// Chooses the member that leaves.
///
/// ```
/// use evonas::population::Population;
/// use evonas::prelude::*;
/// use evonas::replacement::Replacement;
/// use evonas::selection::Selection;
///
/// /// The oldest leaves, but never the fittest.
/// #[derive(Debug)]
/// struct OldestButFittest;
///
/// impl<G> Replacement<G> for OldestButFittest {
///     fn leaves(
///         &self,
///         population: &Population<G>,
///         _sample: &[u64],
///         _selection: &dyn Selection<G>,
///     ) -> usize {
///         let highest = population.iter().map(|member| member.fitness).fold(f64::MIN, f64::max);
///         let mut members = population.iter();
///         members.position(|member| member.fitness < highest).unwrap_or(0)
///     }
///
///     fn needs_sample(&self) -> bool {
///         false
///     }
/// }
///
/// let elitist = Evolution::builder(BitsSpace { length: 8 }, FlipOneBit)
///     .replacement(OldestButFittest)
///     .build()?;
/// # drop(elitist);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Replacement<G>: Debug + Send + Sync {
    /// The position of the member that leaves.
    ///
    /// The population includes the child, which joined last. `sample` holds the join numbers
    /// ([`crate::population::Member::joined`]) of all members in the tournaments that the child's parents won.
    /// Some of these may have left since. It is empty for a child without a parent. `selection` is what
    /// chooses parents; its [`Selection::worst`] compares members by the same order.
    ///
    /// A position that doesn't exist is refused
    /// ([`TellError::ReplacementOutOfRange`](crate::algorithm::TellError::ReplacementOutOfRange)).
    fn leaves(
        &self,
        population: &Population<G>,
        sample: &[u64],
        selection: &dyn Selection<G>,
    ) -> usize;

    /// Whether [`Replacement::leaves`] looks at the sample; true by default. If not, evolution keeps none, and
    /// the sample is empty.
    fn needs_sample(&self) -> bool {
        true
    }

    /// Describes the replacement and its settings. A journal records this description, and a search only
    /// resumes if it is unchanged, so it must be the same in every process. [`description::named`]
    /// builds it from serializable settings. The default is the type's name.
    fn describe(&self) -> Value {
        description::of_type::<Self>()
    }
}

impl<G, R: Replacement<G> + ?Sized> Replacement<G> for Box<R> {
    fn leaves(
        &self,
        population: &Population<G>,
        sample: &[u64],
        selection: &dyn Selection<G>,
    ) -> usize {
        (**self).leaves(population, sample, selection)
    }

    fn needs_sample(&self) -> bool {
        (**self).needs_sample()
    }

    fn describe(&self) -> Value {
        (**self).describe()
    }
}

/// Aging evolution: the oldest member leaves, regardless of its fitness.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Oldest;

impl<G> Replacement<G> for Oldest {
    fn leaves(
        &self,
        _population: &Population<G>,
        _sample: &[u64],
        _selection: &dyn Selection<G>,
    ) -> usize {
        0
    }

    fn needs_sample(&self) -> bool {
        false
    }

    fn describe(&self) -> Value {
        description::named("Oldest", &())
    }
}

/// Non-aging evolution: the worst of the parent's sample leaves (the first drawn among equals), by the order
/// of the selection ([`Selection::worst`]). After a crossover, that is the worst of both parents' samples.
///
/// In an asynchronous search, members of that sample may have left in the meantime. If all of them
/// have, the worst of the population leaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WorstOfSample;

impl<G> Replacement<G> for WorstOfSample {
    fn leaves(
        &self,
        population: &Population<G>,
        sample: &[u64],
        selection: &dyn Selection<G>,
    ) -> usize {
        let mut present: Vec<usize> = sample
            .iter()
            .filter_map(|&joined| population.position_of(joined))
            .collect();
        if present.is_empty() {
            present.extend(0..population.len());
        }
        selection.worst(population, &present)
    }

    fn describe(&self) -> Value {
        description::named("WorstOfSample", &())
    }
}

/// Steady-state evolution: the worst of the whole population leaves (the oldest among equals), by the order of the
/// selection ([`Selection::worst`]). It may be the child. With
/// [`ParetoTournament`](crate::selection::ParetoTournament), this is NSGA-II with one child at a time.
///
/// ```
/// use evonas::prelude::*;
/// use evonas::replacement::WorstOfPopulation;
///
/// let elitist = Evolution::builder(BitsSpace { length: 8 }, FlipOneBit)
///     .replacement(WorstOfPopulation)
///     .build()?;
/// # drop(elitist);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WorstOfPopulation;

impl<G> Replacement<G> for WorstOfPopulation {
    fn leaves(
        &self,
        population: &Population<G>,
        _sample: &[u64],
        selection: &dyn Selection<G>,
    ) -> usize {
        let everyone: Vec<usize> = (0..population.len()).collect();
        selection.worst(population, &everyone)
    }

    fn needs_sample(&self) -> bool {
        false
    }

    fn describe(&self) -> Value {
        description::named("WorstOfPopulation", &())
    }
}
