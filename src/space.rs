//! What is searched: a space of genotypes, and the mutations that move within it.

use std::error::Error;
use std::fmt::{self, Debug};

use rand::{Rng, RngExt};

/// A point of a search space. Implemented for every type that meets the bounds.
///
/// Resuming a recorded search compares genotypes with `==`. Their `Debug` form is only for messages.
pub trait Genotype: Clone + PartialEq + Debug + Send + Sync + 'static {}

impl<T: Clone + PartialEq + Debug + Send + Sync + 'static> Genotype for T {}

/// A set of genotypes with a distribution over it.
///
/// A journal keeps [`SearchSpace::describe`], and a search is resumed only with a space of the same
/// description: it must be the same in every process. By default it is the `Debug` form; override it
/// where that is not stable: it has a `HashMap`, an address, a lock, a cache.
pub trait SearchSpace: Debug + Send + Sync {
    /// The type of its points.
    type Genotype: Genotype;

    /// Draws a random genotype. The spaces of the paper draw uniformly.
    fn sample(&self, rng: &mut dyn Rng) -> Self::Genotype;

    /// Checks that a genotype from outside (a file, a command line) is in the space. Accepts every
    /// genotype by default.
    ///
    /// # Errors
    /// The reason why the genotype isn't in the space.
    fn validate(
        &self,
        genotype: &Self::Genotype,
    ) -> Result<(), Box<dyn Error + Send + Sync + 'static>> {
        let _ = genotype;
        Ok(())
    }

    /// The space in words that a journal keeps and compares. The default is its `Debug` form.
    fn describe(&self) -> String {
        format!("{self:?}")
    }

    /// A genotype in words, for the fingerprint of a warm start, which a journal keeps and compares:
    /// the same in every process, and different for genotypes that differ. The default is its `Debug`
    /// form.
    fn describe_genotype(&self, genotype: &Self::Genotype) -> String {
        format!("{genotype:?}")
    }
}

impl<S: SearchSpace + ?Sized> SearchSpace for Box<S> {
    type Genotype = S::Genotype;

    fn sample(&self, rng: &mut dyn Rng) -> Self::Genotype {
        (**self).sample(rng)
    }

    fn validate(
        &self,
        genotype: &Self::Genotype,
    ) -> Result<(), Box<dyn Error + Send + Sync + 'static>> {
        (**self).validate(genotype)
    }

    fn describe(&self) -> String {
        (**self).describe()
    }

    fn describe_genotype(&self, genotype: &Self::Genotype) -> String {
        (**self).describe_genotype(genotype)
    }
}

/// A space whose genotypes are lists of decisions, each between a fixed number of alternatives, so
/// that a policy can learn one distribution per decision.
///
/// A choice is the index of the alternative taken, from 0. Every list of choices whose indices are
/// below the numbers of alternatives is a genotype.
pub trait CategoricalSpace: SearchSpace {
    /// The number of alternatives of each decision, at least 1.
    fn alternative_counts(&self) -> Vec<usize>;

    /// The choices that make up a genotype of this space, one for each decision.
    fn encode(&self, genotype: &Self::Genotype) -> Vec<usize>;

    /// The genotype that a list of choices makes up.
    ///
    /// # Panics
    /// May panic if the length of `choices` differs from that of
    /// [`CategoricalSpace::alternative_counts`], or if a choice is not below its number of
    /// alternatives.
    fn decode(&self, choices: &[usize]) -> Self::Genotype;
}

impl<S: CategoricalSpace + ?Sized> CategoricalSpace for Box<S> {
    fn alternative_counts(&self) -> Vec<usize> {
        (**self).alternative_counts()
    }

    fn encode(&self, genotype: &Self::Genotype) -> Vec<usize> {
        (**self).encode(genotype)
    }

    fn decode(&self, choices: &[usize]) -> Self::Genotype {
        (**self).decode(choices)
    }
}

/// Makes a child of a parent.
pub trait Mutation<G>: Debug + Send + Sync {
    /// Returns a changed copy of `parent`.
    fn mutate(&self, parent: &G, rng: &mut dyn Rng) -> G;

    /// The mutation in words that a journal keeps and compares: the same in every process. The
    /// default is its `Debug` form; override it where that is not stable.
    fn describe(&self) -> String {
        format!("{self:?}")
    }
}

impl<G, M: Mutation<G> + ?Sized> Mutation<G> for Box<M> {
    fn mutate(&self, parent: &G, rng: &mut dyn Rng) -> G {
        (**self).mutate(parent, rng)
    }

    fn describe(&self) -> String {
        (**self).describe()
    }
}

/// The mutation that changes nothing: the child equals its parent and is evaluated anew.
#[derive(Clone, Copy, Debug, Default)]
pub struct Identity;

impl<G: Clone> Mutation<G> for Identity {
    fn mutate(&self, parent: &G, _rng: &mut dyn Rng) -> G {
        parent.clone()
    }
}

/// Applies one of several mutations, drawn by their probabilities.
pub struct OneOf<G> {
    mutations: Vec<(f64, Box<dyn Mutation<G>>)>,
}

impl<G> fmt::Debug for OneOf<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.mutations).finish()
    }
}

/// The probabilities of [`OneOf`] are negative, not numbers, or don't sum to 1.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("mutation probabilities must be at least 0 and sum to 1, but they are {0:?}")]
pub struct InvalidProbabilities(Vec<f64>);

impl<G> OneOf<G> {
    /// A mutation that draws one of `mutations` by its probability.
    ///
    /// # Errors
    /// [`InvalidProbabilities`] if a probability is negative or not a number, or if they don't sum to 1.
    pub fn new(mutations: Vec<(f64, Box<dyn Mutation<G>>)>) -> Result<Self, InvalidProbabilities> {
        let valid = mutations.iter().all(|(probability, _)| *probability >= 0.0);
        let sum: f64 = mutations.iter().map(|(probability, _)| probability).sum();
        if !valid || (sum - 1.0).abs() > 1e-9 {
            return Err(InvalidProbabilities(
                mutations
                    .iter()
                    .map(|(probability, _)| *probability)
                    .collect(),
            ));
        }
        Ok(Self { mutations })
    }
}

impl<G> Mutation<G> for OneOf<G> {
    fn mutate(&self, parent: &G, rng: &mut dyn Rng) -> G {
        let mut point: f64 = rng.random();
        let mut chosen = None;
        for (probability, mutation) in &self.mutations {
            if *probability > 0.0 {
                chosen = Some(mutation);
                if point < *probability {
                    break;
                }
            }
            point -= probability;
        }
        // Rounding may leave a point beyond the last boundary, which means the last mutation.
        chosen
            .expect("probabilities that sum to 1 have a positive one")
            .mutate(parent, rng)
    }

    fn describe(&self) -> String {
        let mutations = self.mutations.iter();
        let described: Vec<String> = mutations
            .map(|(probability, mutation)| format!("({probability:?}, {})", mutation.describe()))
            .collect();
        format!("[{}]", described.join(", "))
    }
}
