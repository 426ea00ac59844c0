//! Sampling, mutation and crossover.

use std::error::Error;

use rand::{Rng, RngExt};
use serde_json::Value;

use super::{Choices, ChoicesError, Decisions};
use crate::description;
use crate::space::{Crossover, Mutation, SearchSpace};

impl SearchSpace for Choices {
    type Genotype = Decisions;

    fn sample(&self, rng: &mut dyn Rng) -> Decisions {
        let decisions = self.decisions.iter();
        decisions.map(|decision| decision.sample(rng)).collect()
    }

    fn validate(&self, genotype: &Decisions) -> Result<(), Box<dyn Error + Send + Sync + 'static>> {
        if genotype.len() != self.decisions.len() {
            return Err(Box::new(ChoicesError::DecisionCount {
                found: genotype.len(),
                expected: self.decisions.len(),
            }));
        }
        for (value, decision) in genotype.values().zip(&self.decisions) {
            decision.check(value)?;
        }
        Ok(())
    }

    fn describe(&self) -> Value {
        description::named("Choices", self)
    }
}

impl Mutation<Decisions> for Choices {
    /// Changes one decision that matters and has another value. If there is none, the child equals its
    /// parent.
    fn mutate(&self, parent: &Decisions, rng: &mut dyn Rng) -> Decisions {
        let matter = self.matter(parent);
        let open = |index: &usize| self.decisions[*index].is_open() && matter.includes(*index);
        let count = (0..self.decisions.len()).filter(open).count();
        if count == 0 {
            return parent.clone();
        }
        let drawn = rng.random_range(0..count);
        let Some(index) = (0..self.decisions.len()).filter(open).nth(drawn) else {
            return parent.clone();
        };
        let value = self.decisions[index].mutate(parent.value(index), rng);
        parent.with(index, value)
    }

    fn describe(&self) -> Value {
        description::named("Choices", self)
    }
}

impl Crossover<Decisions> for Choices {
    /// Takes each decision from either parent with equal probability.
    fn cross(&self, first: &Decisions, second: &Decisions, rng: &mut dyn Rng) -> Decisions {
        let values = (0..self.decisions.len()).map(|index| {
            let parent = if rng.random() { first } else { second };
            parent.value(index)
        });
        values.collect()
    }

    fn describe(&self) -> Value {
        description::named("Choices", self)
    }
}
