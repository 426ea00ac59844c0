//! Sampling, mutation and crossover.

use std::error::Error;

use rand::{Rng, RngExt};
use serde_json::Value;

use super::{Choices, ChoicesError, Decisions};
use crate::description;
use crate::space::{Mutation, SearchSpace};

impl SearchSpace for Choices {
    type Genotype = Decisions;

    fn sample(&self, rng: &mut dyn Rng) -> Decisions {
        let places = self.decisions.iter().map(|decision| {
            let place = rng.random_range(0..decision.alternatives.len());
            u16::try_from(place).expect("a decision has at most 65,536 alternatives")
        });
        Decisions(places.collect())
    }

    fn validate(&self, genotype: &Decisions) -> Result<(), Box<dyn Error + Send + Sync + 'static>> {
        let (places, decisions) = (genotype.places(), &self.decisions);
        if places.len() != decisions.len() {
            return Err(Box::new(ChoicesError::DecisionCount {
                found: places.len(),
                expected: decisions.len(),
            }));
        }
        for (&place, decision) in places.iter().zip(decisions) {
            if usize::from(place) >= decision.alternatives.len() {
                return Err(Box::new(ChoicesError::UnknownPlace {
                    decision: decision.name.clone(),
                    place,
                    count: decision.alternatives.len(),
                }));
            }
        }
        Ok(())
    }

    fn describe(&self) -> Value {
        description::named("Choices", self)
    }
}

impl Mutation<Decisions> for Choices {
    /// Changes one decision that matters and has another alternative. If there is none, the child
    /// equals its parent.
    fn mutate(&self, parent: &Decisions, rng: &mut dyn Rng) -> Decisions {
        let mut child = parent.clone();
        let matter = self.matter(&parent.0);
        let open = |place: &usize| self.decisions[*place].alternatives.len() > 1 && matter[*place];
        let count = (0..self.decisions.len()).filter(open).count();
        if count == 0 {
            return child;
        }
        let drawn = rng.random_range(0..count);
        let Some(place) = (0..self.decisions.len()).filter(open).nth(drawn) else {
            return child;
        };
        let others = self.decisions[place].alternatives.len() - 1;
        let other = u16::try_from(rng.random_range(0..others))
            .expect("a decision has at most 65,536 alternatives");
        // Skips the current alternative.
        child.0[place] = other + u16::from(other >= parent.0[place]);
        child
    }

    fn describe(&self) -> Value {
        description::named("Choices", self)
    }
}

impl Choices {
    /// A child that takes each decision from either parent with equal probability.
    ///
    /// # Panics
    /// If a parent has fewer decisions than this space.
    #[must_use]
    pub fn crossover(&self, left: &Decisions, right: &Decisions, rng: &mut dyn Rng) -> Decisions {
        let places = (0..self.decisions.len()).map(|place| {
            let parent = if rng.random() { left } else { right };
            parent.0[place]
        });
        Decisions(places.collect())
    }
}
