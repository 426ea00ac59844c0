//! What is searched: a space of genotypes, and the mutations and crossovers that move within it.

use std::error::Error;
use std::fmt::{self, Debug};

use rand::{Rng, RngExt};
use serde_json::{Value, json};

use crate::SettingError;
use crate::description;

/// A point of a search space. Implemented for every type that meets the bounds.
///
/// Resuming a recorded search compares genotypes with `==`. Their `Debug` form is only for messages.
pub trait Genotype: Clone + PartialEq + Debug + Send + Sync + 'static {}

impl<T: Clone + PartialEq + Debug + Send + Sync + 'static> Genotype for T {}

/// A set of genotypes with a distribution over it.
///
/// If the space has settings, override [`SearchSpace::describe`], so that a recorded search isn't resumed
/// with different ones.
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

    /// Describes the space and its settings. A journal records this description, and a search only
    /// resumes if it is unchanged, so it must be the same in every process. [`description::named`]
    /// builds it from serializable settings. The default is the type's name.
    fn describe(&self) -> Value {
        description::of_type::<Self>()
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

    fn describe(&self) -> Value {
        (**self).describe()
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

/// Produces a child from a parent.
pub trait Mutation<G>: Debug + Send + Sync {
    /// Returns a changed copy of `parent`.
    fn mutate(&self, parent: &G, rng: &mut dyn Rng) -> G;

    /// Describes the mutation and its settings. A journal records this description, and a search only
    /// resumes if it is unchanged, so it must be the same in every process. [`description::named`]
    /// builds it from serializable settings. The default is the type's name.
    fn describe(&self) -> Value {
        description::of_type::<Self>()
    }
}

impl<G, M: Mutation<G> + ?Sized> Mutation<G> for Box<M> {
    fn mutate(&self, parent: &G, rng: &mut dyn Rng) -> G {
        (**self).mutate(parent, rng)
    }

    fn describe(&self) -> Value {
        (**self).describe()
    }
}

/// Combines two parents into a child.
///
/// Evolution crosses the winners of two tournaments, which may be the same member, and then mutates the child
/// ([`EvolutionBuilder::crossover`](crate::algorithm::EvolutionBuilder::crossover)).
pub trait Crossover<G>: Debug + Send + Sync {
    /// Returns a genotype that takes some parts from `first` and the others from `second`.
    fn cross(&self, first: &G, second: &G, rng: &mut dyn Rng) -> G;

    /// Describes the crossover and its settings. A journal records this description, and a search only
    /// resumes if it is unchanged, so it must be the same in every process. [`description::named`]
    /// builds it from serializable settings. The default is the type's name.
    fn describe(&self) -> Value {
        description::of_type::<Self>()
    }
}

impl<G, C: Crossover<G> + ?Sized> Crossover<G> for Box<C> {
    fn cross(&self, first: &G, second: &G, rng: &mut dyn Rng) -> G {
        (**self).cross(first, second, rng)
    }

    fn describe(&self) -> Value {
        (**self).describe()
    }
}

/// The mutation that changes nothing: the child equals its parent and is evaluated again.
#[derive(Clone, Copy, Debug, Default)]
pub struct Identity;

impl<G: Clone> Mutation<G> for Identity {
    fn mutate(&self, parent: &G, _rng: &mut dyn Rng) -> G {
        parent.clone()
    }

    fn describe(&self) -> Value {
        description::named("Identity", &())
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

impl<G> OneOf<G> {
    /// A mutation that draws one of `mutations` by its probability.
    ///
    /// # Errors
    /// [`SettingError::Probabilities`] if a probability is negative or not a number, or if they don't sum to 1.
    pub fn new(mutations: Vec<(f64, Box<dyn Mutation<G>>)>) -> Result<Self, SettingError> {
        let valid = mutations.iter().all(|(probability, _)| *probability >= 0.0);
        let sum: f64 = mutations.iter().map(|(probability, _)| probability).sum();
        if !valid || (sum - 1.0).abs() > 1e-9 {
            return Err(SettingError::Probabilities(
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

    fn describe(&self) -> Value {
        let mutations = self.mutations.iter();
        let described: Vec<Value> = mutations
            .map(|(probability, mutation)| {
                json!({"probability": probability, "mutation": mutation.describe()})
            })
            .collect();
        json!({"type": "OneOf", "mutations": described})
    }
}
