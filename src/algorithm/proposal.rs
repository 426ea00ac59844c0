//! What an algorithm proposes.

use crate::trial::{Fidelity, Trial, TrialId};

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
    /// The trial of the same genotype that its evaluation may continue.
    pub continues: Option<TrialId>,
    /// The seed of all randomness in its evaluation; `None` for the one that derives from the root seed and the
    /// trial's number.
    pub seed: Option<u64>,
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
            continues: None,
            seed: None,
            fidelity: Fidelity::full(),
        }
    }

    /// A genotype that was made from that of an earlier trial.
    pub const fn child(parent: TrialId, genotype: G) -> Self {
        Self {
            genotype,
            parent: Some(parent),
            mate: None,
            continues: None,
            seed: None,
            fidelity: Fidelity::full(),
        }
    }

    /// A more thorough evaluation of an earlier trial's genotype, which may continue where the earlier one ended.
    ///
    /// It has the parents and the seed of the earlier trial. So an evaluator whose randomness all comes from the
    /// seed arrives at the same score whether it continues or starts from scratch, and a state that was lost costs
    /// time but changes nothing.
    ///
    /// ```
    /// use evonas::prelude::*;
    ///
    /// let first = Trial::new(TrialId(3), 42, vec![true, false]);
    /// let proposal = Proposal::continuing(&first);
    /// assert_eq!((proposal.continues, proposal.seed), (Some(TrialId(3)), Some(42)));
    /// assert_eq!(proposal.genotype, first.genotype);
    /// assert!(proposal.fidelity.is_full());
    /// ```
    pub fn continuing(earlier: &Trial<G>) -> Self
    where
        G: Clone,
    {
        Self {
            genotype: earlier.genotype.clone(),
            parent: earlier.parent,
            mate: earlier.mate,
            continues: Some(earlier.id),
            seed: Some(earlier.seed),
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
