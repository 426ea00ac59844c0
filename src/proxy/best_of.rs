//! The best of several draws.

use rand::Rng;
use serde_json::{Value, json};

use super::{Proxy, comparable_score, compare};
use crate::SettingError;
use crate::space::{Crossover, Mutation, SearchSpace};

/// Draws several candidates from what it wraps, and keeps the best of them by a [`Proxy`]; the first of equally good
/// ones. What it wraps may be
///
/// - a mutation: the best of `k` mutants of the same parent;
/// - a crossover: the best of `k` children of the same parents;
/// - a space: the best of `k` random genotypes, for random search or the first population of evolution.
///
/// If no candidate can be scored, the first one is kept.
///
/// ```
/// use evonas::network::{MultiplyAddCount, NetworkConfig};
/// use evonas::prelude::*;
/// use evonas::proxy::BestOf;
///
/// let space = NasnetSpace::sp1();
/// let size = || MultiplyAddCount::new(NetworkConfig::cifar().cells_per_stack(1).filters(8));
/// let mutation = BestOf::new(10, space.mutation(), size())?;
/// let evolution = Evolution::builder(space.clone(), mutation).build()?;
/// let random = RandomSearch::new(BestOf::new(100, space, size())?, 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct BestOf<T, P> {
    candidates: usize,
    inner: T,
    proxy: P,
}

impl<T, P> BestOf<T, P> {
    /// The best of this many candidates; with one, the proxy changes nothing.
    ///
    /// # Errors
    /// [`SettingError::NoCandidates`] if there are none.
    pub fn new(candidates: usize, inner: T, proxy: P) -> Result<Self, SettingError> {
        match candidates {
            0 => Err(SettingError::NoCandidates),
            _ => Ok(Self {
                candidates,
                inner,
                proxy,
            }),
        }
    }

    /// Draws all candidates before any is scored, so that a proxy that draws random numbers doesn't change them.
    fn best<G>(&self, rng: &mut dyn Rng, mut draw: impl FnMut(&T, &mut dyn Rng) -> G) -> G
    where
        P: Proxy<G>,
    {
        let mut best = draw(&self.inner, rng);
        if self.candidates == 1 {
            return best;
        }
        let others: Vec<G> = (1..self.candidates)
            .map(|_| draw(&self.inner, rng))
            .collect();
        let mut highest = comparable_score(&self.proxy, &best, rng);
        for candidate in others {
            let score = comparable_score(&self.proxy, &candidate, rng);
            if compare(score, highest).is_gt() {
                (best, highest) = (candidate, score);
            }
        }
        best
    }

    fn described(&self, inner: Value, proxy: Value) -> Value {
        json!({
            "type": "BestOf",
            "candidates": self.candidates,
            "of": inner,
            "proxy": proxy,
        })
    }
}

impl<G, M: Mutation<G>, P: Proxy<G>> Mutation<G> for BestOf<M, P> {
    fn mutate(&self, parent: &G, rng: &mut dyn Rng) -> G {
        self.best(rng, |mutation, rng| mutation.mutate(parent, rng))
    }

    fn describe(&self) -> Value {
        self.described(self.inner.describe(), self.proxy.describe())
    }
}

impl<G, C: Crossover<G>, P: Proxy<G>> Crossover<G> for BestOf<C, P> {
    fn cross(&self, first: &G, second: &G, rng: &mut dyn Rng) -> G {
        self.best(rng, |crossover, rng| crossover.cross(first, second, rng))
    }

    fn describe(&self) -> Value {
        self.described(self.inner.describe(), self.proxy.describe())
    }
}

impl<S: SearchSpace, P: Proxy<S::Genotype>> SearchSpace for BestOf<S, P> {
    type Genotype = S::Genotype;

    fn sample(&self, rng: &mut dyn Rng) -> S::Genotype {
        self.best(rng, |space, rng| space.sample(rng))
    }

    fn validate(
        &self,
        genotype: &S::Genotype,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync + 'static>> {
        self.inner.validate(genotype)
    }

    fn describe(&self) -> Value {
        self.described(self.inner.describe(), self.proxy.describe())
    }
}
