//! Crossover of cells.

use rand::{Rng, RngExt};
use serde_json::Value;

use super::NasBench201Cell;
use crate::description;
use crate::space::Crossover;

/// Takes the operation on each edge from either parent with equal probability.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EdgeCrossover;

impl Crossover<NasBench201Cell> for EdgeCrossover {
    fn cross(
        &self,
        first: &NasBench201Cell,
        second: &NasBench201Cell,
        rng: &mut dyn Rng,
    ) -> NasBench201Cell {
        let mut child = *first;
        for (operation, other) in child.operations.iter_mut().zip(second.operations) {
            if rng.random() {
                *operation = other;
            }
        }
        child
    }

    fn describe(&self) -> Value {
        description::named("EdgeCrossover", &())
    }
}
