//! From an ask to the executor.

use std::time::Duration;

use super::duplicates::Duplicates;
use super::guarded;
use super::journal::AttemptEnd;
use super::running::{InFlight, Running};
use super::{Event, Search, SearchError};
use crate::algorithm::Algorithm;
use crate::executor::{Executor, Terms};
use crate::space::Genotype;
use crate::trial::{Outcome, Trial, TrialId};

impl<G: Genotype, A: Algorithm<G>, X: Executor<G>> Search<G, A, X> {
    /// Asks for the next trial and hands it out, unless the search is stopped or its budget ends
    /// meanwhile.
    pub(super) fn begin_next(&mut self, running: &mut Running<G>) -> Result<(), SearchError> {
        let Some((trial, refused)) = self.draw(running)? else {
            return Ok(());
        };
        let id = trial.id;
        running.asked += 1;
        let now = self.now(running);
        if let Some(journal) = &mut self.journal {
            guarded::guarded("a genotype, recorded as JSON,", || {
                journal.asked(&trial, refused, now)
            })??;
        }
        self.tell_observers(&Event::Asked { trial: &trial })?;
        let known = match &mut self.duplicates {
            Some(duplicates) => duplicates.asked(&trial.genotype, &running.history)?,
            None => None,
        };
        running
            .in_flight
            .insert(id, InFlight::new(trial, now.at, known));
        self.hand_out(id, running)
    }

    /// Gives a trial to the executor, or ends it at once if its evaluation is known.
    pub(super) fn hand_out(
        &mut self,
        id: TrialId,
        running: &mut Running<G>,
    ) -> Result<(), SearchError> {
        let Some(flight) = running.in_flight.get_mut(&id) else {
            return Ok(());
        };
        if let Some((first, evaluation)) = flight.known.take() {
            let end = AttemptEnd {
                trial: id,
                worker: 0,
                attempt: 0,
                reused: Some(first),
                outcome: Outcome::Completed(evaluation),
                reports: Vec::new(),
                duration: Duration::ZERO,
            };
            return self.finish(end, running);
        }
        running.submitted += 1;
        let terms = Terms {
            begins: flight.begins,
            timeout: self.timeout,
            stopper: self.stopper.clone(),
        };
        let trial = guarded::guarded("a genotype, cloned for its evaluation,", || {
            flight.trial.clone()
        })?;
        self.executor.submit(trial, terms);
        Ok(())
    }

    /// Asks until neither a constraint nor the policy for duplicates objects; returns how many draws
    /// were in vain. None if the search is stopped or its budget ends: the draws so far are on no
    /// record, and a resume makes them again.
    fn draw(&mut self, running: &Running<G>) -> Result<Option<(Trial<G>, u64)>, SearchError> {
        let (mut refused, mut redrawn) = (0, 0);
        while !self.stop.is_set() && self.budget_ends(running).is_none() {
            let trial = guarded::ask(&mut self.algorithm)?;
            if let Err(reason) = self.constraints.check(&trial.genotype) {
                refused += 1;
                guarded::withdraw(&mut self.algorithm, trial.id)?;
                if refused >= self.constraints.draws {
                    return Err(SearchError::TooManyRefused {
                        trial: trial.id,
                        refused,
                        drawn: refused + u64::from(redrawn),
                        reason,
                    });
                }
                continue;
            }
            if let Some(duplicates) = &self.duplicates
                && let Duplicates::Redraw(limit) = duplicates.policy()
                && redrawn < limit
                && duplicates.is_known(&trial.genotype)?
            {
                redrawn += 1;
                guarded::withdraw(&mut self.algorithm, trial.id)?;
                continue;
            }
            return Ok(Some((trial, refused + u64::from(redrawn))));
        }
        Ok(None)
    }
}
