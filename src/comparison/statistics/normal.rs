//! The normal distribution.

/// The probability that a standard normal variable is at least `z` away from 0.
pub(super) fn two_sided_p(z: f64) -> f64 {
    complementary_error_function(z / std::f64::consts::SQRT_2)
}

/// `erfc` of a number of at least 0: by the series of `erf` near 0 and by a continued fraction far from it
/// (Abramowitz and Stegun 7.1.6 and 7.1.14).
fn complementary_error_function(x: f64) -> f64 {
    let bell = (-x * x).exp() / std::f64::consts::PI.sqrt();
    if x < 2.0 {
        let (mut term, mut sum) = (x, x);
        for n in 1..100 {
            term *= 2.0 * x * x / f64::from(2 * n + 1);
            sum += term;
        }
        1.0 - 2.0 * bell * sum
    } else {
        let fraction = (1..=100)
            .rev()
            .fold(x, |denominator, n| x + f64::from(n) / 2.0 / denominator);
        bell / fraction
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::close;
    use super::*;

    /// Values of `scipy.special.erfc` (1.17).
    #[test]
    fn the_error_function_is_accurate_near_and_far() {
        for (x, expected) in [
            (0.1, 0.8875370839817152),
            (1.0, 0.15729920705028516),
            (1.9999, 0.00467980209297061),
            (2.0, 0.004677734981047266),
            (3.5, 7.430983723414129e-07),
            (10.0, 2.0884875837625446e-45),
        ] {
            close(complementary_error_function(x), expected);
        }
    }
}
