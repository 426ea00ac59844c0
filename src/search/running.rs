//! A search while it runs.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::failures::FailuresInARow;
use super::journal::{AttemptEnd, Now};
use super::{Event, History, Search, SearchError, SearchResult, Termination, Warning, Watcher};
use crate::algorithm::Algorithm;
use crate::by_id::MapById;
use crate::evaluator::Ended;
use crate::executor::{Executor, ExecutorEvent};
use crate::panics::caught;
use crate::space::Genotype;
use crate::stopper::SharedStopper;
use crate::trial::{Evaluation, Trial, TrialId};

/// What changes while a search runs.
pub(super) struct Running<G> {
    start: Instant,
    /// Real time that was spent before the search was resumed.
    pub(super) before: Duration,
    pub(super) asked: u64,
    pub(super) in_flight: MapById<InFlight<G>>,
    /// Those in flight that no executor has yet, in the order of asking.
    pub(super) waiting: VecDeque<TrialId>,
    pub(super) submitted: usize,
    pub(super) history: History<G>,
    pub(super) failures: FailuresInARow,
    pub(super) warnings: Vec<Warning>,
    /// Whether there was a warning that the stopper is left out.
    stopper_left_out: bool,
}

/// A trial that was asked for and not told.
pub(super) struct InFlight<G> {
    pub(super) trial: Trial<G>,
    pub(super) begins: Duration,
    /// Which attempt runs or is to run, from 1.
    pub(super) attempt: u32,
    pub(super) reports: Vec<(u64, f64)>,
    /// The evaluation that it reuses, and the trial that this is from.
    pub(super) known: Option<(TrialId, Evaluation)>,
}

impl<G> InFlight<G> {
    pub(super) const fn new(
        trial: Trial<G>,
        begins: Duration,
        known: Option<(TrialId, Evaluation)>,
    ) -> Self {
        Self {
            known,
            trial,
            begins,
            attempt: 1,
            reports: Vec::new(),
        }
    }
}

impl<G> Running<G> {
    fn new() -> Self {
        Self {
            start: Instant::now(),
            before: Duration::ZERO,
            asked: 0,
            in_flight: MapById::default(),
            waiting: VecDeque::new(),
            submitted: 0,
            history: History::default(),
            failures: FailuresInARow::default(),
            warnings: Vec::new(),
            stopper_left_out: false,
        }
    }

    /// Keeps the warning that a stopper is left out, and returns it, the first time that it is.
    pub(super) fn left_out(&mut self, stopper: &SharedStopper) -> Option<Warning> {
        if self.stopper_left_out {
            return None;
        }
        let warning = Warning::StopperLeftOut {
            message: stopper.failure()?,
        };
        self.stopper_left_out = true;
        self.warnings.push(warning.clone());
        Some(warning)
    }

    fn wall_time(&self) -> Duration {
        self.before + self.start.elapsed()
    }
}

impl<G: Genotype, A: Algorithm<G>, X: Executor<G>> Search<G, A, X> {
    /// Runs the search.
    ///
    /// # Errors
    /// [`SearchError`] if the budget is below the algorithm's minimum, the journal belongs to another
    /// search, too many trials in a row fail, too many genotypes are refused, the journal or an
    /// observer fails, or code that was given to the search panics. What was recorded or observed
    /// before stays so: after an error too a search can be resumed.
    pub fn run(mut self) -> Result<SearchResult<G>, SearchError> {
        self.check_budget()?;
        let mut running = Running::new();
        let resumed = self.resume(&mut running)?;
        self.tell_observers(&Event::Began {
            trials: self.budget.maximum_trials(),
        })?;
        if resumed || !running.warnings.is_empty() {
            self.tell_observers(&Event::Resumed {
                history: &running.history,
                in_flight: running.in_flight.len(),
                warnings: &running.warnings,
            })?;
        }
        loop {
            self.fill(&mut running)?;
            let Some(event) = self.executor.next() else {
                break;
            };
            self.handle(event, &mut running)?;
        }
        if let Some(journal) = &mut self.journal {
            journal.finish()?;
        }
        let termination = self.termination(&running);
        self.tell_observers(&Event::Ended { termination })?;
        Ok(SearchResult {
            termination,
            duration: running.wall_time(),
            simulated: self.executor.clock(),
            objectives: self.algorithm.objectives().to_vec(),
            history: running.history,
            warnings: running.warnings,
        })
    }

    fn check_budget(&self) -> Result<(), SearchError> {
        let trials = self.budget.maximum_trials();
        let minimum = self.algorithm.minimum_trials().max(1);
        if trials < minimum {
            return Err(SearchError::BudgetTooSmall { trials, minimum });
        }
        if self.budget.needs_virtual_clock() && self.executor.clock().is_none() {
            return Err(SearchError::NoVirtualClock);
        }
        Ok(())
    }

    /// The search's clock: the executor's, or real time.
    pub(super) fn now(&self, running: &Running<G>) -> Now {
        let real = running.wall_time();
        match self.executor.clock() {
            Some(at) => Now {
                at,
                real: Some(real),
            },
            None => Now {
                at: real,
                real: None,
            },
        }
    }

    /// Keeps every worker busy while the budget lasts. Trials that were in flight when a search was
    /// interrupted run whatever the budget says, as they would have.
    fn fill(&mut self, running: &mut Running<G>) -> Result<(), SearchError> {
        while running.submitted < self.executor.workers() && !self.stop.is_set() {
            if let Some(id) = running.waiting.pop_front() {
                self.hand_out(id, running)?;
            } else if running.asked < self.budget.maximum_trials()
                && self.budget_ends(running).is_none()
            {
                self.begin_next(running)?;
            } else {
                break;
            }
        }
        Ok(())
    }

    fn handle(
        &mut self,
        event: ExecutorEvent,
        running: &mut Running<G>,
    ) -> Result<(), SearchError> {
        match event {
            ExecutorEvent::Started { trial, worker } => {
                self.tell_observers(&Event::Started { trial, worker })
            }
            ExecutorEvent::Reported { trial, result } => {
                if let Some(flight) = running.in_flight.get_mut(&trial)
                    && result.value.is_finite()
                {
                    flight.reports.push((result.step, result.value));
                }
                let result = &result;
                self.tell_observers(&Event::Reported { trial, result })
            }
            ExecutorEvent::Finished {
                trial,
                worker,
                duration,
                ended,
            } => {
                let flight = running
                    .in_flight
                    .get_mut(&trial)
                    .ok_or(SearchError::UnknownTrial(trial))?;
                running.submitted = running.submitted.saturating_sub(1);
                let Ended::Outcome(outcome) = ended else {
                    return Ok(());
                };
                let end = AttemptEnd {
                    trial,
                    worker,
                    attempt: flight.attempt,
                    reused: None,
                    outcome: outcome.recordable(),
                    reports: std::mem::take(&mut flight.reports),
                    duration,
                };
                if self.retry.allows(&end.outcome, end.attempt) {
                    self.run_again(&end, running)
                } else {
                    self.finish(end, running)
                }
            }
        }
    }

    /// What ends the search now, beside the number of trials and the stop signal.
    pub(super) fn budget_ends(&self, running: &Running<G>) -> Option<Termination> {
        self.budget.reached(
            &running.history,
            || running.wall_time(),
            self.executor.clock(),
        )
    }

    fn termination(&self, running: &Running<G>) -> Termination {
        let reached = self.budget_ends(running);
        if reached == Some(Termination::TargetFitness) {
            Termination::TargetFitness
        } else if running.history.len() as u64 >= self.budget.maximum_trials() {
            Termination::Trials
        } else if self.stop.is_set() {
            Termination::Stopped
        } else {
            reached.unwrap_or(Termination::Trials)
        }
    }

    pub(super) fn tell_observers(&mut self, event: &Event<'_, G>) -> Result<(), SearchError> {
        for Watcher { name, observer } in &mut self.observers {
            caught(|| observer.observe(event))
                .map_err(|message| SearchError::Panicked {
                    what: format!("the observer {name}"),
                    message,
                })?
                .map_err(SearchError::Observer)?;
        }
        Ok(())
    }
}
