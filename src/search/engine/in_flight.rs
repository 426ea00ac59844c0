//! Trials in flight: asked for, but not yet told.

use std::collections::VecDeque;
use std::mem;
use std::time::Duration;

use crate::by_id::MapById;
use crate::search::duplicates::ReusableEvaluation;
use crate::search::error::SearchError;
use crate::search::journal::AttemptEnd;
use crate::trial::{Outcome, TrialId};

/// What the search knows of a trial that was asked for, but not yet told.
pub(super) struct TrialInFlight {
    pub(super) trial: TrialId,
    /// When it was handed out, on the search's clock.
    pub(super) begins: Duration,
    /// The attempt that runs or comes next, from 1.
    pub(super) attempt: u32,
    /// What the attempt has reported so far.
    pub(super) reports: Vec<(u64, f64)>,
    /// The last step of the attempt, if it has said so.
    pub(super) last_step: Option<u64>,
    /// The evaluation that it reuses instead of running.
    pub(super) reusable: ReusableEvaluation,
}

impl TrialInFlight {
    pub(super) const fn new(
        trial: TrialId,
        begins: Duration,
        reusable: ReusableEvaluation,
    ) -> Self {
        Self {
            trial,
            begins,
            attempt: 1,
            reports: Vec::new(),
            last_step: None,
            reusable,
        }
    }

    /// Takes what the attempt has reported, together with how it ended.
    pub(super) fn end_attempt(
        &mut self,
        worker: usize,
        duration: Duration,
        outcome: Outcome,
    ) -> AttemptEnd {
        AttemptEnd {
            trial: self.trial,
            worker,
            attempt: self.attempt,
            reused: None,
            outcome: outcome.recordable(),
            last_step: self.last_step.take().filter(|_| !self.reports.is_empty()),
            reports: mem::take(&mut self.reports),
            duration,
        }
    }
}

/// All trials in flight: those that the executor has, and those that wait for a worker.
#[derive(Default)]
pub(super) struct TrialsInFlight {
    trials: MapById<TrialInFlight>,
    /// Those that no executor has yet, in the order in which they will be handed out.
    waiting: VecDeque<TrialId>,
    /// How many the executor has.
    submitted: usize,
}

impl TrialsInFlight {
    pub(super) fn len(&self) -> usize {
        self.trials.len()
    }

    pub(super) const fn submitted(&self) -> usize {
        self.submitted
    }

    pub(super) fn insert(&mut self, flight: TrialInFlight) {
        self.trials.insert(flight.trial, flight);
    }

    pub(super) fn get_mut(&mut self, id: TrialId) -> Option<&mut TrialInFlight> {
        self.trials.get_mut(id)
    }

    pub(super) fn remove(&mut self, id: TrialId) -> Option<TrialInFlight> {
        self.trials.remove(id)
    }

    /// The executor has one more.
    pub(super) const fn handed_out(&mut self) {
        self.submitted += 1;
    }

    /// The executor has returned a trial.
    pub(super) fn returned(&mut self, id: TrialId) -> Result<&mut TrialInFlight, SearchError> {
        let flight = self
            .trials
            .get_mut(id)
            .ok_or(SearchError::UnknownTrial(id))?;
        self.submitted = self.submitted.saturating_sub(1);
        Ok(flight)
    }

    /// The trial is handed out again, after those that wait already.
    pub(super) fn wait(&mut self, id: TrialId) {
        self.waiting.push_back(id);
    }

    /// All trials wait, in the order of asking: a search is resumed.
    pub(super) fn all_wait(&mut self) {
        self.waiting.extend(self.trials.keys());
        self.waiting.make_contiguous().sort_unstable();
    }

    pub(super) fn next_waiting(&mut self) -> Option<TrialId> {
        self.waiting.pop_front()
    }
}
