//! Means, deviations, confidence intervals, and a test of whether two samples differ by more than chance.

mod mann_whitney;
mod normal;
mod rank_correlation;
mod student;

pub use mann_whitney::{MannWhitney, mann_whitney};
pub use rank_correlation::rank_correlation;
pub use student::student_quantile;

/// The arithmetic mean; NaN if there are no values.
#[must_use]
pub fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The standard deviation of a sample (divided by `n - 1`); 0 for fewer than two values.
#[must_use]
pub fn standard_deviation(values: &[f64]) -> f64 {
    if values.len() < 2 {
        return 0.0;
    }
    let mean = mean(values);
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (squares / (values.len() - 1) as f64).sqrt()
}

/// Half the width of the mean's 95 % confidence interval, by Student's t distribution with `n - 1` degrees
/// of freedom: 12.7 standard errors for 2 values, 4.3 for 3, 1.96 for very many. Assumes normally
/// distributed values. 0 for fewer than two values, which have no interval.
#[must_use]
pub fn confidence(values: &[f64]) -> f64 {
    match values.len() {
        0 | 1 => 0.0,
        count => student_quantile(count - 1) * standard_error(values),
    }
}

/// The standard error of the mean; 0 for fewer than two values.
pub(super) fn standard_error(values: &[f64]) -> f64 {
    standard_deviation(values) / (values.len().max(1) as f64).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn close(left: f64, right: f64) {
        assert!((left / right - 1.0).abs() < 1e-9, "{left}, not {right}");
    }

    #[test]
    fn the_mean_and_the_deviation_are_those_of_a_sample() {
        close(mean(&[1.0, 2.0, 6.0]), 3.0);
        close(standard_deviation(&[1.0, 2.0, 6.0]), 7.0_f64.sqrt());
        assert_eq!(standard_deviation(&[4.0]), 0.0);
    }

    /// The factors are in any table of Student's t.
    #[test]
    fn few_values_have_a_wide_interval() {
        assert_eq!(confidence(&[]), 0.0);
        assert_eq!(confidence(&[4.0]), 0.0);
        assert!((confidence(&[0.0, 2.0]) - 12.706).abs() < 0.001);
        let three = confidence(&[1.0, 2.0, 3.0]);
        assert!((three - 4.303 / 3.0_f64.sqrt()).abs() < 0.001, "{three}");
    }
}
