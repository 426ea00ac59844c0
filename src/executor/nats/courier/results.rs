//! Results on their way to the search.

use std::time::{Duration, Instant};

use super::super::missing::remove_task;
use super::super::results::Heard;
use super::{Courier, read};
use crate::evaluator::TrialEnd;
use crate::executor::ExecutorEvent;
use crate::nats::{FinishedAttempt, TaskId};
use crate::trial::{Outcome, TrialId};

impl Courier {
    pub(super) fn heard(&mut self, heard: Heard) {
        match heard {
            Heard::Restarted => {
                // All results come again; what isn't among them isn't there.
                self.unrecorded.clear();
                self.early.clear();
                self.unrecorded_tasks
                    .values_mut()
                    .for_each(|place| *place = None);
                self.removed = 0;
                self.last_recorded = 0;
                self.search_at = Instant::now();
            }
            Heard::Result {
                task,
                sequence,
                payload,
            } => {
                self.unrecorded.insert(sequence);
                if self.flights.contains_key(&task) {
                    self.finished(task, &payload, sequence);
                } else if let Some(place) = self.unrecorded_tasks.get_mut(&task) {
                    *place = Some(sequence);
                } else if self.recorded_tasks.contains(task) {
                    self.may_go(sequence);
                } else {
                    self.early.insert(task, payload, sequence);
                }
            }
        }
    }

    /// A result of a trial in flight.
    pub(super) fn finished(&mut self, task: TaskId, payload: &[u8], sequence: u64) {
        match read::<FinishedAttempt>(payload) {
            Some(finished) => {
                let seen = self.flights.get(&task).map_or(0, |flight| flight.reports);
                for result in finished.reports.into_iter().skip(seen) {
                    let (trial, result) = (task.trial, result.into());
                    self.emit(ExecutorEvent::Reported { trial, result });
                }
                let FinishedAttempt {
                    worker,
                    duration,
                    outcome,
                    ..
                } = finished;
                self.end(task, &worker, duration, outcome, Some(sequence));
            }
            None => {
                let reason = "its result can't be read".to_owned();
                let outcome = Outcome::Failed { reason };
                self.end(task, "", Duration::ZERO, outcome, Some(sequence));
            }
        }
    }

    pub(super) fn end(
        &mut self,
        task: TaskId,
        worker: &str,
        duration: Duration,
        outcome: Outcome,
        sequence: Option<u64>,
    ) {
        let Some(flight) = self.flights.remove(&task) else {
            return;
        };
        self.unrecorded_tasks.insert(task, sequence);
        self.overdue.ended(task.trial);
        // A worker removes its own task. Copies that others have or will get are of no more use.
        if flight.starts != 1 || flight.resent > 0 {
            let (jetstream, run) = self.at_server();
            tokio::spawn(remove_task(jetstream, run, task));
        }
        let now = Instant::now();
        self.ends.push_back(now);
        self.count(task.trial, &outcome);
        let number = self.number(worker.to_owned());
        let trial = task.trial;
        if !flight.announced {
            self.emit(ExecutorEvent::Started {
                trial,
                worker: number,
            });
        }
        self.emit(ExecutorEvent::Finished {
            trial,
            worker: number,
            duration,
            end: TrialEnd::Outcome(outcome),
        });
    }

    /// Counts how a trial ended. If it runs again, the last attempt counts.
    fn count(&mut self, trial: TrialId, outcome: &Outcome) {
        if let Some(before) = self.without_score.remove(&trial) {
            self.settings.counts.uncount(&before);
        }
        self.settings.counts.count(outcome);
        if !matches!(outcome, Outcome::Completed(_) | Outcome::Stopped { .. }) {
            self.without_score.insert(trial, outcome.clone());
        }
    }

    /// The search has recorded a result.
    pub(super) fn recorded(&mut self, task: TaskId) {
        if let Some(Some(sequence)) = self.unrecorded_tasks.remove(&task) {
            self.may_go(sequence);
        }
        self.recorded_tasks.insert(task);
    }

    /// Whether the search has this task's result.
    pub(super) fn is_told(&self, task: TaskId) -> bool {
        self.unrecorded_tasks.contains_key(&task) || self.recorded_tasks.contains(task)
    }

    /// Nobody needs the result at this place any more.
    fn may_go(&mut self, sequence: u64) {
        self.unrecorded.remove(&sequence);
        self.last_recorded = self.last_recorded.max(sequence);
    }

    /// Removes results that are recorded from the server.
    pub(super) fn remove_recorded(&mut self) {
        for sequence in self.early.give_up(Instant::now()) {
            self.may_go(sequence);
        }
        let until = match self.unrecorded.first() {
            Some(first) => first.saturating_sub(1).min(self.last_recorded),
            None => self.last_recorded,
        };
        // A request that waits for the connection could meet other results at these places.
        if until <= self.removed || !self.settings.connection.is_up() {
            return;
        }
        self.removed = until;
        let (jetstream, run) = self.at_server();
        tokio::spawn(async move {
            if let Ok(results) = jetstream.get_stream_no_info(run.results_stream()).await {
                // The sequence is the first that stays.
                let _ = results.purge().sequence(until + 1).await;
            }
        });
    }

    /// Removes what a search that has ended leaves: another one of the same name starts afresh.
    pub(super) async fn remove_everything(&self) {
        let (jetstream, run) = (&self.settings.connection.jetstream, &self.settings.run);
        for stream in [run.tasks_stream(), run.results_stream()] {
            if let Ok(stream) = jetstream.get_stream_no_info(stream).await {
                let _ = stream.purge().await;
            }
        }
    }
}
