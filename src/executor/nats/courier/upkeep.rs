//! What is done from time to time.

use std::time::{Duration, Instant};

use super::super::flight::Sending;
use super::super::missing::at_server;
use super::{Courier, SEARCH};
use crate::evaluator::TrialEnd;
use crate::executor::ExecutorEvent;
use crate::nats::{Control, ControlKey, RunStatus, RunningTrial, TaskId};

/// How often recorded results are removed and the status is written.
const UPKEEP: Duration = Duration::from_secs(2);

/// How long no worker may come before that is worth a word.
const PATIENCE: Duration = Duration::from_secs(10);

/// How many running trials are in the status.
const MOST_SHOWN: usize = 200;

impl Courier {
    pub(super) fn tick(&mut self) {
        let now = Instant::now();
        if self.settings.stop.is_set() {
            self.interrupt();
        }
        let again: Vec<TaskId> = self
            .flights
            .iter()
            .filter(|(_, flight)| matches!(flight.sending, Sending::Again(at) if at <= now))
            .map(|(task, _)| *task)
            .collect();
        for task in again {
            self.send(task);
        }
        self.warn_if_lonely(now);
        while let Some(event) = self.overdue.take(now) {
            self.emit(event);
        }
        if self.search_at <= now && self.searching.is_none() && !self.flights.is_empty() {
            // Listing them takes the longer, the more there are.
            let many = Duration::from_millis(5).saturating_mul(self.flights.len() as u32);
            self.search_at = now + SEARCH + many;
            let known = self.flights.iter();
            let known = known.filter(|(_, flight)| flight.sending == Sending::Acknowledged);
            let known = known.map(|(task, _)| *task).collect();
            let (jetstream, run) = self.at_server();
            self.searching = Some(Box::pin(at_server(jetstream, run, known)));
        }
        if self.upkeep_at <= now {
            self.upkeep_at = now + UPKEEP;
            self.remove_recorded();
            let status = self.write_status();
            tokio::spawn(status);
        }
    }

    /// Says it once if no worker comes.
    fn warn_if_lonely(&mut self, now: Instant) {
        if self.workers.is_empty() && !self.flights.is_empty() {
            let since = *self.lonely_since.get_or_insert(now);
            if now.saturating_duration_since(since) >= PATIENCE && !self.was_lonely {
                self.was_lonely = true;
                let run = &self.settings.run;
                self.warn(format!(
                    "no worker has begun a trial of run {run} yet; the search waits for workers"
                ));
            }
        }
    }

    /// Ends all trials without an outcome. The workers go on, and their results stay.
    pub(super) fn interrupt(&mut self) {
        let flights = std::mem::take(&mut self.flights);
        let mut tasks: Vec<_> = flights.into_keys().collect();
        tasks.sort_unstable();
        for task in tasks {
            self.emit(ExecutorEvent::Finished {
                trial: task.trial,
                worker: 0,
                duration: Duration::ZERO,
                end: TrialEnd::Interrupted,
            });
        }
    }

    pub(super) fn write_status(&mut self) -> impl Future<Output = ()> + Send + use<> {
        let now = Instant::now();
        let minute = Duration::from_secs(60);
        while self
            .ends
            .front()
            .is_some_and(|end| now.saturating_duration_since(*end) > minute)
        {
            self.ends.pop_front();
        }
        let window = now.saturating_duration_since(self.begun).min(minute);
        let mut running: Vec<RunningTrial> = self
            .flights
            .iter()
            .filter_map(|(task, flight)| {
                let (worker, begins) = flight.running.as_ref()?;
                Some(RunningTrial {
                    trial: task.trial,
                    attempt: task.attempt,
                    worker: worker.clone(),
                    seconds: now.saturating_duration_since(*begins).as_secs_f64(),
                })
            })
            .collect();
        running.sort_by(|left, right| right.seconds.total_cmp(&left.seconds));
        let with_workers = running.len() as u64;
        running.truncate(MOST_SHOWN);
        let counts = self.settings.counts.get();
        let status = RunStatus {
            with_workers,
            running,
            done: counts.done,
            failed: counts.failed,
            lost: counts.lost,
            best: counts.best,
            trials_per_minute: self.ends.len() as f64 * 60.0 / window.as_secs_f64().max(1.0),
            ..RunStatus::default()
        };
        let control = Control {
            jetstream: self.settings.connection.jetstream.clone(),
            run: self.settings.run.clone(),
        };
        async move {
            let _ = control.write(ControlKey::Status, &status, None).await;
        }
    }
}
