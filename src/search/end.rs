//! From the end of an attempt to the history.

use super::duplicates::Duplicates;
use super::guarded;
use super::journal::{Ending, EntryKind};
use super::running::Running;
use super::{Event, Search, SearchError};
use crate::algorithm::{Algorithm, TellError};
use crate::executor::Executor;
use crate::space::Genotype;
use crate::trial::Outcome;

impl<G: Genotype, A: Algorithm<G>, X: Executor<G>> Search<G, A, X> {
    pub(super) fn run_again(
        &mut self,
        ending: &Ending,
        running: &mut Running<G>,
    ) -> Result<(), SearchError> {
        let now = self.now(running);
        if let Some(journal) = &mut self.journal {
            journal.ended(EntryKind::Retry, ending, now)?;
        }
        self.tell_stopper(ending, running)?;
        self.tell_observers(&Event::Retried {
            trial: ending.trial,
            attempt: ending.attempt,
            outcome: &ending.outcome,
        })?;
        if let Some(flight) = running.in_flight.get_mut(&ending.trial) {
            flight.attempt += 1;
            flight.begins = now.at;
            running.waiting.push_back(ending.trial);
        }
        Ok(())
    }

    /// Tells, records and shows how a trial ended, in this order: what observers see is on record.
    pub(super) fn finish(
        &mut self,
        mut ending: Ending,
        running: &mut Running<G>,
    ) -> Result<(), SearchError> {
        let flight = running
            .in_flight
            .remove(&ending.trial)
            .ok_or(SearchError::UnknownTrial(ending.trial))?;
        if let Some(duplicates) = &self.duplicates
            && duplicates.policy() == Duplicates::Average
        {
            ending.outcome = duplicates.averaged(&flight.trial.genotype, ending.outcome)?;
        }
        self.tell_algorithm(&mut ending)?;
        let now = self.now(running);
        if let Some(journal) = &mut self.journal {
            journal.ended(EntryKind::Tell, &ending, now)?;
        }
        self.tell_stopper(&ending, running)?;
        let record = ending.record(flight.trial);
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
    fn tell_algorithm(&mut self, ending: &mut Ending) -> Result<(), SearchError> {
        match guarded::tell(&mut self.algorithm, ending.trial, &ending.outcome) {
            Err(SearchError::Tell(refusal))
                if !matches!(refusal, TellError::NotInFlight(_))
                    && ending.outcome.evaluation().is_some() =>
            {
                let reason = refusal.to_string();
                ending.outcome = Outcome::Failed { reason };
                guarded::tell(&mut self.algorithm, ending.trial, &ending.outcome)
            }
            told => told,
        }
    }

    /// After the record, so that the stopper learns what a replay would show it.
    fn tell_stopper(
        &mut self,
        ending: &Ending,
        running: &mut Running<G>,
    ) -> Result<(), SearchError> {
        let Some(stopper) = &self.stopper else {
            return Ok(());
        };
        if ending.reused.is_none() {
            stopper.ended(ending.trial, &ending.outcome);
        }
        if let Some(warning) = running.left_out(stopper) {
            self.tell_observers(&Event::Warned { warning: &warning })?;
        }
        Ok(())
    }
}
