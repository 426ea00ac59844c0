//! The space as a policy sees it: a list of all decisions, including those that don't matter.

use super::{Choices, Decisions};
use crate::space::CategoricalSpace;

impl CategoricalSpace for Choices {
    fn alternative_counts(&self) -> Vec<usize> {
        self.decisions
            .iter()
            .map(|decision| decision.alternatives.len())
            .collect()
    }

    fn encode(&self, genotype: &Decisions) -> Vec<usize> {
        genotype
            .places()
            .iter()
            .map(|&place| place.into())
            .collect()
    }

    fn decode(&self, choices: &[usize]) -> Decisions {
        let places = choices
            .iter()
            .zip(&self.decisions)
            .map(|(&choice, decision)| {
                assert!(
                    choice < decision.alternatives.len(),
                    "decision '{}' has {} alternatives, none of them numbered {choice}",
                    decision.name,
                    decision.alternatives.len()
                );
                u16::try_from(choice).expect("a decision has at most 65,536 alternatives")
            });
        Decisions(places.collect())
    }
}
