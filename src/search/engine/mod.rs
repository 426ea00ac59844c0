//! The engine of a search: a loop around an algorithm and an executor that owns everything that changes.
//!
//! One file for each step of a trial: it is [asked for](ask) and handed to the executor, and when an attempt
//! has [ended](finish), run again or told. [`replay`] advances a new engine to the end of a journal.

mod ask;
mod clock;
mod failures;
mod finish;
mod in_flight;
mod replay;
mod wind_down;

use super::budget::Termination;
use super::error::SearchError;
use super::history::History;
use super::observer::Event;
use super::result::{EndedSearch, SearchResult};
use super::settings::SearchSettings;
use super::warning::Warning;
use crate::algorithm::{Algorithm, Ledger};
use crate::evaluator::TrialEnd;
use crate::executor::{Executor, ExecutorEvent};
use crate::space::Genotype;
use clock::SearchClock;
use failures::FailuresInARow;
use in_flight::TrialsInFlight;

/// A search while it runs.
pub(super) struct Engine<G, A, X> {
    ledger: Ledger<G, A>,
    executor: X,
    settings: SearchSettings<G>,
    clock: SearchClock,
    in_flight: TrialsInFlight,
    history: History<G>,
    failures: FailuresInARow,
    warnings: Vec<Warning>,
    /// How many duplicates another genotype was drawn for.
    redrawn: u64,
    /// Whether there was a warning that the stopper is left out.
    stopper_left_out: bool,
}

impl<G: Genotype, A: Algorithm<G>, X: Executor<G>> Engine<G, A, X> {
    pub(super) fn new(algorithm: A, executor: X, settings: SearchSettings<G>) -> Self {
        let history = History::with_objectives(algorithm.objectives().to_vec())
            .minimum_gain(settings.budget.gain());
        Self {
            ledger: Ledger::new(algorithm),
            executor,
            settings,
            clock: SearchClock::start(),
            in_flight: TrialsInFlight::default(),
            history,
            failures: FailuresInARow::default(),
            warnings: Vec::new(),
            redrawn: 0,
            stopper_left_out: false,
        }
    }

    /// Runs the search to its end.
    pub(super) fn run(mut self) -> EndedSearch<G, A> {
        let (termination, error) = match self.run_to_the_end() {
            Ok(termination) => (termination, None),
            Err(error) => (Termination::Failed, Some(error)),
        };
        let records = self.history.records().iter();
        let reused = records.filter(|record| record.reused.is_some()).count();
        EndedSearch {
            result: SearchResult {
                evaluations_saved: self.redrawn + reused as u64,
                termination,
                duration: self.clock.wall_time(),
                simulated: self.executor.clock(),
                objectives: self.history.objectives().to_vec(),
                history: self.history,
                warnings: self.warnings,
            },
            error,
            algorithm: self.ledger.into_algorithm(),
        }
    }

    fn run_to_the_end(&mut self) -> Result<Termination, SearchError> {
        let begun = self.check_budget().and_then(|()| self.resume());
        let resumed = begun.inspect_err(|_| {
            // A part of a record that can't be resumed from isn't a result.
            self.history = History::with_objectives(self.history.objectives().to_vec());
        })?;
        self.search(resumed)
            .inspect_err(|error| self.wind_down(error))
    }

    fn search(&mut self, resumed: bool) -> Result<Termination, SearchError> {
        self.notify(&Event::Began {
            trials: self.settings.budget.trial_limit(),
        })?;
        if resumed || !self.warnings.is_empty() {
            self.settings.observers.notify(&Event::Resumed {
                history: &self.history,
                in_flight: self.in_flight.len(),
                warnings: &self.warnings,
            })?;
        }
        loop {
            self.fill()?;
            let Some(event) = self.executor.next() else {
                break;
            };
            self.handle(event)?;
        }
        if let Some(journal) = &mut self.settings.journal {
            journal.finish()?;
        }
        let termination = self.termination()?;
        if termination != Termination::Stopped {
            self.executor.ended();
        }
        self.notify(&Event::Ended { termination })?;
        Ok(termination)
    }

    fn check_budget(&self) -> Result<(), SearchError> {
        let budget = &self.settings.budget;
        let minimum = self.ledger.algorithm().minimum_trials().max(1);
        if let Some(trials) = budget.trial_limit()
            && trials < minimum
        {
            return Err(SearchError::BudgetTooSmall { trials, minimum });
        }
        if budget.needs_virtual_clock() && self.executor.clock().is_none() {
            return Err(SearchError::NoVirtualClock);
        }
        Ok(())
    }

    /// Keeps every worker busy while the budget lasts. Trials that were in flight when a search was
    /// interrupted run in any case, as they would have without the interruption.
    fn fill(&mut self) -> Result<(), SearchError> {
        while self.in_flight.submitted() < self.executor.workers()
            && !self.settings.stop.is_finishing()
        {
            if let Some(id) = self.in_flight.next_waiting() {
                self.hand_out_again(id)?;
            } else if self.may_ask()? {
                self.ask()?;
            } else {
                break;
            }
        }
        Ok(())
    }

    fn may_ask(&mut self) -> Result<bool, SearchError> {
        let maximum = self.settings.budget.trial_limit();
        Ok(maximum.is_none_or(|maximum| self.ledger.asked() < maximum)
            && self.budget_reached()?.is_none())
    }

    fn handle(&mut self, event: ExecutorEvent) -> Result<(), SearchError> {
        match event {
            ExecutorEvent::Started { trial, worker } => {
                self.notify(&Event::Started { trial, worker })
            }
            ExecutorEvent::Reported { trial, result } => {
                if let (Some(flight), Some(value)) =
                    (self.in_flight.get_mut(trial), result.comparable())
                {
                    flight.reports.push((result.step, value));
                    flight.last_step = result.last_step;
                }
                let result = &result;
                self.notify(&Event::Reported { trial, result })
            }
            ExecutorEvent::Overdue {
                trial,
                worker,
                limit,
                running,
            } => self.notify(&Event::Overdue {
                trial,
                worker,
                limit,
                running,
            }),
            ExecutorEvent::WorkerRetired { worker, reason } => {
                self.warn(Warning::WorkerRetired { worker, reason })
            }
            ExecutorEvent::Warned { message } => self.warn(Warning::Executor { message }),
            ExecutorEvent::Finished {
                trial,
                worker,
                duration,
                end,
            } => {
                let flight = self.in_flight.returned(trial)?;
                match end {
                    TrialEnd::Outcome(outcome) => {
                        let end = flight.end_attempt(worker, duration, outcome);
                        self.attempt_ended(end)
                    }
                    TrialEnd::Interrupted => Ok(()),
                }
            }
        }
    }

    /// Which limit of the budget is reached, apart from the number of trials, or whether a condition ends the
    /// search.
    fn budget_reached(&mut self) -> Result<Option<Termination>, SearchError> {
        if self.settings.end_conditions.are_met(&self.history)? {
            return Ok(Some(Termination::Condition));
        }
        Ok(self.settings.budget.reached(
            &self.history,
            || self.clock.wall_time(),
            self.executor.clock(),
        ))
    }

    fn termination(&mut self) -> Result<Termination, SearchError> {
        let reached = self.budget_reached()?;
        let maximum = self.settings.budget.trial_limit();
        Ok(match reached {
            Some(reason @ (Termination::TargetFitness | Termination::Condition)) => reason,
            _ if maximum.is_some_and(|maximum| self.history.len() as u64 >= maximum) => {
                Termination::Trials
            }
            _ if self.settings.stop.is_finishing() => Termination::Stopped,
            reached => reached.unwrap_or(Termination::Trials),
        })
    }

    fn notify(&mut self, event: &Event<'_, G>) -> Result<(), SearchError> {
        self.settings.observers.notify(event)
    }

    fn warn(&mut self, warning: Warning) -> Result<(), SearchError> {
        // Kept first: an observer that fails ends the search, whose result has it then.
        self.warnings.push(warning.clone());
        self.notify(&Event::Warned { warning: &warning })
    }

    /// Keeps the warning that the stopper is left out, and returns it, the first time that it is.
    fn stopper_failure(&mut self) -> Option<Warning> {
        if self.stopper_left_out {
            return None;
        }
        let warning = Warning::StopperLeftOut {
            message: self.settings.stopper.as_ref()?.failure()?,
        };
        self.stopper_left_out = true;
        self.warnings.push(warning.clone());
        Some(warning)
    }
}
