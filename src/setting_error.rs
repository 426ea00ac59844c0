//! Why a part of a search can't be built from its settings.

/// Why a mutation, a selection or a stopper can't be built from its settings.
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
    /// The rungs of [`SuccessiveHalving`](crate::stopper::SuccessiveHalving) are invalid.
    #[error(
        "successive halving needs a first rung of at least 1 and a factor of at least 2, not {first} and {factor}"
    )]
    Rungs {
        /// The step of the first rung.
        first: u64,
        /// The factor.
        factor: u64,
    },
}
