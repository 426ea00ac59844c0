//! Events for the crate `tracing`.

use std::error::Error;

use tracing::{debug, error, info, trace, warn};

use super::{Event, Observer};

/// Emits a `tracing` event for everything that happens in a search: an error that ends it as an error, failures as
/// warnings, finished trials and the beginning and end of the search as information, everything else for debugging. The
/// fields are those of [`Event`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traced;

impl<G> Observer<G> for Traced {
    fn observe(&mut self, event: &Event<'_, G>) -> Result<(), Box<dyn Error + Send + Sync>> {
        match event {
            Event::Began { trials } => info!(trials, "the search begins"),
            Event::Resumed {
                history,
                in_flight,
                warnings,
            } => {
                for warning in *warnings {
                    warn!(%warning, "warning");
                }
                info!(finished = history.len(), in_flight, "the search resumes");
            }
            Event::Refused { reason, .. } => debug!(reason, "refused"),
            Event::Asked { trial } => {
                let parent = trial.parent.map(|parent| parent.0);
                let mate = trial.mate.map(|mate| mate.0);
                let continues = trial.continues.map(|earlier| earlier.0);
                debug!(trial = trial.id.0, parent, mate, continues, "asked");
            }
            Event::Started { trial, worker } => debug!(trial = trial.0, worker, "started"),
            Event::Reported { trial, result } => {
                let (step, value) = (result.step, result.value);
                trace!(trial = trial.0, step, value, metrics = ?result.metrics, "reported");
            }
            Event::Overdue {
                trial,
                worker,
                limit,
                running,
            } => warn!(trial = trial.0, worker, ?limit, ?running, "overdue"),
            Event::Retried {
                trial,
                attempt,
                outcome,
            } => warn!(trial = trial.0, attempt, %outcome, "the trial runs again"),
            Event::Finished { history } => {
                if let Some(record) = history.last() {
                    let (trial, seconds, outcome) = (record.id.0, record.seconds, &record.outcome);
                    if outcome.is_failure() {
                        warn!(trial, seconds, %outcome, "finished");
                    } else {
                        info!(trial, seconds, %outcome, "finished");
                    }
                }
            }
            Event::Warned { warning } => warn!(%warning, "warning"),
            Event::Failed { error, running } => error!(%error, running, "an error ends the search"),
            Event::Ended { termination } => info!(%termination, "the search ends"),
        }
        Ok(())
    }
}
