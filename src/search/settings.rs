//! What can be set on a search.

use std::time::Duration;

use super::budget::Budget;
use super::constraints::Constraints;
use super::duplicates::Deduplicator;
use super::end_conditions::EndConditions;
use super::journal::SearchJournal;
use super::observers::Observers;
use super::retry::Retry;
use crate::evaluator::StopSignal;
use crate::stopper::SharedStopper;

/// What can be set on a search, apart from the algorithm and the executor.
pub(super) struct SearchSettings<G> {
    pub(super) budget: Budget,
    pub(super) end_conditions: EndConditions<G>,
    pub(super) max_consecutive_failures: u64,
    pub(super) retry: Retry,
    pub(super) timeout: Option<Duration>,
    pub(super) stopper: Option<SharedStopper>,
    pub(super) constraints: Constraints<G>,
    pub(super) duplicates: Option<Box<dyn Deduplicator<G>>>,
    pub(super) journal: Option<Box<dyn SearchJournal<G> + Send>>,
    pub(super) stop: StopSignal,
    pub(super) observers: Observers<G>,
}

impl<G> SearchSettings<G> {
    pub(super) fn new(budget: Budget, stop: StopSignal) -> Self {
        Self {
            budget,
            end_conditions: EndConditions::default(),
            max_consecutive_failures: 50,
            retry: Retry::none(),
            timeout: None,
            stopper: None,
            constraints: Constraints::default(),
            duplicates: None,
            journal: None,
            stop,
            observers: Observers::default(),
        }
    }
}
