//! A progress bar on standard error.

use std::error::Error;
use std::fmt;
use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar as Bar, ProgressStyle};

use crate::search::{Event, History, Observer};

/// Shows done/total, the best fitness so far, trials per minute and the time left, on standard
/// error: a bar on a terminal, else a plain line for every tenth of the search.
pub struct ProgressBar {
    bar: Option<Bar>,
    total: u64,
    start: Instant,
    /// Trials that were done before this search was resumed.
    resumed: u64,
    printed: u64,
}

impl fmt::Debug for ProgressBar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProgressBar")
            .field("total", &self.total)
            .finish_non_exhaustive()
    }
}

impl Default for ProgressBar {
    fn default() -> Self {
        Self::new()
    }
}

impl ProgressBar {
    /// A progress bar for one search.
    #[must_use]
    pub fn new() -> Self {
        Self {
            bar: None,
            total: 0,
            start: Instant::now(),
            resumed: 0,
            printed: 0,
        }
    }

    fn begin(&mut self, total: u64) {
        self.total = total;
        self.start = Instant::now();
        if std::io::stderr().is_terminal() {
            let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}")
                .expect("the template is valid");
            let bar = Bar::new(total).with_style(style).with_message("starting");
            bar.enable_steady_tick(Duration::from_millis(500));
            self.bar = Some(bar);
        }
    }

    fn advance<G>(&mut self, history: &History<G>) {
        let done = history.len() as u64;
        let seconds = self.start.elapsed().as_secs_f64().max(1e-9);
        let rate = done.saturating_sub(self.resumed).max(1) as f64 / seconds;
        let left = 1.0 / rate * self.total.saturating_sub(done) as f64;
        // An enormous budget may leave more time than a Duration holds.
        let left = Duration::try_from_secs_f64(left).unwrap_or(Duration::MAX);
        let best = history
            .best()
            .and_then(|best| best.fitness())
            .map_or_else(|| "none".to_owned(), |fitness| format!("{fitness:.4}"));
        let mut message = format!(
            "best {best}, {:.1} trials/min, {} left",
            rate * 60.0,
            minutes(left)
        );
        if history.failed() > 0 {
            message.push_str(&format!(", {} failed", history.failed()));
        }
        if let Some(bar) = &self.bar {
            bar.set_position(done);
            bar.set_message(message);
        } else if done * 10 / self.total.max(1) > self.printed {
            self.printed = done * 10 / self.total.max(1);
            eprintln!("{done}/{} trials, {message}", self.total);
        }
    }
}

/// Minutes and seconds, "2:05".
fn minutes(duration: Duration) -> String {
    let seconds = duration.as_secs();
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

impl<G> Observer<G> for ProgressBar {
    fn observe(&mut self, event: &Event<'_, G>) -> Result<(), Box<dyn Error + Send + Sync>> {
        match event {
            Event::Began { trials } => self.begin(*trials),
            Event::Resumed {
                history, warnings, ..
            } => {
                for warning in *warnings {
                    eprintln!("warning: {warning}");
                }
                self.resumed = history.len() as u64;
                self.printed = self.resumed * 10 / self.total.max(1);
                if let Some(bar) = &self.bar {
                    bar.set_position(self.resumed);
                }
            }
            Event::Warned { warning } => eprintln!("warning: {warning}"),
            Event::Finished { history } => self.advance(history),
            Event::Ended { .. } => {
                if let Some(bar) = self.bar.take() {
                    bar.finish();
                }
            }
            _ => {}
        }
        Ok(())
    }
}
