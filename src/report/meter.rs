//! A progress meter on standard error.

use std::fmt;
use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar as Bar, ProgressStyle};

use super::note::note;
use crate::excerpt::escaped;

/// Without a terminal, the longest time between two lines, as long as something is finished.
const LONGEST_SILENCE: Duration = Duration::from_secs(30);

/// The total if there is no limit.
pub(super) const ENDLESS: u64 = u64::MAX;

/// Shows done/total on standard error: a bar on a terminal, otherwise a plain line for every tenth and
/// whenever the last line is older than [`LONGEST_SILENCE`].
pub(super) struct Meter {
    bar: Option<Bar>,
    /// What is counted, in the plural.
    unit: &'static str,
    total: u64,
    start: Instant,
    /// How many were done before the start.
    before: u64,
    /// The tenths done at the last line.
    printed: u64,
    /// The time of the last line.
    last_line: Instant,
}

impl fmt::Debug for Meter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Meter")
            .field("unit", &self.unit)
            .field("total", &self.total)
            .finish_non_exhaustive()
    }
}

impl Meter {
    /// A meter that begins now, with a bar if standard error is a terminal.
    pub(super) fn begin(unit: &'static str, total: u64) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let template = match total {
                ENDLESS => "{spinner} {pos} {msg}",
                _ => "{bar:30} {pos}/{len} {msg}",
            };
            let style = ProgressStyle::with_template(template).expect("the template is valid");
            let bar = Bar::new(total).with_style(style).with_message("starting");
            bar.enable_steady_tick(Duration::from_millis(500));
            bar
        });
        Self {
            bar,
            unit,
            total,
            start: Instant::now(),
            before: 0,
            printed: 0,
            last_line: Instant::now(),
        }
    }

    /// Starts with `before` done already.
    pub(super) fn resume_at(&mut self, before: u64) {
        self.before = before;
        self.printed = self.tenths(before);
        if let Some(bar) = &self.bar {
            bar.set_position(before);
        }
    }

    /// Shows that `done` are done, with a message before the speed.
    pub(super) fn advance(&mut self, done: u64, message: &str) {
        match &self.bar {
            Some(bar) => {
                bar.set_position(done);
                let message = self.message(done, message);
                bar.set_message(escaped(message).to_string());
            }
            None => {
                if let Some(line) = self.line(done, message) {
                    note(&line);
                }
            }
        }
    }

    /// Ends the bar.
    pub(super) fn finish(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish();
        }
    }

    /// The plain line, if one is due.
    fn line(&mut self, done: u64, message: &str) -> Option<String> {
        let tenths = self.tenths(done);
        if tenths <= self.printed && self.last_line.elapsed() < LONGEST_SILENCE {
            return None;
        }
        self.printed = tenths;
        self.last_line = Instant::now();
        let (unit, total) = (self.unit, self.total);
        let message = self.message(done, message);
        Some(match total {
            ENDLESS => format!("{done} {unit}, {message}"),
            _ => format!("{done}/{total} {unit}, {message}"),
        })
    }

    fn message(&self, done: u64, message: &str) -> String {
        let seconds = self.start.elapsed().as_secs_f64().max(1e-9);
        let rate = done.saturating_sub(self.before).max(1) as f64 / seconds;
        let left = self.total.saturating_sub(done) as f64 / rate;
        // With an enormous budget, the time left may exceed a Duration.
        let left = Duration::try_from_secs_f64(left).unwrap_or(Duration::MAX);
        let (unit, per_minute) = (self.unit, rate * 60.0);
        match self.total {
            ENDLESS => format!("{message}, {per_minute:.1} {unit}/min"),
            _ => format!(
                "{message}, {per_minute:.1} {unit}/min, {} left",
                minutes(left)
            ),
        }
    }

    /// The number of tenths done. The total may be too large to multiply in 64 bits.
    fn tenths(&self, done: u64) -> u64 {
        (u128::from(done) * 10 / u128::from(self.total.max(1))) as u64
    }
}

/// Minutes and seconds, such as `2:05`.
fn minutes(duration: Duration) -> String {
    let seconds = duration.as_secs();
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resumed_meter_prints_a_line_for_every_tenth_that_is_left() {
        let mut meter = Meter {
            bar: None,
            ..Meter::begin("runs", 40)
        };
        meter.resume_at(10);
        let due: Vec<u64> = (11..=40)
            .filter(|&done| meter.line(done, "aging").is_some())
            .collect();
        assert_eq!(due, [12, 16, 20, 24, 28, 32, 36, 40]);
    }

    #[test]
    fn a_line_says_how_much_is_done_how_fast_and_how_long_it_will_take() {
        let mut meter = Meter {
            bar: None,
            start: Instant::now() - Duration::from_secs(60),
            ..Meter::begin("runs", 40)
        };
        let line = meter.line(10, "aging").unwrap();
        assert_eq!(line, "10/40 runs, aging, 10.0 runs/min, 3:00 left");
        assert_eq!(minutes(Duration::from_secs(125)), "2:05");
        let mut endless = Meter {
            bar: None,
            ..Meter::begin("trials", u64::MAX)
        };
        assert_eq!(endless.line(u64::MAX / 10 - 1, ""), None);
        assert!(endless.line(u64::MAX / 10 + 1, "").is_some());
    }

    #[test]
    fn after_thirty_silent_seconds_there_is_a_line_between_two_tenths() {
        let mut meter = Meter {
            bar: None,
            ..Meter::begin("trials", 1000)
        };
        assert_eq!(meter.line(1, "best none"), None);
        meter.last_line = Instant::now() - LONGEST_SILENCE;
        assert!(meter.line(2, "best none").is_some());
        assert_eq!(meter.line(3, "best none"), None);
    }
}
