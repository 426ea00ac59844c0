//! Numbers inside messages.

use std::fmt::{self, Display};

/// A number as a message shows it: with all its digits, unless it is so large or small that an exponent is shorter.
/// Rust writes 1e300 with 301 digits.
pub(crate) fn figure(value: f64) -> impl Display {
    Figure(value)
}

struct Figure(f64);

impl Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(value) = self;
        let is_plain = *value == 0.0 || (1e-5..1e16).contains(&value.abs());
        match is_plain || !value.is_finite() {
            true => write!(f, "{value}"),
            false => write!(f, "{value:e}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::figure;

    #[test]
    fn only_numbers_of_many_digits_have_an_exponent() {
        for (value, text) in [
            (0.0, "0"),
            (-1.0, "-1"),
            (0.05, "0.05"),
            (1e9, "1000000000"),
            (1e300, "1e300"),
            (-2.5e-300, "-2.5e-300"),
            (f64::INFINITY, "inf"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(figure(value).to_string(), text);
        }
    }
}
