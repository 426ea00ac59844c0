//! A tournament by several objectives at once: the rank and crowding distance of NSGA-II (Deb et al.,
//! "A Fast and Elitist Multiobjective Genetic Algorithm", 2002), within the sample.

use rand::Rng;
use serde::Serialize;
use serde_json::Value;

use super::{Selection, draw_sample};
use crate::description;
use crate::objective::{crowding_distances, dominates};
use crate::population::Population;

/// Of `size` members drawn uniformly with replacement, those that no other dominates form the front;
/// of these, the one with the greatest crowding distance wins, the first drawn among equals. The search
/// needs at least one objective.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ParetoTournament {
    size: usize,
}

impl ParetoTournament {
    /// A tournament among `size` members; a size of 0 counts as 1.
    #[must_use]
    pub const fn new(size: usize) -> Self {
        Self {
            size: if size == 0 { 1 } else { size },
        }
    }
}

impl<G> Selection<G> for ParetoTournament {
    fn select(
        &self,
        population: &Population<G>,
        rng: &mut dyn Rng,
        sample: &mut Vec<usize>,
    ) -> usize {
        draw_sample(self.size, population, rng, sample);
        let figures = |position: usize| &*population.member(position).objectives;
        let mut front: Vec<usize> = Vec::new();
        for &candidate in &*sample {
            // Drawn twice, or equal to another in every objective: it adds nothing to the front.
            let known = front
                .iter()
                .any(|&other| figures(other) == figures(candidate));
            let dominated = sample
                .iter()
                .any(|&other| dominates(figures(other), figures(candidate)));
            if !known && !dominated {
                front.push(candidate);
            }
        }
        let vectors: Vec<&[f64]> = front.iter().map(|&position| figures(position)).collect();
        let distances = crowding_distances(&vectors);
        let mut winner = 0;
        for place in 1..front.len() {
            if distances[place] > distances[winner] {
                winner = place;
            }
        }
        front.get(winner).copied().unwrap_or(sample[0])
    }

    fn minimum_objectives(&self) -> usize {
        1
    }

    fn describe(&self) -> Value {
        description::named("ParetoTournament", self)
    }
}
