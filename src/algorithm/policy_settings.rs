//! Checks of the settings that algorithms with a policy share.

use super::AlgorithmError;

pub(super) fn check(
    fulfilled: bool,
    setting: &'static str,
    value: f64,
    range: &'static str,
) -> Result<(), AlgorithmError> {
    match fulfilled {
        true => Ok(()),
        false => Err(AlgorithmError::OutOfRange {
            setting,
            value,
            range,
        }),
    }
}

pub(super) fn positive(setting: &'static str, value: f64) -> Result<(), AlgorithmError> {
    let fulfilled = value.is_finite() && value > 0.0;
    check(fulfilled, setting, value, "positive and finite")
}

pub(super) fn at_least_0(setting: &'static str, value: f64) -> Result<(), AlgorithmError> {
    let fulfilled = value.is_finite() && value >= 0.0;
    check(fulfilled, setting, value, "at least 0 and finite")
}

/// Returns the numbers of alternatives if there is something to decide.
pub(super) fn checked_counts(alternatives: Vec<usize>) -> Result<Vec<usize>, AlgorithmError> {
    if alternatives.is_empty() {
        return Err(AlgorithmError::NoDecisions);
    }
    match alternatives.iter().position(|&count| count == 0) {
        Some(decision) => Err(AlgorithmError::NoAlternatives(decision)),
        None => Ok(alternatives),
    }
}
