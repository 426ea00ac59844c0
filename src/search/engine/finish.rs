//! From the end of an attempt to the history.

use super::Engine;
use crate::algorithm::{Algorithm, TellError};
use crate::executor::Executor;
use crate::search::duplicates::Duplicates;
use crate::search::error::SearchError;
use crate::search::guarded;
use crate::search::journal::{AttemptEnd, EntryKind};
use crate::search::observer::Event;
use crate::space::Genotype;
use crate::trial::{Outcome, Trial};

impl<G: Genotype, A: Algorithm<G>, X: Executor<G>> Engine<G, A, X> {
    /// Runs a trial again, or tells how it ended.
    pub(super) fn attempt_ended(&mut self, end: AttemptEnd) -> Result<(), SearchError> {
        if self.settings.retry.allows(&end.outcome, end.attempt) {
            self.run_again(&end)
        } else {
            self.finish(end)
        }
    }

    fn run_again(&mut self, end: &AttemptEnd) -> Result<(), SearchError> {
        let now = self.clock.now(self.executor.clock());
        if let Some(journal) = &mut self.settings.journal {
            journal.ended(EntryKind::Retry, end, now)?;
        }
        self.executor.recorded(end.trial);
        self.tell_stopper(end)?;
        self.notify(&Event::Retried {
            trial: end.trial,
            attempt: end.attempt,
            outcome: &end.outcome,
        })?;
        if let Some(flight) = self.in_flight.get_mut(end.trial) {
            flight.attempt = flight.attempt.saturating_add(1);
            flight.begins = now.at;
            self.in_flight.wait(end.trial);
        }
        Ok(())
    }

    /// Tells, records and shows how a trial ended, in this order: what observers see is on record.
    pub(super) fn finish(&mut self, mut end: AttemptEnd) -> Result<(), SearchError> {
        self.in_flight
            .remove(end.trial)
            .ok_or(SearchError::UnknownTrial(end.trial))?;
        if let Some(duplicates) = &self.settings.duplicates
            && duplicates.policy() == Duplicates::Average
            && let Some(trial) = self.ledger.trial(end.trial)
        {
            end.outcome = duplicates.averaged(trial, end.outcome)?;
        }
        let trial = self.tell_algorithm(&mut end)?;
        let now = self.clock.now(self.executor.clock());
        if let Some(journal) = &mut self.settings.journal {
            journal.ended(EntryKind::Tell, &end, now)?;
        }
        self.executor.recorded(end.trial);
        self.tell_stopper(&end)?;
        let record = end.into_record(trial);
        if let Some(duplicates) = &mut self.settings.duplicates {
            duplicates.ended(&record, self.history.len())?;
        }
        self.history.push(record);
        self.settings.end_conditions.are_met(&self.history)?;
        self.settings.observers.notify(&Event::Finished {
            history: &self.history,
        })?;
        match self.history.last() {
            Some(record) => self
                .failures
                .count(record, self.settings.max_consecutive_failures),
            None => Ok(()),
        }
    }

    /// A score that the algorithm can't use, such as one without a metric that is an objective, is a
    /// failure of its trial and not of the search.
    fn tell_algorithm(&mut self, end: &mut AttemptEnd) -> Result<Trial<G>, SearchError> {
        match guarded::tell(&mut self.ledger, end.trial, &end.outcome) {
            Err(SearchError::Tell(refusal))
                if !matches!(refusal, TellError::NotInFlight(_))
                    && matches!(end.outcome, Outcome::Completed(_) | Outcome::Stopped { .. }) =>
            {
                let reason = refusal.to_string();
                end.outcome = Outcome::Failed { reason };
                guarded::tell(&mut self.ledger, end.trial, &end.outcome)
            }
            told => told,
        }
    }

    /// Comes after the record, so that the stopper learns what a replay would show it.
    fn tell_stopper(&mut self, end: &AttemptEnd) -> Result<(), SearchError> {
        let Some(stopper) = &self.settings.stopper else {
            return Ok(());
        };
        if end.reused.is_none() {
            stopper.ended(end.trial, &end.outcome);
        }
        if let Some(warning) = self.stopper_failure() {
            self.notify(&Event::Warned { warning: &warning })?;
        }
        Ok(())
    }
}
