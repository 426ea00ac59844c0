//! A first population that is better than random.

use rand::Rng;
use serde_json::{Value, json};

use super::{Proxy, comparable_score, compare};
use crate::space::SearchSpace;

/// The best of many random genotypes by a [`Proxy`], as the first population of evolution
/// ([`EvolutionBuilder::warm_up`](crate::algorithm::EvolutionBuilder::warm_up)), or wherever else the most promising
/// genotypes are wanted ([`WarmUp::best_first`]).
#[derive(Debug)]
pub struct WarmUp<G> {
    genotypes: usize,
    proxy: Box<dyn Proxy<G>>,
}

impl<G> WarmUp<G> {
    /// A warm-up by so many random genotypes. Equal genotypes aren't told apart from different ones.
    pub fn new(genotypes: usize, proxy: impl Proxy<G> + 'static) -> Self {
        Self {
            genotypes,
            proxy: Box::new(proxy),
        }
    }

    /// How many random genotypes are drawn.
    #[must_use]
    pub const fn genotypes(&self) -> usize {
        self.genotypes
    }

    /// Draws the genotypes from the space and sorts them by their scores, the highest first; equally good ones stay
    /// in the order of drawing, and those that can't be scored come last.
    pub fn best_first(
        &self,
        space: &(impl SearchSpace<Genotype = G> + ?Sized),
        rng: &mut dyn Rng,
    ) -> Vec<G> {
        let drawn: Vec<G> = (0..self.genotypes).map(|_| space.sample(rng)).collect();
        let mut scored: Vec<(f64, G)> = drawn
            .into_iter()
            .map(|genotype| (comparable_score(&*self.proxy, &genotype, rng), genotype))
            .collect();
        scored.sort_by(|(left, _), (right, _)| compare(*right, *left));
        scored.into_iter().map(|(_, genotype)| genotype).collect()
    }

    /// Describes the number of genotypes and the proxy, for a journal.
    #[must_use]
    pub fn describe(&self) -> Value {
        json!({"genotypes": self.genotypes, "proxy": self.proxy.describe()})
    }
}
