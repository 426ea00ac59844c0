//! Numbers within a range, as the options take them. A refusal names the range.

use std::ops::RangeInclusive;
use std::time::Duration;

use evonas::executor::Threads;

/// The largest number of images, genotypes, runs or epochs: sums and products of a few stay far from overflowing.
const MOST: u64 = 1_000_000_000;

/// The largest batch, in images; at 32x32 pixels in color it fills 0.8 GB.
const MOST_IN_A_BATCH: u64 = 1 << 16;

/// The most steps that are timed.
const MOST_STEPS: u64 = 1_000_000;

/// A whole number of things that there must be at least one of.
pub(crate) fn count(text: &str) -> Result<usize, String> {
    whole(text, 1..=MOST)
}

/// A whole number of things that are counted one by one, at least one.
pub(crate) fn large_count(text: &str) -> Result<u64, String> {
    whole(text, 1..=1_000 * MOST)
}

/// The images in a batch.
pub(crate) fn batch(text: &str) -> Result<usize, String> {
    whole(text, 2..=MOST_IN_A_BATCH)
}

/// A number of threads that run trials.
pub(crate) fn workers(text: &str) -> Result<usize, String> {
    whole(text, 1..=Threads::<()>::MOST_WORKERS as u64)
}

/// A number of steps whose times are kept.
pub(crate) fn steps(text: &str) -> Result<usize, String> {
    whole(text, 1..=MOST_STEPS)
}

/// A number of steps, which may be 0.
pub(crate) fn warm_up_steps(text: &str) -> Result<usize, String> {
    whole(text, 0..=MOST_STEPS)
}

/// A seed.
pub(crate) fn seed(text: &str) -> Result<u64, String> {
    whole(text, 0..=u64::MAX)
}

/// A whole number within a range.
pub(crate) fn within(
    range: RangeInclusive<u64>,
) -> impl Fn(&str) -> Result<usize, String> + Clone + Send + Sync {
    move |text| whole(text, range.clone())
}

fn whole<T: TryFrom<u64>>(text: &str, range: RangeInclusive<u64>) -> Result<T, String> {
    let number = text.parse().ok().filter(|number| range.contains(number));
    number
        .and_then(|number| T::try_from(number).ok())
        .ok_or_else(|| {
            let (least, most) = range.into_inner();
            format!("it must be a whole number from {least} to {most}")
        })
}

/// A share, from 0 to 1.
pub(crate) fn share(text: &str) -> Result<f64, String> {
    real(text, "from 0 to 1", |number| (0.0..=1.0).contains(&number))
}

/// A number above 0.
pub(crate) fn positive(text: &str) -> Result<f64, String> {
    real(text, "above 0", |number| number > 0.0)
}

/// A number of at least 0.
pub(crate) fn not_negative(text: &str) -> Result<f64, String> {
    real(text, "of at least 0", |number| number >= 0.0)
}

/// A duration in seconds.
pub(crate) fn seconds(text: &str) -> Result<Duration, String> {
    duration(positive(text)?).ok_or_else(|| "it must be from 1e-9 to 1.8e19 seconds".to_owned())
}

/// A duration in minutes.
pub(crate) fn minutes(text: &str) -> Result<Duration, String> {
    let seconds = 60.0 * positive(text)?;
    duration(seconds).ok_or_else(|| "it must be from 1e-10 to 3e17 minutes".to_owned())
}

/// A duration that passes.
fn duration(seconds: f64) -> Option<Duration> {
    let duration = Duration::try_from_secs_f64(seconds).ok()?;
    (!duration.is_zero()).then_some(duration)
}

fn real(text: &str, range: &str, admits: fn(f64) -> bool) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number: &f64| number.is_finite());
    number
        .filter(|&number| admits(number))
        .ok_or_else(|| format!("it must be a finite number {range}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_end_where_their_range_ends() {
        assert_eq!(batch("2"), Ok(2));
        assert_eq!(batch("65536"), Ok(1 << 16));
        for text in ["1", "65537", "-3", "2.5", "", "two", "18446744073709551615"] {
            assert_eq!(
                batch(text).unwrap_err(),
                "it must be a whole number from 2 to 65536",
                "{text}"
            );
        }
        assert_eq!(within(0..=3)("0"), Ok(0));
        assert!(within(0..=3)("4").is_err());
        assert_eq!(seed("18446744073709551615"), Ok(u64::MAX));
        assert!(count("0").is_err());
    }

    #[test]
    fn real_numbers_are_finite_and_within_their_range() {
        for text in ["nan", "inf", "-inf", "1e999", "", "one"] {
            for parse in [share, positive, not_negative] {
                assert!(parse(text).is_err(), "{text}");
            }
        }
        assert_eq!(
            (share("0"), share("1"), not_negative("0"), positive("1e-9")),
            (Ok(0.0), Ok(1.0), Ok(0.0), Ok(1e-9))
        );
        for (refusal, range) in [
            (share("2"), "from 0 to 1"),
            (share("-0.1"), "from 0 to 1"),
            (positive("0"), "above 0"),
            (not_negative("-1"), "of at least 0"),
        ] {
            let message = refusal.unwrap_err();
            assert!(message.ends_with(range), "{message}");
        }
    }

    #[test]
    fn a_duration_is_one_that_passes() {
        assert_eq!(seconds("1.5"), Ok(Duration::from_millis(1500)));
        assert_eq!(minutes("1.5"), Ok(Duration::from_secs(90)));
        for text in ["0", "-1", "nan", "inf", "1e-300", "1e300"] {
            for parse in [seconds, minutes] {
                assert!(
                    parse(text).unwrap_err().starts_with("it must be "),
                    "{text}"
                );
            }
        }
    }
}
