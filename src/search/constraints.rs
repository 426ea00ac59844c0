//! Refusing genotypes before a trial is spent on them.

use crate::panics::caught;

/// Its error says why a genotype is refused.
type Constraint<G> = dyn Fn(&G) -> Result<(), String> + Send;

/// Predicates that a genotype must satisfy before a trial is spent on it.
pub(super) struct Constraints<G> {
    predicates: Vec<Box<Constraint<G>>>,
    /// How many genotypes may be refused for a trial before the search gives up.
    pub(super) draws: u64,
}

impl<G> Default for Constraints<G> {
    fn default() -> Self {
        Self {
            predicates: Vec::new(),
            draws: 1000,
        }
    }
}

impl<G> Constraints<G> {
    pub(super) fn add(&mut self, predicate: impl Fn(&G) -> Result<(), String> + Send + 'static) {
        self.predicates.push(Box::new(predicate));
    }

    /// Fails with the reason of the first constraint that refuses the genotype; one that panics refuses it.
    pub(super) fn check(&self, genotype: &G) -> Result<(), String> {
        for predicate in &self.predicates {
            caught(|| predicate(genotype))
                .unwrap_or_else(|panic| Err(format!("panic: {panic}")))?;
        }
        Ok(())
    }
}
