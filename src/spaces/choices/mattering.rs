//! Which decisions matter in a genotype.

use super::Decisions;
use super::decision::NamedDecision;

pub(super) enum Mattering {
    /// No decision has a condition.
    All,
    /// For each decision.
    Each(Vec<bool>),
}

impl Mattering {
    /// Which of the first decisions of a space matter. Conditions only refer to earlier decisions, so one pass
    /// is enough.
    pub(super) fn of(decisions: &[NamedDecision], genotype: &Decisions) -> Self {
        if decisions
            .iter()
            .all(|decision| decision.conditions.is_empty())
        {
            return Self::All;
        }
        let mut matter = Vec::with_capacity(decisions.len());
        for decision in decisions {
            matter.push(decision.matters(&matter, |index| genotype.value(index)));
        }
        Self::Each(matter)
    }

    pub(super) fn includes(&self, decision: usize) -> bool {
        match self {
            Self::All => true,
            Self::Each(matter) => matter[decision],
        }
    }
}
