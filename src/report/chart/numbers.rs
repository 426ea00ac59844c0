//! Numbers for people.

use std::time::Duration;

/// A number with four significant digits, or all digits of a whole number up to 2^53, in groups of three.
pub(in crate::report) fn number(value: f64) -> String {
    let size = value.abs();
    if value.fract() == 0.0 && size < 1e15 {
        return match value < 0.0 {
            true => format!("-{}", grouped(size as u64)),
            false => grouped(size as u64),
        };
    }
    if !(1e-4..1e7).contains(&size) {
        return format!("{value:.3e}");
    }
    let before = size.log10().floor() as i32;
    let decimals = usize::try_from(3 - before).unwrap_or(0);
    let text = format!("{value:.decimals$}");
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

/// A count with a comma before every three digits.
pub(in crate::report) fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number for the tick of an axis: `20k`, `1.5M`, `0.85`.
pub(in crate::report) fn compact(value: f64) -> String {
    let size = value.abs();
    for (factor, suffix) in [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")] {
        if size >= factor && size < 1e15 {
            return format!("{}{suffix}", trimmed(value / factor));
        }
    }
    match size == 0.0 || (1e-4..1e3).contains(&size) {
        true => trimmed(value),
        false => format!("{value:e}"),
    }
}

/// As [`compact`], with four significant digits.
pub(in crate::report) fn brief(value: f64) -> String {
    let unit = 10_f64.powi(value.abs().log10().floor() as i32 - 3);
    if unit == 0.0 || !value.is_finite() {
        return compact(value);
    }
    compact((value / unit).round() * unit)
}

/// At most six decimals, without zeros at the end: the sums of steps have rounding errors in later ones.
fn trimmed(value: f64) -> String {
    let text = format!("{value:.6}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    match text {
        "-0" => "0".to_owned(),
        text => text.to_owned(),
    }
}

/// A share in percent.
pub(in crate::report) fn percent(share: f64) -> String {
    let percent = 100.0 * share;
    match percent == 0.0 || percent >= 9.95 {
        true => format!("{percent:.0} %"),
        false => format!("{percent:.1} %"),
    }
}

/// A time with its two largest units: `2 d 4 h`, `3 min 5 s`, `0.35 s`.
pub(in crate::report) fn duration(seconds: f64) -> String {
    if seconds < 60.0 {
        return format!("{} s", number((seconds * 1e3).round() / 1e3));
    }
    let seconds = seconds.round() as u64;
    let units = [(86_400, "d"), (3600, "h"), (60, "min"), (1, "s")];
    for pair in units.windows(2) {
        let ((large, large_name), (small, small_name)) = (pair[0], pair[1]);
        if seconds >= large {
            let rest = seconds % large / small;
            let first = format!("{} {large_name}", grouped(seconds / large));
            return match rest {
                0 => first,
                rest => format!("{first} {rest} {small_name}"),
            };
        }
    }
    format!("{seconds} s")
}

/// A time since 1970 as a date in UTC: `2026-11-29 15:49:01 UTC`.
pub(in crate::report) fn date(since_1970: Duration) -> String {
    let seconds = since_1970.as_secs();
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    // Years begin in March here, so that the day of a leap year is the last one.
    let days = seconds / 86_400 + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = 400 * era + year_of_era + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_exact_enough() {
        for (value, text) in [
            (0.0, "0"),
            (22_842.0, "22,842"),
            (-1234.0, "-1,234"),
            (0.905_9, "0.9059"),
            (0.905_94, "0.9059"),
            (97.5, "97.5"),
            (1e300, "1.000e300"),
            (-2.5e-7, "-2.500e-7"),
            (12_345.678, "12346"),
        ] {
            assert_eq!(number(value), text);
        }
        for (value, text) in [
            (0.0, "0"),
            (20_000.0, "20k"),
            (1_500_000.0, "1.5M"),
            (0.1 + 0.2, "0.3"),
            (-0.0, "0"),
            (1e20, "1e20"),
        ] {
            assert_eq!(compact(value), text);
        }
        assert_eq!(brief(190_700_352.0), "190.7M");
        assert_eq!(brief(-0.123_456), "-0.1235");
        assert_eq!(percent(0.0), "0 %");
        assert_eq!(percent(0.031), "3.1 %");
        assert_eq!(percent(0.4), "40 %");
    }

    #[test]
    fn times_have_at_most_two_units() {
        for (seconds, text) in [
            (0.351_2, "0.351 s"),
            (35.9, "35.9 s"),
            (60.0, "1 min"),
            (185.2, "3 min 5 s"),
            (7200.0, "2 h"),
            (100_000.0, "1 d 3 h"),
            (1e12, "11,574,074 d 1 h"),
        ] {
            assert_eq!(duration(seconds), text);
        }
    }

    /// The dates of GNU date.
    #[test]
    fn dates_are_those_of_the_calendar() {
        for (seconds, text) in [
            (0, "1970-01-01 00:00:00 UTC"),
            (951_782_399, "2000-02-28 23:59:59 UTC"),
            (951_868_800, "2000-03-01 00:00:00 UTC"),
            (1_795_967_341, "2026-11-29 15:49:01 UTC"),
            (4_107_542_400, "2100-03-01 00:00:00 UTC"),
        ] {
            assert_eq!(date(Duration::from_secs(seconds)), text);
        }
    }
}
