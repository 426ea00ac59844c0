//! Why a space of decisions or a genotype of it is invalid.

use serde_json::Value;

use crate::excerpt::excerpt;

/// Why a space of decisions, or a genotype of it, is invalid.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
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
    /// The lower bound of a range is above its upper bound.
    #[error("the range {range} of decision '{decision}' is empty; put the smaller bound first")]
    EmptyRange {
        /// The decision.
        decision: String,
        /// The range.
        range: String,
    },
    /// A bound is infinite or not a number.
    #[error("the range {range} of decision '{decision}' must have finite bounds")]
    NotFinite {
        /// The decision.
        decision: String,
        /// The range.
        range: String,
    },
    /// The difference of a range's bounds is not a finite float, or the bounds of a range of integers or
    /// their difference are beyond 2^53, up to which floats represent every integer.
    #[error(
        "the range {range} of decision '{decision}' is too wide: integers may go up to 2^53 and differ by as much, and floats by any finite number"
    )]
    RangeTooWide {
        /// The decision.
        decision: String,
        /// The range.
        range: String,
    },
    /// A range on a logarithmic scale has values of 0 or less.
    #[error(
        "the range {range} of decision '{decision}' must be above 0, since its scale is logarithmic"
    )]
    NotPositive {
        /// The decision.
        decision: String,
        /// The range.
        range: String,
    },
    /// A step is not positive, exceeds the range, or is a fraction although the decision is an integer.
    #[error(
        "the step of decision '{decision}' is {step}; it must be above 0, at most the range, and whole for integers"
    )]
    InvalidStep {
        /// The decision.
        decision: String,
        /// The step.
        step: f64,
    },
    /// There are more than 2^53 steps, or neighboring values are equal when rounded to floats.
    #[error(
        "the step of decision '{decision}' is {step}, too fine for floats to tell its values apart"
    )]
    StepTooFine {
        /// The decision.
        decision: String,
        /// The step.
        step: f64,
    },
    /// A decision has a step and a logarithmic scale.
    #[error("decision '{0}' has a step, which a logarithmic scale can't have")]
    StepOnLogarithmicScale(String),
    /// The width of a Gaussian mutation is out of range.
    #[error(
        "decision '{decision}' mutates with a width of {width}; it must be above 0 and at most 1"
    )]
    InvalidWidth {
        /// The decision.
        decision: String,
        /// The width.
        width: f64,
    },
    /// A setting of numbers was given for a decision between alternatives.
    #[error("'{setting}' is for numbers, but decision '{decision}' is between alternatives")]
    NotNumeric {
        /// The decision.
        decision: String,
        /// The method of the builder.
        setting: &'static str,
    },
    /// A setting of numbers was given before any decision.
    #[error("'{0}' comes before the decision that it is for")]
    SettingWithoutDecision(&'static str),
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
    /// A condition refers to a number.
    #[error(
        "decision '{decision}' depends on '{on}', which is a number; conditions are about alternatives"
    )]
    NumericCondition {
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
    /// An algorithm needs alternatives, but this decision is a number.
    #[error(
        "decision '{0}' is a number, whose values can't be enumerated; name a few alternatives"
    )]
    NotCategorical(String),
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
        place: i64,
        /// How many alternatives there are.
        count: usize,
    },
    /// A value is of the wrong type.
    #[error("decision '{decision}' is {}; it must be {expected}", excerpt(&found.to_string()))]
    WrongKind {
        /// The decision.
        decision: String,
        /// What the value must be.
        expected: &'static str,
        /// The value.
        found: Value,
    },
    /// A number is out of its range.
    #[error("decision '{decision}' is {value}; it must be from {low} to {high}")]
    OutOfRange {
        /// The decision.
        decision: String,
        /// The number.
        value: Value,
        /// The lowest number.
        low: Value,
        /// The highest number.
        high: Value,
    },
    /// A number is between two steps.
    #[error("decision '{decision}' is {value}; it must be {low} plus a multiple of {step}")]
    OffStep {
        /// The decision.
        decision: String,
        /// The number.
        value: Value,
        /// The lowest number.
        low: Value,
        /// The step.
        step: Value,
    },
    /// The JSON is not an object.
    #[error("expected an object that maps decisions to alternatives or numbers, not {}", excerpt(.0))]
    NotAnObject(String),
    /// No decision has this name.
    #[error("there is no decision '{}'", excerpt(.0))]
    UnknownDecision(String),
    /// The decision has no such alternative.
    #[error("decision '{decision}' has no alternative '{}'", excerpt(alternative))]
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
