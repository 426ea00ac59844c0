//! Student's t distribution.

use std::f64::consts::{FRAC_PI_2, PI};

/// The quantile of the standard normal distribution: a variable is within this of 0 with probability
/// [`WITHIN`].
const NORMAL_QUANTILE: f64 = 1.959_963_984_540_054;

/// The probability of the interval that a quantile bounds.
const WITHIN: f64 = 0.95;

/// The most degrees of freedom for which the distribution is summed. Above, an expansion has an error below
/// 1e-10.
const SUMMED: usize = 100;

/// The 97.5 % quantile of Student's t distribution: a variable with this many degrees of freedom is within
/// it of 0 with probability 95 %. 12.706 for one degree, 1.960 for very many, infinite for none.
#[must_use]
pub fn student_quantile(degrees: usize) -> f64 {
    match degrees {
        0 => f64::INFINITY,
        1..=SUMMED => by_bisection(degrees),
        _ => by_expansion(degrees as f64),
    }
}

/// The quantile by bisection on the angle `atan(t / sqrt(degrees))`.
fn by_bisection(degrees: usize) -> f64 {
    let (mut low, mut high) = (0.0, FRAC_PI_2);
    // Until the bounds are adjacent numbers.
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        match within(middle, degrees) < WITHIN {
            true => low = middle,
            false => high = middle,
        }
    }
    (degrees as f64).sqrt() * (0.5 * (low + high)).tan()
}

/// The probability that the variable is within `sqrt(degrees) tan(angle)` of 0 (Abramowitz and Stegun
/// 26.7.3 and 26.7.4).
fn within(angle: f64, degrees: usize) -> f64 {
    let (sine, cosine) = angle.sin_cos();
    let odd = degrees % 2;
    // The first power of the cosine: 1 for odd degrees, 0 for even ones.
    let mut term = if odd == 1 { cosine } else { 1.0 };
    let mut sum = 0.0;
    for power in (odd..degrees.saturating_sub(1)).step_by(2) {
        sum += term;
        term *= cosine * cosine * (power + 1) as f64 / (power + 2) as f64;
    }
    match odd {
        1 => 2.0 / PI * (angle + sine * sum),
        _ => sine * sum,
    }
}

/// The quantile by an expansion around the normal one (Abramowitz and Stegun 26.7.5).
fn by_expansion(degrees: f64) -> f64 {
    let x = NORMAL_QUANTILE;
    let power = |exponent| x.powi(exponent);
    let first = (power(3) + x) / 4.0;
    let second = (5.0 * power(5) + 16.0 * power(3) + 3.0 * x) / 96.0;
    let third = (3.0 * power(7) + 19.0 * power(5) + 17.0 * power(3) - 15.0 * x) / 384.0;
    let fourth =
        (79.0 * power(9) + 776.0 * power(7) + 1482.0 * power(5) - 1920.0 * power(3) - 945.0 * x)
            / 92_160.0;
    x + (first + (second + (third + fourth / degrees) / degrees) / degrees) / degrees
}

#[cfg(test)]
mod tests {
    use super::super::tests::close;
    use super::*;

    /// Values of `scipy.stats.t.ppf(0.975, degrees)` (1.17).
    #[test]
    fn the_quantiles_match_scipy() {
        for (degrees, expected) in [
            (1, 12.706204736174694),
            (2, 4.302652729749462),
            (3, 3.1824463052837078),
            (4, 2.7764451051977934),
            (9, 2.262157162798205),
            (19, 2.0930240544083087),
            (49, 2.0095752371292392),
            (100, 1.9839715185235518),
            (101, 1.983731002955606),
            (499, 1.9647293909876886),
            (10_000, 1.960201239890626),
        ] {
            close(student_quantile(degrees), expected);
        }
        assert_eq!(student_quantile(0), f64::INFINITY);
        close(student_quantile(usize::MAX), NORMAL_QUANTILE);
    }

    #[test]
    fn bisection_and_expansion_agree_where_they_meet() {
        for degrees in SUMMED - 5..SUMMED + 6 {
            close(by_bisection(degrees), by_expansion(degrees as f64));
        }
    }
}
