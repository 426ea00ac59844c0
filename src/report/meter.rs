//! How far something has come, on standard error.

use std::fmt;
use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar as Bar, ProgressStyle};

/// Shows done/total on standard error: a bar on a terminal, else a plain line for every tenth.
pub(super) struct Meter {
    bar: Option<Bar>,
    /// What is counted, in the plural.
    unit: &'static str,
    total: u64,
    start: Instant,
    /// How many were done before the start.
    before: u64,
    /// How many tenths a line was printed for.
    printed: u64,
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
            let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}")
                .expect("the template is valid");
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
        }
    }

    /// So many were done before.
    pub(super) fn go_on_after(&mut self, before: u64) {
        self.before = before;
        self.printed = self.tenths(before);
        if let Some(bar) = &self.bar {
            bar.set_position(before);
        }
    }

    /// So many are done; `message` stands before how fast it goes.
    pub(super) fn advance(&mut self, done: u64, message: &str) {
        match &self.bar {
            Some(bar) => {
                bar.set_position(done);
                bar.set_message(self.message(done, message));
            }
            None => {
                if let Some(line) = self.line(done, message) {
                    eprintln!("{line}");
                }
            }
        }
    }

    /// All is done.
    pub(super) fn finish(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish();
        }
    }

    /// The plain line, if one is due.
    fn line(&mut self, done: u64, message: &str) -> Option<String> {
        let tenths = self.tenths(done);
        if tenths <= self.printed {
            return None;
        }
        self.printed = tenths;
        let (unit, total) = (self.unit, self.total);
        let message = self.message(done, message);
        Some(format!("{done}/{total} {unit}, {message}"))
    }

    fn message(&self, done: u64, message: &str) -> String {
        let seconds = self.start.elapsed().as_secs_f64().max(1e-9);
        let rate = done.saturating_sub(self.before).max(1) as f64 / seconds;
        let left = self.total.saturating_sub(done) as f64 / rate;
        // An enormous budget may leave more time than a Duration holds.
        let left = Duration::try_from_secs_f64(left).unwrap_or(Duration::MAX);
        let unit = self.unit;
        format!(
            "{message}, {:.1} {unit}/min, {} left",
            rate * 60.0,
            minutes(left)
        )
    }

    /// Of ten, of which the budget may be too large to multiply.
    fn tenths(&self, done: u64) -> u64 {
        (u128::from(done) * 10 / u128::from(self.total.max(1))) as u64
    }
}

/// Minutes and seconds, "2:05".
fn minutes(duration: Duration) -> String {
    let seconds = duration.as_secs();
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_line_for_every_tenth_and_none_for_what_was_done_before() {
        let mut meter = Meter {
            bar: None,
            ..Meter::begin("runs", 40)
        };
        meter.go_on_after(10);
        let due: Vec<u64> = (11..=40)
            .filter(|&done| meter.line(done, "aging").is_some())
            .collect();
        assert_eq!(due, [12, 16, 20, 24, 28, 32, 36, 40]);
    }

    #[test]
    fn a_line_says_how_far_how_fast_and_how_long_still() {
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
}
