//! Why a space of decisions or a genotype of it is invalid.

/// Why a space of decisions, or a genotype of it, is invalid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChoicesError {
    /// The space has no decision.
    #[error("a space needs at least one decision")]
    NoDecisions,
    /// Two decisions have the same name.
    #[error("there are two decisions named '{0}'")]
    RepeatedDecision(String),
    /// A decision has no alternatives, or more than 65,536.
    #[error("decision '{decision}' has {count} alternatives; it may have 1 to 65536")]
    AlternativeCount {
        /// The decision.
        decision: String,
        /// How many it has.
        count: usize,
    },
    /// A decision has the same alternative twice.
    #[error("decision '{decision}' has the alternative '{alternative}' twice")]
    RepeatedAlternative {
        /// The decision.
        decision: String,
        /// The alternative.
        alternative: String,
    },
    /// A condition was added before any decision.
    #[error("the condition on '{0}' comes before the decision that it is for")]
    ConditionWithoutDecision(String),
    /// A condition refers to a decision that doesn't come before its own.
    #[error("decision '{decision}' depends on '{on}', which is not an earlier decision")]
    UnknownCondition {
        /// The decision.
        decision: String,
        /// The decision it depends on.
        on: String,
    },
    /// A condition names an alternative that doesn't exist, or none at all.
    #[error(
        "decision '{decision}' depends on '{on}' being one of {alternatives:?}, but '{on}' has no such alternatives"
    )]
    UnknownInCondition {
        /// The decision.
        decision: String,
        /// The decision it depends on.
        on: String,
        /// The alternatives named.
        alternatives: Vec<String>,
    },
    /// The conditions of a decision, or of those it depends on, contradict each other.
    #[error(
        "decision '{decision}' can never matter: its conditions leave no alternative of '{on}'"
    )]
    NeverMatters {
        /// The decision.
        decision: String,
        /// The decision it depends on.
        on: String,
    },
    /// A genotype has the wrong number of decisions.
    #[error("it has {found} decisions, but this space has {expected}")]
    DecisionCount {
        /// How many the genotype has.
        found: usize,
        /// How many the space has.
        expected: usize,
    },
    /// A genotype takes an alternative by a number that the decision doesn't have.
    #[error(
        "decision '{decision}' takes alternative {place}, but has only {count}, counted from 0"
    )]
    UnknownPlace {
        /// The decision.
        decision: String,
        /// The number of the alternative, from 0.
        place: u16,
        /// How many alternatives there are.
        count: usize,
    },
    /// The JSON is not an object of strings.
    #[error("expected an object that maps decisions to alternatives, not {0}")]
    NotAnObject(String),
    /// No decision has this name.
    #[error("there is no decision '{0}'")]
    UnknownDecision(String),
    /// The decision has no such alternative.
    #[error("decision '{decision}' has no alternative '{alternative}'")]
    UnknownAlternative {
        /// The decision.
        decision: String,
        /// The unknown alternative.
        alternative: String,
    },
    /// A decision that matters is missing.
    #[error("decision '{0}' is missing")]
    Missing(String),
    /// A decision is given that doesn't matter.
    #[error("decision '{0}' is given, but doesn't matter with these other decisions")]
    Superfluous(String),
}
