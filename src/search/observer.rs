//! Watching a search.

use std::error::Error;

use super::{History, Termination};
use crate::trial::{Trial, TrialId};

/// What happens in a search.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Event<'a, G> {
    /// It begins.
    Began {
        /// The budget.
        trials: u64,
    },
    /// The algorithm asked for a trial.
    Asked {
        /// The trial.
        trial: &'a Trial<G>,
    },
    /// A worker has begun with a trial.
    Started {
        /// The trial.
        trial: TrialId,
        /// The worker.
        worker: usize,
    },
    /// An evaluation reported an intermediate value.
    Reported {
        /// The trial.
        trial: TrialId,
        /// The step.
        step: u64,
        /// The value.
        value: f64,
    },
    /// A trial has ended: the last of the history.
    Finished {
        /// All trials that have ended so far.
        history: &'a History<G>,
    },
    /// The search has ended.
    Ended {
        /// Why.
        termination: Termination,
    },
}

/// Sees every event; can't change the search. Every closure `FnMut(&Event<G>)` is one.
pub trait Observer<G> {
    /// Sees one event.
    ///
    /// # Errors
    /// An error ends the search: for an observer that must not miss anything, such as a recorder
    /// whose disk is full.
    fn observe(&mut self, event: &Event<'_, G>) -> Result<(), Box<dyn Error + Send + Sync>>;
}

impl<G, F: FnMut(&Event<'_, G>)> Observer<G> for F {
    fn observe(&mut self, event: &Event<'_, G>) -> Result<(), Box<dyn Error + Send + Sync>> {
        self(event);
        Ok(())
    }
}
