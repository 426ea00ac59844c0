//! From an ask to the executor.

use std::time::Duration;

use super::Engine;
use super::in_flight::TrialInFlight;
use crate::algorithm::Algorithm;
use crate::executor::{Executor, Limits};
use crate::search::duplicates::Duplicates;
use crate::search::error::SearchError;
use crate::search::guarded;
use crate::search::journal::AttemptEnd;
use crate::search::observer::Event;
use crate::space::Genotype;
use crate::trial::{Outcome, Trial, TrialId};

/// A trial that is accepted, and how many draws before it weren't.
struct Drawn<G> {
    trial: Trial<G>,
    /// A constraint refused them.
    refused: u64,
    /// They were duplicates.
    redrawn: u64,
}

impl<G: Genotype, A: Algorithm<G>, X: Executor<G>> Engine<G, A, X> {
    /// Asks for the next trial and hands it out, unless the search is stopped or its budget ends
    /// meanwhile.
    pub(super) fn ask(&mut self) -> Result<(), SearchError> {
        let Some(Drawn {
            trial,
            refused,
            redrawn,
        }) = self.draw()?
        else {
            return Ok(());
        };
        let rejected = refused + redrawn;
        let id = trial.id;
        let now = self.clock.now(self.executor.clock());
        if let Some(journal) = &mut self.settings.journal {
            guarded::guarded("recording a genotype as JSON", || {
                journal.asked(&trial, rejected, now)
            })??;
        }
        self.redrawn += redrawn;
        self.notify(&Event::Asked { trial: &trial })?;
        let reusable = match &mut self.settings.duplicates {
            Some(duplicates) => duplicates.asked(&trial, &self.history)?,
            None => None,
        };
        self.in_flight
            .insert(TrialInFlight::new(id, now.at, reusable));
        self.hand_out(trial)
    }

    /// Hands out again a trial that waits.
    pub(super) fn hand_out_again(&mut self, id: TrialId) -> Result<(), SearchError> {
        let trial = guarded::guarded("cloning a genotype for its evaluation", || {
            self.ledger.trial(id).cloned()
        })?;
        self.hand_out(trial.ok_or(SearchError::UnknownTrial(id))?)
    }

    /// Gives a trial to the executor, or ends it at once if it reuses an evaluation.
    fn hand_out(&mut self, trial: Trial<G>) -> Result<(), SearchError> {
        let id = trial.id;
        let Some(flight) = self.in_flight.get_mut(id) else {
            return Err(SearchError::UnknownTrial(id));
        };
        if let Some((first, evaluation)) = flight.reusable.take() {
            return self.finish(AttemptEnd {
                trial: id,
                worker: 0,
                attempt: 0,
                reused: Some(first),
                outcome: Outcome::Completed(evaluation),
                reports: Vec::new(),
                last_step: None,
                duration: Duration::ZERO,
            });
        }
        let limits = Limits {
            begins: flight.begins,
            attempt: flight.attempt,
            timeout: self.settings.timeout,
            stopper: self.settings.stopper.clone(),
        };
        self.in_flight.handed_out();
        self.executor.submit(trial, limits);
        Ok(())
    }

    /// Asks until no constraint refuses the genotype and the policy for duplicates accepts it. `None` if the search is stopped or its budget ends: nothing is recorded of
    /// the draws so far, and a resume repeats them.
    fn draw(&mut self) -> Result<Option<Drawn<G>>, SearchError> {
        let (mut refused, mut redrawn) = (0_u64, 0_u64);
        while !self.settings.stop.is_finishing() && self.budget_reached()?.is_none() {
            let trial = guarded::ask(&mut self.ledger)?;
            let constraints = &self.settings.constraints;
            if let Err(reason) = constraints.check(&trial.genotype) {
                let most = constraints.draws;
                refused += 1;
                guarded::withdraw(&mut self.ledger, trial.id)?;
                self.notify_refused(&trial, &reason)?;
                if refused >= most {
                    return Err(SearchError::TooManyRefused {
                        trial: trial.id,
                        refused,
                        drawn: refused + redrawn,
                        reason,
                    });
                }
                continue;
            }
            if let Some(duplicates) = &self.settings.duplicates
                && let Duplicates::Redraw(limit) = duplicates.policy()
                && redrawn < u64::from(limit)
                && duplicates.is_known(&trial)?
            {
                redrawn += 1;
                guarded::withdraw(&mut self.ledger, trial.id)?;
                self.notify_refused(&trial, "a duplicate of an earlier genotype")?;
                continue;
            }
            return Ok(Some(Drawn {
                trial,
                refused,
                redrawn,
            }));
        }
        Ok(None)
    }

    fn notify_refused(&mut self, trial: &Trial<G>, reason: &str) -> Result<(), SearchError> {
        let genotype = &trial.genotype;
        self.notify(&Event::Refused { genotype, reason })
    }
}
