//! A search while it runs.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::duplicates::Duplicates;
use super::journal::{Ending, EntryKind, Warning};
use super::{Event, History, Search, SearchError, SearchResult, Termination};
use crate::algorithm::Algorithm;
use crate::by_id::MapById;
use crate::evaluator::Ended;
use crate::executor::{Executor, ExecutorEvent, Terms};
use crate::space::Genotype;
use crate::trial::{Outcome, Trial, TrialId};

/// What changes while a search runs.
pub(super) struct Running<G> {
    start: Instant,
    /// Real time that was spent before the search was resumed.
    pub(super) before: Duration,
    pub(super) asked: u64,
    pub(super) in_flight: MapById<InFlight<G>>,
    /// Those in flight that no executor has yet, in the order of asking.
    pub(super) waiting: VecDeque<TrialId>,
    submitted: usize,
    pub(super) history: History<G>,
    /// The last three failures of a row, described.
    failures: VecDeque<String>,
    consecutive_failures: u64,
    pub(super) warnings: Vec<Warning>,
}

/// A trial that was asked for and not told.
pub(super) struct InFlight<G> {
    pub(super) trial: Trial<G>,
    pub(super) begins: Duration,
    /// Which attempt runs or is to run, from 1.
    pub(super) attempt: u32,
    pub(super) reports: Vec<(u64, f64)>,
}

impl<G> InFlight<G> {
    pub(super) const fn new(trial: Trial<G>, begins: Duration) -> Self {
        Self {
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
            failures: VecDeque::new(),
            consecutive_failures: 0,
            warnings: Vec::new(),
        }
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
    /// search, too many trials in a row fail, too many genotypes are refused, or the journal or an
    /// observer fails. What was recorded or observed before stays so: after an error too a search
    /// can be resumed.
    pub fn run(mut self) -> Result<SearchResult<G>, SearchError> {
        self.check_budget()?;
        let mut running = Running::new();
        let resumed = self.resume(&mut running)?;
        self.tell_observers(&Event::Began {
            trials: self.budget.maximum_trials(),
        })?;
        if resumed {
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
    fn now(&self, running: &Running<G>) -> Duration {
        self.executor.clock().unwrap_or_else(|| running.wall_time())
    }

    /// Keeps every worker busy while the budget lasts. Trials that were in flight when a search was
    /// interrupted run whatever the budget says, as they would have.
    fn fill(&mut self, running: &mut Running<G>) -> Result<(), SearchError> {
        while running.submitted < self.executor.workers() && !self.stop.is_set() {
            if let Some(id) = running.waiting.pop_front() {
                self.submit(id, running);
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

    /// Asks for the next trial and hands it out, or ends it at once if its evaluation is known.
    fn begin_next(&mut self, running: &mut Running<G>) -> Result<(), SearchError> {
        let (trial, refused) = self.draw()?;
        let id = trial.id;
        running.asked += 1;
        let now = self.now(running);
        if let Some(journal) = &mut self.journal {
            journal.asked(&trial, refused, now)?;
        }
        self.tell_observers(&Event::Asked { trial: &trial })?;
        let mut known = None;
        if let Some(duplicates) = &mut self.duplicates {
            if duplicates.policy() == Duplicates::Reuse {
                known = duplicates.evaluation(&trial.genotype, &running.history);
            }
            duplicates.asked(&trial.genotype);
        }
        running.in_flight.insert(id, InFlight::new(trial, now));
        match known {
            None => {
                self.submit(id, running);
                Ok(())
            }
            Some((first, evaluation)) => {
                let ending = Ending {
                    trial: id,
                    worker: 0,
                    attempt: 0,
                    reused: Some(first),
                    outcome: Outcome::Completed(evaluation),
                    reports: Vec::new(),
                    duration: Duration::ZERO,
                };
                self.finish(ending, running)
            }
        }
    }

    /// Asks until neither a constraint nor the policy for duplicates objects; returns how many draws
    /// were in vain.
    fn draw(&mut self) -> Result<(Trial<G>, u64), SearchError> {
        let (mut refused, mut redrawn) = (0, 0);
        loop {
            let trial = self.algorithm.ask();
            if let Err(reason) = self.constraints.check(&trial.genotype) {
                refused += 1;
                self.algorithm.withdraw(trial.id)?;
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
                && duplicates.is_known(&trial.genotype)
            {
                redrawn += 1;
                self.algorithm.withdraw(trial.id)?;
                continue;
            }
            return Ok((trial, refused + u64::from(redrawn)));
        }
    }

    fn submit(&mut self, id: TrialId, running: &mut Running<G>) {
        if let Some(flight) = running.in_flight.get(&id) {
            running.submitted += 1;
            let terms = Terms {
                begins: flight.begins,
                timeout: self.timeout,
                stopper: self.stopper.clone(),
            };
            self.executor.submit(flight.trial.clone(), terms);
        }
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
            ExecutorEvent::Reported { trial, step, value } => {
                if let Some(flight) = running.in_flight.get_mut(&trial)
                    && value.is_finite()
                {
                    flight.reports.push((step, value));
                }
                self.tell_observers(&Event::Reported { trial, step, value })
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
                let ending = Ending {
                    trial,
                    worker,
                    attempt: flight.attempt,
                    reused: None,
                    outcome,
                    reports: std::mem::take(&mut flight.reports),
                    duration,
                };
                if let Some(stopper) = &self.stopper {
                    stopper.ended(trial, &ending.outcome);
                }
                if self.retry.allows(&ending.outcome, ending.attempt) {
                    self.run_again(&ending, running)
                } else {
                    self.finish(ending, running)
                }
            }
        }
    }

    fn run_again(&mut self, ending: &Ending, running: &mut Running<G>) -> Result<(), SearchError> {
        let now = self.now(running);
        if let Some(journal) = &mut self.journal {
            journal.ended(EntryKind::Retry, ending, now)?;
        }
        self.tell_observers(&Event::Retried {
            trial: ending.trial,
            attempt: ending.attempt,
            outcome: &ending.outcome,
        })?;
        if let Some(flight) = running.in_flight.get_mut(&ending.trial) {
            flight.attempt += 1;
            flight.begins = now;
            running.waiting.push_back(ending.trial);
        }
        Ok(())
    }

    /// Tells, records and shows how a trial ended, in this order: what observers see is on record.
    fn finish(&mut self, ending: Ending, running: &mut Running<G>) -> Result<(), SearchError> {
        let flight = running
            .in_flight
            .remove(&ending.trial)
            .ok_or(SearchError::UnknownTrial(ending.trial))?;
        let mut ending = ending;
        if let Some(duplicates) = &self.duplicates
            && duplicates.policy() == Duplicates::Average
        {
            ending.outcome = duplicates.averaged(&flight.trial.genotype, ending.outcome);
        }
        self.algorithm.tell(ending.trial, &ending.outcome)?;
        let now = self.now(running);
        if let Some(journal) = &mut self.journal {
            journal.ended(EntryKind::Tell, &ending, now)?;
        }
        let record = ending.record(flight.trial);
        if let Some(duplicates) = &mut self.duplicates {
            duplicates.ended(&record, running.history.len());
        }
        running.history.push(record);
        self.tell_observers(&Event::Finished {
            history: &running.history,
        })?;
        self.count_failures(running)
    }

    fn count_failures(&self, running: &mut Running<G>) -> Result<(), SearchError> {
        let Some(record) = running.history.last() else {
            return Ok(());
        };
        if !record.outcome.is_failure() {
            running.consecutive_failures = 0;
            running.failures.clear();
            return Ok(());
        }
        running.consecutive_failures += 1;
        if running.failures.len() == 3 {
            running.failures.pop_front();
        }
        let failure = format!("trial {} {}", record.id, record.outcome);
        running.failures.push_back(failure);
        if running.consecutive_failures < self.max_consecutive_failures {
            return Ok(());
        }
        Err(SearchError::TooManyFailures {
            count: running.consecutive_failures,
            last: std::mem::take(&mut running.failures).into(),
        })
    }

    /// What ends the search now, beside the number of trials and the stop signal.
    fn budget_ends(&self, running: &Running<G>) -> Option<Termination> {
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

    fn tell_observers(&mut self, event: &Event<'_, G>) -> Result<(), SearchError> {
        for observer in &mut self.observers {
            observer.observe(event).map_err(SearchError::Observer)?;
        }
        Ok(())
    }
}
