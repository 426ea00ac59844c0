//! An axis: its title, its range, and where its ticks are.

use super::numbers::compact;

/// The furthest from 0 that an axis reaches; what is further is left out, so that sums stay finite.
const FURTHEST: f64 = 1e300;

/// An axis that is fitted to the values of a chart.
#[derive(Clone, Debug)]
pub(in crate::report) struct ChartAxis {
    pub(super) title: String,
    logarithmic: bool,
    whole: bool,
    from: Option<f64>,
    until: Option<f64>,
    lowest: f64,
    highest: f64,
}

/// An axis with its range.
#[derive(Clone, Debug)]
pub(super) struct FittedAxis {
    low: f64,
    high: f64,
    logarithmic: bool,
    pub(super) ticks: Vec<(f64, String)>,
}

impl ChartAxis {
    /// An axis with a title that says the unit, and where it isn't plain, which direction is better.
    pub(in crate::report) fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            logarithmic: false,
            whole: false,
            from: None,
            until: None,
            lowest: f64::NEG_INFINITY,
            highest: f64::INFINITY,
        }
    }

    /// A logarithmic scale, if all values are positive.
    pub(in crate::report) const fn logarithmic(mut self) -> Self {
        self.logarithmic = true;
        self
    }

    /// Ticks at whole numbers only.
    pub(in crate::report) const fn whole(mut self) -> Self {
        self.whole = true;
        self
    }

    /// Begins at this value, if all others are greater.
    pub(in crate::report) const fn from(mut self, value: f64) -> Self {
        self.from = Some(value);
        self
    }

    /// Reaches at least to this value.
    pub(in crate::report) const fn until(mut self, value: f64) -> Self {
        self.until = Some(value);
        self
    }

    /// Doesn't reach below this value: what is lower is drawn at the lower end.
    pub(in crate::report) const fn not_below(mut self, value: f64) -> Self {
        self.lowest = value;
        self
    }

    /// Doesn't reach above this value: what is higher is drawn at the upper end.
    pub(in crate::report) const fn not_above(mut self, value: f64) -> Self {
        self.highest = value;
        self
    }

    /// Fits the axis to values; `None` if there is none.
    pub(super) fn fit(
        &self,
        values: impl Iterator<Item = f64>,
        most_ticks: usize,
    ) -> Option<FittedAxis> {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values.filter(|value| (-FURTHEST..=FURTHEST).contains(value)) {
            low = low.min(value);
            high = high.max(value);
        }
        if low > high {
            return None;
        }
        high = high.min(self.highest).max(low);
        low = low.max(self.lowest).min(high);
        low = self.from.unwrap_or(low).min(low);
        high = self.until.unwrap_or(high).max(high);
        let logarithmic = self.logarithmic && low > 0.0;
        let (low, high) = match (logarithmic, high - low) {
            (true, _) if high / low < 1.2 => (low / 1.1, high * 1.1),
            (true, _) => {
                let margin = (0.04 * (high.ln() - low.ln())).exp();
                (
                    (low / margin).max(f64::MIN_POSITIVE),
                    (high * margin).min(f64::MAX),
                )
            }
            (false, 0.0) if self.whole => {
                let margin = (0.05 * low.abs()).max(1.0);
                (low - margin, high + margin)
            }
            (false, 0.0) => {
                let margin = 0.05 * low.abs().max(1e-3);
                (low - margin, high + margin)
            }
            (false, span) => {
                let below = if self.from == Some(low) { 0.0 } else { 0.04 };
                (low - below * span, high + 0.04 * span)
            }
        };
        let ticks = match logarithmic {
            true => log_ticks(low, high, most_ticks),
            false => linear_ticks(low, high, most_ticks, self.whole),
        };
        Some(FittedAxis {
            low,
            high,
            logarithmic,
            ticks: ticks
                .into_iter()
                .map(|tick| (tick, compact(tick)))
                .collect(),
        })
    }
}

impl FittedAxis {
    /// Where a value is, from 0 at the low end to 1; what is outside is at the end.
    pub(super) fn place(&self, value: f64) -> f64 {
        let place = match self.logarithmic {
            true => (value.ln() - self.low.ln()) / (self.high.ln() - self.low.ln()),
            false => (value - self.low) / (self.high - self.low),
        };
        place.clamp(0.0, 1.0)
    }

    /// Whether a value can be drawn, at an end if it is outside.
    pub(super) fn holds(&self, value: f64) -> bool {
        (-FURTHEST..=FURTHEST).contains(&value)
    }
}

/// Multiples of 1, 2 or 5 times a power of ten.
fn linear_ticks(low: f64, high: f64, most: usize, whole: bool) -> Vec<f64> {
    let least = (high - low) / most as f64;
    let power = 10_f64.powf(least.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0]
        .map(|factor| factor * power)
        .into_iter()
        .find(|&step| step >= least * 0.999)
        .unwrap_or(10.0 * power);
    let step = if whole { step.max(1.0) } else { step };
    if step <= 0.0 {
        // The values are as close as numbers can be.
        return vec![low];
    }
    let first = (low / step).ceil();
    (0..=most)
        .map(|place| (first + place as f64) * step)
        .take_while(|&tick| tick <= high + 1e-9 * step)
        .collect()
}

/// Powers of ten, with 2 and 5 times them if these are few.
fn log_ticks(low: f64, high: f64, most: usize) -> Vec<f64> {
    let exponents = low.log10().floor() as i32..=high.log10().ceil() as i32;
    let among = |factors: &[f64]| -> Vec<f64> {
        let powers = exponents.clone().map(|exponent| 10_f64.powi(exponent));
        powers
            .flat_map(|power| factors.iter().map(move |factor| factor * power))
            .filter(|tick| (low..=high).contains(tick))
            .collect()
    };
    let finest = [
        &[1.0, 2.0, 3.0, 5.0, 7.0][..],
        &[1.0, 2.0, 5.0],
        &[1.0, 3.0],
    ];
    for factors in finest {
        let ticks = among(factors);
        if (2..=most).contains(&ticks.len()) {
            return ticks;
        }
    }
    let tens = among(&[1.0]);
    match tens.len() {
        0 | 1 => linear_ticks(low, high, most, false),
        count => tens.into_iter().step_by(count.div_ceil(most)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: &ChartAxis, values: &[f64]) -> Vec<String> {
        let fitted = axis.fit(values.iter().copied(), 5).unwrap();
        fitted.ticks.into_iter().map(|(_, label)| label).collect()
    }

    #[test]
    fn ticks_are_round_numbers() {
        let axis = ChartAxis::new("");
        assert_eq!(labels(&axis, &[0.0, 1.0]), ["0", "0.5", "1"]);
        assert_eq!(
            labels(&axis, &[0.83, 0.91]),
            ["0.84", "0.86", "0.88", "0.9"]
        );
        assert_eq!(labels(&axis.clone().whole(), &[1.0, 2.0]), ["1", "2"]);
        let axis = axis.logarithmic();
        assert_eq!(labels(&axis, &[1000.0, 1e6]), ["1k", "10k", "100k", "1M"]);
        assert_eq!(labels(&axis, &[20_000.0, 60_000.0]), ["20k", "30k", "50k"]);
        assert_eq!(labels(&axis, &[0.0, 4.0]), ["0", "1", "2", "3", "4"]);
    }

    #[test]
    fn any_values_have_a_finite_range_with_few_ticks() {
        let numbers = [
            0.0,
            1.0,
            -1.0,
            1e-300,
            1e300,
            -1e300,
            f64::INFINITY,
            f64::NAN,
        ];
        for low in numbers {
            for high in numbers {
                for axis in [
                    ChartAxis::new(""),
                    ChartAxis::new("").whole(),
                    ChartAxis::new("").logarithmic(),
                ] {
                    let Some(fitted) = axis.fit([low, high].into_iter(), 6) else {
                        assert!(!low.is_finite() && !high.is_finite());
                        continue;
                    };
                    assert!(fitted.low < fitted.high, "{low} {high}");
                    assert!(fitted.ticks.len() <= 7, "{:?}", fitted.ticks);
                    for value in [low, high].into_iter().filter(|value| fitted.holds(*value)) {
                        assert!((0.0..=1.0).contains(&fitted.place(value)), "{value}");
                    }
                }
            }
        }
    }
}
