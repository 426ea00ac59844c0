//! From the end of an attempt to the history.

use super::duplicates::Duplicates;
use super::guarded;
use super::journal::{AttemptEnd, EntryKind};
use super::running::Running;
use super::{Event, Search, SearchError};
use crate::algorithm::{Algorithm, TellError};
use crate::executor::Executor;
use crate::space::Genotype;
use crate::trial::Outcome;

impl<G: Genotype, A: Algorithm<G>, X: Executor<G>> Search<G, A, X> {
    pub(super) fn run_again(
        &mut self,
        end: &AttemptEnd,
        running: &mut Running<G>,
    ) -> Result<(), SearchError> {
        let now = self.now(running);
        if let Some(journal) = &mut self.journal {
            journal.ended(EntryKind::Retry, end, now)?;
        }
        self.tell_stopper(end, running)?;
        self.tell_observers(&Event::Retried {
            trial: end.trial,
            attempt: end.attempt,
            outcome: &end.outcome,
        })?;
        if let Some(flight) = running.in_flight.get_mut(&end.trial) {
            flight.attempt += 1;
            flight.begins = now.at;
            running.waiting.push_back(end.trial);
        }
        Ok(())
    }

    /// Tells, records and shows how a trial ended, in this order: what observers see is on record.
    pub(super) fn finish(
        &mut self,
        mut end: AttemptEnd,
        running: &mut Running<G>,
    ) -> Result<(), SearchError> {
        let flight = running
            .in_flight
            .remove(&end.trial)
            .ok_or(SearchError::UnknownTrial(end.trial))?;
        if let Some(duplicates) = &self.duplicates
            && duplicates.policy() == Duplicates::Average
        {
            end.outcome = duplicates.averaged(&flight.trial.genotype, end.outcome)?;
        }
        self.tell_algorithm(&mut end)?;
        let now = self.now(running);
        if let Some(journal) = &mut self.journal {
            journal.ended(EntryKind::Tell, &end, now)?;
        }
        self.tell_stopper(&end, running)?;
        let record = end.into_record(flight.trial);
        if let Some(duplicates) = &mut self.duplicates {
            duplicates.ended(&record, running.history.len())?;
        }
        running.history.push(record);
        self.tell_observers(&Event::Finished {
            history: &running.history,
        })?;
        match running.history.last() {
            Some(record) => running
                .failures
                .count(record, self.max_consecutive_failures),
            None => Ok(()),
        }
    }

    /// A score that the algorithm can't go by, such as one without a metric that is an objective, is a
    /// failure of its trial and not of the search.
    fn tell_algorithm(&mut self, end: &mut AttemptEnd) -> Result<(), SearchError> {
        match guarded::tell(&mut self.algorithm, end.trial, &end.outcome) {
            Err(SearchError::Tell(refusal))
                if !matches!(refusal, TellError::NotInFlight(_))
                    && end.outcome.evaluation().is_some() =>
            {
                let reason = refusal.to_string();
                end.outcome = Outcome::Failed { reason };
                guarded::tell(&mut self.algorithm, end.trial, &end.outcome)
            }
            told => told,
        }
    }

    /// After the record, so that the stopper learns what a replay would show it.
    fn tell_stopper(
        &mut self,
        end: &AttemptEnd,
        running: &mut Running<G>,
    ) -> Result<(), SearchError> {
        let Some(stopper) = &self.stopper else {
            return Ok(());
        };
        if end.reused.is_none() {
            stopper.ended(end.trial, &end.outcome);
        }
        if let Some(warning) = running.left_out(stopper) {
            self.tell_observers(&Event::Warned { warning: &warning })?;
        }
        Ok(())
    }
}
