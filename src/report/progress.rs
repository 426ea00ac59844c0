//! The progress of a search on standard error.

use std::error::Error;

use super::meter::{ENDLESS, Meter};
use super::warning_lines::WarningLines;
use crate::search::{Event, History, Observer};

/// Shows the progress of a search on standard error: how many trials have ended, the best fitness so far,
/// trials per minute and the time left. A bar on a terminal; otherwise a plain line for every tenth of the
/// search, and after 30 seconds without one.
#[derive(Debug, Default)]
pub struct ProgressBar {
    meter: Option<Meter>,
}

impl ProgressBar {
    /// The progress bar of one search.
    #[must_use]
    pub const fn new() -> Self {
        Self { meter: None }
    }

    fn advance<G>(&mut self, history: &History<G>) {
        let best = history
            .best()
            .and_then(|best| best.fitness())
            .map_or_else(|| "none".to_owned(), |fitness| format!("{fitness:.4}"));
        let mut message = format!("best {best}");
        if history.failed() > 0 {
            message.push_str(&format!(", {} failed", history.failed()));
        }
        if history.infeasible() > 0 {
            message.push_str(&format!(", {} infeasible", history.infeasible()));
        }
        if let Some(meter) = &mut self.meter {
            meter.advance(history.len() as u64, &message);
        }
    }
}

impl<G> Observer<G> for ProgressBar {
    fn observe(&mut self, event: &Event<'_, G>) -> Result<(), Box<dyn Error + Send + Sync>> {
        WarningLines.observe(event)?;
        match event {
            Event::Began { trials } => {
                self.meter = Some(Meter::begin("trials", trials.unwrap_or(ENDLESS)))
            }
            Event::Resumed { history, .. } => {
                if let Some(meter) = &mut self.meter {
                    meter.resume_at(history.len() as u64);
                }
            }
            Event::Finished { history } => self.advance(history),
            Event::Ended { .. } => {
                if let Some(meter) = &mut self.meter {
                    meter.finish();
                }
            }
            _ => {}
        }
        Ok(())
    }
}
