//! The space as a policy sees it: a list of all decisions, including those that don't matter.

use std::error::Error;

use rand::Rng;
use serde_json::Value;

use super::decision::place;
use super::{Choices, ChoicesError, Decisions};
use crate::space::{CategoricalSpace, SearchSpace};

/// [`Choices`] without numeric decisions, which policies can learn in. [`Choices::categorical`] makes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CategoricalChoices {
    choices: Choices,
    /// The number of alternatives of each decision.
    counts: Vec<usize>,
}

impl Choices {
    /// The space for algorithms that learn a probability for each alternative, such as
    /// [`Reinforce`](crate::algorithm::Reinforce).
    ///
    /// # Errors
    /// [`ChoicesError::NotCategorical`] names a numeric decision, whose values can't be enumerated. Give
    /// such an algorithm a few of them as named alternatives.
    pub fn categorical(&self) -> Result<CategoricalChoices, ChoicesError> {
        let counts = self.decisions.iter().map(|decision| {
            let alternatives = decision.alternatives().map(<[String]>::len);
            alternatives.ok_or_else(|| ChoicesError::NotCategorical(decision.name.clone()))
        });
        Ok(CategoricalChoices {
            counts: counts.collect::<Result<_, _>>()?,
            choices: self.clone(),
        })
    }
}

/// Samples, validates and describes as the [`Choices`] it is made of.
impl SearchSpace for CategoricalChoices {
    type Genotype = Decisions;

    fn sample(&self, rng: &mut dyn Rng) -> Decisions {
        self.choices.sample(rng)
    }

    fn validate(&self, genotype: &Decisions) -> Result<(), Box<dyn Error + Send + Sync + 'static>> {
        self.choices.validate(genotype)
    }

    fn describe(&self) -> Value {
        SearchSpace::describe(&self.choices)
    }
}

impl CategoricalSpace for CategoricalChoices {
    fn alternative_counts(&self) -> Vec<usize> {
        self.counts.clone()
    }

    /// # Panics
    /// If the genotype is not in this space.
    fn encode(&self, genotype: &Decisions) -> Vec<usize> {
        let places = genotype
            .places()
            .expect("a space of alternatives has genotypes of indices");
        places.iter().map(|&place| place.into()).collect()
    }

    fn decode(&self, choices: &[usize]) -> Decisions {
        let decisions = self.counts.iter().zip(&self.choices.decisions);
        let places = choices.iter().zip(decisions);
        let places = places.map(|(&choice, (&count, decision))| {
            assert!(
                choice < count,
                "decision '{}' has {count} alternatives, none of them numbered {choice}",
                decision.name,
            );
            place(choice)
        });
        places.collect()
    }
}
