//! Why a policy can't be set up.

/// Why an algorithm that learns a policy can't be set up.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// There is nothing to learn.
    #[error("the space has no decisions, so there is nothing to learn")]
    NoDecisions,
    /// A decision without alternatives.
    #[error("decision {0} of the space has no alternatives")]
    NoAlternatives(usize),
    /// A setting out of its range.
    #[error("the {setting} is {value}; it must be {range}")]
    OutOfRange {
        /// Which one.
        setting: &'static str,
        /// What it is.
        value: f64,
        /// What it may be.
        range: &'static str,
    },
}

pub(super) fn check(
    fulfilled: bool,
    setting: &'static str,
    value: f64,
    range: &'static str,
) -> Result<(), PolicyError> {
    match fulfilled {
        true => Ok(()),
        false => Err(PolicyError::OutOfRange {
            setting,
            value,
            range,
        }),
    }
}

pub(super) fn positive(setting: &'static str, value: f64) -> Result<(), PolicyError> {
    let fulfilled = value.is_finite() && value > 0.0;
    check(fulfilled, setting, value, "positive and finite")
}

pub(super) fn at_least_0(setting: &'static str, value: f64) -> Result<(), PolicyError> {
    let fulfilled = value.is_finite() && value >= 0.0;
    check(fulfilled, setting, value, "at least 0 and finite")
}

/// The numbers of alternatives of a space in which there is something to decide.
pub(super) fn checked_counts(alternatives: Vec<usize>) -> Result<Vec<usize>, PolicyError> {
    if alternatives.is_empty() {
        return Err(PolicyError::NoDecisions);
    }
    match alternatives.iter().position(|&count| count == 0) {
        Some(decision) => Err(PolicyError::NoAlternatives(decision)),
        None => Ok(alternatives),
    }
}
