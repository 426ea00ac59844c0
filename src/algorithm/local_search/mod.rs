//! Local search (White et al. 2020).

mod builder;

pub use builder::LocalSearchBuilder;

use std::collections::HashSet;
use std::fmt;

use rand::seq::SliceRandom;

use super::{Algorithm, AlgorithmDescription, Proposal, TellError};
use crate::randomness::Stream;
use crate::space::{CategoricalSpace, Genotype};
use crate::trial::{Outcome, Trial, TrialId};

/// Evaluates all neighbors of a random genotype, moves to the best of them, and so on until no neighbor is better;
/// then it begins again with another random genotype (White, Nolen and Savani, "Exploring the Loss Landscape in
/// Neural Architecture Search", 2020).
///
/// The neighbors of a genotype are those that differ from it in one decision of the [`CategoricalSpace`]. They are
/// evaluated in random order. With [`LocalSearchBuilder::first_improvement`] it moves as soon as one is better.
///
/// In an asynchronous search, a worker that would have to wait for the last of a neighborhood evaluates a random
/// genotype. The best of these is where the search begins again. A trial without a fitness is no improvement, and
/// neither is one that was stopped early. Inside a [`Promotion`](super::Promotion), a promoted neighbor counts as such a
/// random genotype: once the neighborhood was evaluated, the search moves to the best of those that were evaluated in full.
///
/// ```
/// use evonas::prelude::*;
///
/// let ones = |bits: &Vec<bool>, _: &Context<'_>| {
///     Ok(Evaluation::new(bits.iter().filter(|&&bit| bit).count() as f64))
/// };
/// let local_search = LocalSearch::builder(BitsSpace { length: 10 }).build()?;
/// let result = Search::new(local_search, Serial::new(ones), Budget::trials(101)).run()?;
/// assert_eq!(result.best().and_then(|best| best.fitness()), Some(10.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct LocalSearch<G> {
    space: Box<dyn CategoricalSpace<Genotype = G>>,
    alternatives: Vec<usize>,
    first_improvement: bool,
    rng: Stream,
    seed: u64,
    description: AlgorithmDescription,
    /// Whose neighbors are evaluated; `None` until a random genotype is.
    center: Option<Evaluated<G>>,
    /// The neighbors that are yet to be proposed, the last one first.
    neighbors: Vec<Vec<usize>>,
    /// The neighbors in flight.
    in_flight: HashSet<TrialId>,
    best_neighbor: Option<Evaluated<G>>,
    /// The best genotype that was evaluated while it wasn't needed.
    spare: Option<Evaluated<G>>,
}

#[derive(Clone)]
struct Evaluated<G> {
    fitness: f64,
    trial: TrialId,
    genotype: G,
}

impl<G> Evaluated<G> {
    fn is_better_than(&self, other: &Option<Self>) -> bool {
        other
            .as_ref()
            .is_none_or(|other| self.fitness > other.fitness)
    }
}

impl<G> fmt::Debug for LocalSearch<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalSearch")
            .field("space", &self.space)
            .field("first_improvement", &self.first_improvement)
            .field("neighbors", &self.neighbors.len())
            .field("in_flight", &self.in_flight.len())
            .finish_non_exhaustive()
    }
}

impl<G: Genotype> LocalSearch<G> {
    /// The next neighbor of the center. One that is the center itself, because the decision doesn't matter there, is
    /// passed over.
    fn next_neighbor(&mut self) -> Option<Proposal<G>> {
        let center = self.center.as_ref()?;
        while let Some(choices) = self.neighbors.pop() {
            let genotype = self.space.decode(&choices);
            if genotype != center.genotype {
                return Some(Proposal::child(center.trial, genotype));
            }
        }
        None
    }

    /// Moves on if enough is known.
    fn advance(&mut self) {
        let improved = match &self.best_neighbor {
            Some(best) => best.is_better_than(&self.center),
            None => false,
        };
        let complete = self.neighbors.is_empty() && self.in_flight.is_empty();
        if improved && (complete || self.first_improvement) {
            let best = self.best_neighbor.take();
            self.move_to(best);
        } else if complete || self.center.is_none() {
            // A local optimum, or the beginning.
            let start = self.spare.take();
            self.move_to(start);
        }
    }

    fn move_to(&mut self, center: Option<Evaluated<G>>) {
        self.neighbors.clear();
        self.in_flight.clear();
        self.best_neighbor = None;
        self.center = center;
        let Some(center) = &self.center else { return };
        let choices = self.space.encode(&center.genotype);
        for (decision, &count) in self.alternatives.iter().enumerate() {
            let others = (0..count).filter(|&alternative| alternative != choices[decision]);
            self.neighbors.extend(others.map(|alternative| {
                let mut neighbor = choices.clone();
                neighbor[decision] = alternative;
                neighbor
            }));
        }
        self.neighbors.shuffle(&mut self.rng);
    }
}

impl<G: Genotype> Algorithm<G> for LocalSearch<G> {
    fn propose(&mut self, trial: TrialId) -> Proposal<G> {
        match self.next_neighbor() {
            Some(proposal) => {
                self.in_flight.insert(trial);
                proposal
            }
            None => Proposal::random(self.space.sample(&mut self.rng)),
        }
    }

    fn learn(&mut self, trial: &Trial<G>, outcome: &Outcome) -> Result<(), TellError> {
        let is_neighbor = self.in_flight.remove(&trial.id);
        if let Some(fitness) = outcome.fitness() {
            let evaluated = Evaluated {
                fitness,
                trial: trial.id,
                genotype: trial.genotype.clone(),
            };
            let best = match is_neighbor {
                true => &mut self.best_neighbor,
                false => &mut self.spare,
            };
            if evaluated.is_better_than(best) {
                *best = Some(evaluated);
            }
        }
        self.advance();
        Ok(())
    }

    fn withdraw(&mut self, trial: &Trial<G>) {
        if self.in_flight.remove(&trial.id) {
            self.advance();
        }
    }

    fn seed(&self) -> u64 {
        self.seed
    }

    fn describe(&self) -> AlgorithmDescription {
        self.description.clone()
    }
}
