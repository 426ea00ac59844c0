//! What an algorithm proposes.

use crate::trial::{Fidelity, TrialId};

/// A genotype to evaluate next, and where it comes from.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Proposal<G> {
    /// The genotype.
    pub genotype: G,
    /// The trial whose genotype was changed; `None` for a random genotype.
    pub parent: Option<TrialId>,
    /// The second parent, if the genotype comes from a crossover.
    pub mate: Option<TrialId>,
    /// How thoroughly to evaluate it.
    pub fidelity: Fidelity,
}

impl<G> Proposal<G> {
    /// A genotype without a parent.
    pub const fn random(genotype: G) -> Self {
        Self {
            genotype,
            parent: None,
            mate: None,
            fidelity: Fidelity::full(),
        }
    }

    /// A genotype that was made from that of an earlier trial.
    pub const fn child(parent: TrialId, genotype: G) -> Self {
        Self {
            genotype,
            parent: Some(parent),
            mate: None,
            fidelity: Fidelity::full(),
        }
    }

    /// Sets the second parent.
    #[must_use]
    pub fn with_mate(mut self, mate: TrialId) -> Self {
        self.mate = Some(mate);
        self
    }

    /// Sets how thoroughly to evaluate it; by default, fully.
    #[must_use]
    pub fn with_fidelity(mut self, fidelity: Fidelity) -> Self {
        self.fidelity = fidelity;
        self
    }
}
