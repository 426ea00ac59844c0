//! Why a part of a search can't be built from its settings.

/// Why a mutation, a selection, a stopper or a promotion can't be built from its settings.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SettingError {
    /// The probabilities of [`OneOf`](crate::space::OneOf) are negative, not numbers, or don't sum to 1.
    #[error("mutation probabilities must be at least 0 and sum to 1, but they are {0:?}")]
    Probabilities(Vec<f64>),
    /// The tolerance of an objective is negative or not a number.
    #[error("the tolerance of an objective is {0}; it must be at least 0")]
    Tolerance(f64),
    /// [`BestOf`](crate::proxy::BestOf) has no candidates to keep the best of.
    #[error("the best of 0 candidates is no genotype; draw at least 1")]
    NoCandidates,
    /// The rungs of [`SuccessiveHalving`](crate::stopper::SuccessiveHalving) or
    /// [`Promotion`](crate::algorithm::Promotion) are invalid.
    #[error(
        "successive halving needs a first rung of at least 1 and a factor of at least 2, not {first} and {factor}"
    )]
    Rungs {
        /// The step or amount of the first rung.
        first: u64,
        /// The factor.
        factor: u64,
    },
    /// The full evaluation is no more than the first rung of [`Promotion`](crate::algorithm::Promotion).
    #[error("the maximum of a promotion must exceed its first rung, {first}, but it is {maximum}")]
    OneRung {
        /// The amount of the first rung.
        first: u64,
        /// The amount of the full evaluation.
        maximum: u64,
    },
    /// [`Promotion`](crate::algorithm::Promotion) has no brackets, or one that begins above the last rung.
    #[error("there are {rungs} rungs, so there can be 1 to {rungs} brackets, not {brackets}")]
    Brackets {
        /// How many brackets.
        brackets: usize,
        /// How many rungs.
        rungs: usize,
    },
    /// The amount that [`Promotion`](crate::algorithm::Promotion) raises has no name.
    #[error("a promotion needs the name of the amount that it raises, such as epochs")]
    NoAmount,
}
