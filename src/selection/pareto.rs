//! A tournament by several objectives at once: the crowded comparison of NSGA-II (Deb et al., "A Fast and
//! Elitist Multiobjective Genetic Algorithm", 2002).

use std::cmp::Ordering;

use rand::Rng;
use serde::Serialize;
use serde_json::{Value, json};

use super::{Selection, draw_sample};
use crate::objective::{crowding_distances, pareto_ranks};
use crate::population::Population;

/// Of `size` members drawn uniformly with replacement, the one of the lowest non-dominated rank wins; of
/// several, the one with the greatest crowding distance; the first drawn among equals. The search needs at
/// least one objective.
///
/// Ranks and distances are those in the whole population. Within a small sample, the members that are best in
/// one objective would always be its ends, whose distance is infinite, and a compromise between the
/// objectives would never win.
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

/// How good the members of a population are: first by rank, then by crowding distance.
struct CrowdedOrder {
    /// The rank of every member of the population.
    ranks: Vec<usize>,
    /// The distance of every member that has one of the compared ranks.
    distances: Vec<f64>,
}

impl CrowdedOrder {
    /// The order among those of these members whose rank `choose` picks.
    fn new<G>(
        population: &Population<G>,
        members: &[usize],
        choose: impl Fn(&mut dyn Iterator<Item = usize>) -> Option<usize>,
    ) -> Self {
        let vectors: Vec<&[f64]> = population
            .iter()
            .map(|member| &*member.objectives)
            .collect();
        let ranks = pareto_ranks(&vectors);
        let mut distances = vec![0.0; vectors.len()];
        let chosen = choose(&mut members.iter().map(|&member| ranks[member]));
        let front: Vec<usize> = (0..vectors.len())
            .filter(|&position| Some(ranks[position]) == chosen)
            .collect();
        let figures: Vec<&[f64]> = front.iter().map(|&position| vectors[position]).collect();
        for (&position, distance) in front.iter().zip(crowding_distances(&figures)) {
            distances[position] = distance;
        }
        Self { ranks, distances }
    }

    /// Whether the member at `left` is worse (`Less`) or better (`Greater`) than the one at `right`.
    fn compare(&self, left: usize, right: usize) -> Ordering {
        let by_rank = self.ranks[right].cmp(&self.ranks[left]);
        by_rank.then_with(|| self.distances[left].total_cmp(&self.distances[right]))
    }

    /// The best (`Greater`) or the worst (`Less`) of these members; the first of several equal ones.
    fn extreme(&self, members: &[usize], which: Ordering) -> usize {
        let mut extreme = members[0];
        for &member in members {
            if self.compare(member, extreme) == which {
                extreme = member;
            }
        }
        extreme
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
        let order = CrowdedOrder::new(population, sample, |ranks| ranks.min());
        order.extreme(sample, Ordering::Greater)
    }

    fn worst(&self, population: &Population<G>, members: &[usize]) -> usize {
        let order = CrowdedOrder::new(population, members, |ranks| ranks.max());
        order.extreme(members, Ordering::Less)
    }

    fn minimum_objectives(&self) -> usize {
        1
    }

    fn describe(&self) -> Value {
        json!({"type": "ParetoTournament", "size": self.size, "order": "nsga2"})
    }
}
