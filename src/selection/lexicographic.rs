//! A tournament by several objectives in order of importance.

use rand::Rng;
use serde::Serialize;
use serde_json::Value;

use super::{Selection, draw_sample};
use crate::SettingError;
use crate::description;
use crate::objective::{check_tolerance, lexicographic_best, lexicographic_worst};
use crate::population::Population;

/// Of `size` members drawn uniformly with replacement, the best by the first objective wins; among
/// those as good within its tolerance, the best by the second; and so on; the first drawn among
/// equals. The worst is the member that would be left if one tournament after another took its winner
/// ([`lexicographic_worst`]).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LexicographicTournament {
    size: usize,
    tolerances: Vec<f64>,
}

impl LexicographicTournament {
    /// A tournament among `size` members (0 counts as 1) that compares as many objectives as there are
    /// tolerances. The search needs at least that many objectives, and at least one.
    ///
    /// # Errors
    /// [`SettingError::Tolerance`] if a tolerance is negative or not a number.
    pub fn new(size: usize, tolerances: Vec<f64>) -> Result<Self, SettingError> {
        for &tolerance in &tolerances {
            check_tolerance(tolerance)?;
        }
        Ok(Self {
            size: size.max(1),
            tolerances,
        })
    }
}

impl<G> Selection<G> for LexicographicTournament {
    fn select(
        &self,
        population: &Population<G>,
        rng: &mut dyn Rng,
        sample: &mut Vec<usize>,
    ) -> usize {
        draw_sample(self.size, population, rng, sample);
        let winner = lexicographic_best(sample, &self.tolerances, |&position| {
            &population.member(position).objectives
        });
        winner.copied().unwrap_or(sample[0])
    }

    fn worst(&self, population: &Population<G>, members: &[usize]) -> usize {
        let worst = lexicographic_worst(members, &self.tolerances, |&position| {
            &population.member(position).objectives
        });
        worst.copied().unwrap_or(members[0])
    }

    fn minimum_objectives(&self) -> usize {
        self.tolerances.len().max(1)
    }

    fn describe(&self) -> Value {
        description::named("LexicographicTournament", self)
    }
}
