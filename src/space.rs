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
///
/// ```
/// use evonas::space::Genotype;
///
/// #[derive(Clone, Debug, PartialEq)]
/// struct Layers(Vec<u32>);
///
/// fn is_genotype<G: Genotype>(_: &G) {}
/// is_genotype(&Layers(vec![64, 32]));
/// ```
pub trait Genotype: Clone + PartialEq + Debug + Send + Sync + 'static {}

impl<T: Clone + PartialEq + Debug + Send + Sync + 'static> Genotype for T {}

/// A set of genotypes with a distribution over it.
///
/// If the space has settings, override [`SearchSpace::describe`], so that a recorded search isn't resumed
/// with different ones.
///
/// ```
/// use std::error::Error;
///
/// use evonas::description;
/// use evonas::prelude::*;
/// use evonas::serde_json::Value;
/// use serde::Serialize;
///
/// /// The widths of a number of layers.
/// #[derive(Debug, Serialize)]
/// struct Widths {
///     layers: usize,
/// }
///
/// impl SearchSpace for Widths {
///     type Genotype = Vec<u32>;
///
///     fn sample(&self, rng: &mut dyn Rng) -> Vec<u32> {
///         (0..self.layers).map(|_| 1 << rng.random_range(3..10)).collect()
///     }
///
///     fn validate(&self, widths: &Vec<u32>) -> Result<(), Box<dyn Error + Send + Sync>> {
///         match widths.len() == self.layers {
///             true => Ok(()),
///             false => Err(format!("it has {} layers", widths.len()).into()),
///         }
///     }
///
///     fn describe(&self) -> Value {
///         description::named("Widths", self)
///     }
/// }
///
/// let space = Widths { layers: 3 };
/// assert!(space.validate(&space.sample(&mut stream(0, 0))).is_ok());
/// assert!(space.validate(&vec![8]).is_err());
/// ```
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
///
/// ```
/// use evonas::prelude::*;
///
/// /// A kernel size and a stride.
/// #[derive(Debug)]
/// struct Convolutions;
///
/// const KERNELS: [u8; 3] = [1, 3, 5];
///
/// impl SearchSpace for Convolutions {
///     type Genotype = (u8, u8);
///
///     fn sample(&self, rng: &mut dyn Rng) -> (u8, u8) {
///         self.decode(&[rng.random_range(0..3), rng.random_range(0..2)])
///     }
/// }
///
/// impl CategoricalSpace for Convolutions {
///     fn alternative_counts(&self) -> Vec<usize> {
///         vec![KERNELS.len(), 2]
///     }
///
///     fn encode(&self, (kernel, stride): &(u8, u8)) -> Vec<usize> {
///         vec![usize::from(*kernel) / 2, usize::from(*stride) - 1]
///     }
///
///     fn decode(&self, choices: &[usize]) -> (u8, u8) {
///         (KERNELS[choices[0]], choices[1] as u8 + 1)
///     }
/// }
///
/// assert_eq!(Convolutions.decode(&Convolutions.encode(&(5, 2))), (5, 2));
/// let small = |&(kernel, stride): &(u8, u8), _: &Context<'_>| {
///     Ok(Evaluation::new(-f64::from(kernel * stride)))
/// };
/// let reinforce = Reinforce::builder(Convolutions).build()?;
/// let result = Search::new(reinforce, Serial::new(small), Budget::trials(100)).run()?;
/// assert_eq!(result.best().map(|best| best.genotype), Some((1, 1)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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
///
/// ```
/// use evonas::prelude::*;
///
/// /// Doubles or halves one of several widths.
/// #[derive(Debug)]
/// struct Scale;
///
/// impl Mutation<Vec<u32>> for Scale {
///     fn mutate(&self, parent: &Vec<u32>, rng: &mut dyn Rng) -> Vec<u32> {
///         let mut child = parent.clone();
///         let layer = rng.random_range(0..child.len());
///         child[layer] = match rng.random() {
///             true => child[layer] * 2,
///             false => (child[layer] / 2).max(1),
///         };
///         child
///     }
/// }
///
/// let child = Scale.mutate(&vec![8, 8], &mut stream(0, 0));
/// assert_ne!(child, [8, 8]);
/// ```
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
///
/// ```
/// use evonas::prelude::*;
///
/// /// Takes the first layers from one parent and the others from the other.
/// #[derive(Debug)]
/// struct OnePoint;
///
/// impl Crossover<Vec<u32>> for OnePoint {
///     fn cross(&self, first: &Vec<u32>, second: &Vec<u32>, rng: &mut dyn Rng) -> Vec<u32> {
///         let point = rng.random_range(0..=first.len().min(second.len()));
///         [&first[..point], &second[point..]].concat()
///     }
/// }
///
/// let child = OnePoint.cross(&vec![1, 2, 3], &vec![7, 8, 9], &mut stream(0, 0));
/// assert_eq!(child.len(), 3);
/// ```
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
