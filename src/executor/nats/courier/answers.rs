//! What workers say, and what they are answered.

use std::time::{Duration, Instant};

use async_nats::jetstream::message::PublishMessage;
use async_nats::{Message, Subscriber};

use super::{Courier, read};
use crate::executor::ExecutorEvent;
use crate::nats::{
    FinishedAttempt, NatsError, ReportedResult, StartAnswer, StartedAttempt, TaskId, ValueToJudge,
    VerdictReply,
};
use crate::stopper::Verdict;
use crate::trial::Outcome;

/// The subscriptions of a coordinator.
pub(super) struct Subscriptions {
    pub(super) started: Subscriber,
    pub(super) returned: Subscriber,
    pub(super) reported: Subscriber,
    pub(super) judge: Subscriber,
}

impl Courier {
    pub(super) async fn subscribe(&self) -> Result<Subscriptions, NatsError> {
        let subscribe = async |subject| {
            let client = &self.settings.connection.client;
            let subscribed = client.subscribe(subject).await;
            subscribed.map_err(|error| NatsError::refused("subscribe")(error.into()))
        };
        let run = &self.settings.run;
        Ok(Subscriptions {
            started: subscribe(run.started()).await?,
            returned: subscribe(run.returned()).await?,
            reported: subscribe(run.reported()).await?,
            judge: subscribe(run.judge()).await?,
        })
    }

    /// A worker asks whether to begin.
    pub(super) async fn started(&mut self, message: &Message) {
        let Some(StartedAttempt { task, worker }) = read(&message.payload) else {
            return;
        };
        let is_told = self.is_told(task);
        let answer = match self.flights.get_mut(&task) {
            None if is_told => StartAnswer::Drop,
            // A trial that this search hasn't asked for again since it resumed.
            None => StartAnswer::Begin,
            Some(flight) if flight.starts >= self.settings.deliveries => {
                let reason = format!(
                    "{} workers began it and died; the last was {}",
                    flight.starts,
                    flight
                        .running
                        .as_ref()
                        .map_or("unknown", |(worker, _)| worker)
                );
                self.give_up(task, reason);
                StartAnswer::Drop
            }
            Some(flight) => {
                flight.starts += 1;
                let begins = Instant::now();
                flight.running = Some((worker.clone(), begins));
                let announced = std::mem::replace(&mut flight.announced, true);
                let timeout = flight.timeout;
                let number = self.number(worker);
                self.overdue.ended(task.trial);
                self.overdue.began(task.trial, number, begins, timeout);
                if !announced {
                    self.emit(ExecutorEvent::Started {
                        trial: task.trial,
                        worker: number,
                    });
                }
                StartAnswer::Begin
            }
        };
        if let Some(reply) = &message.reply {
            self.publish(reply.to_string(), &answer).await;
        }
    }

    /// Publishes that a trial is lost. A result that comes first counts.
    pub(super) fn give_up(&mut self, task: TaskId, reason: String) {
        let lost = FinishedAttempt {
            worker: self
                .flights
                .get(&task)
                .and_then(|flight| flight.running.clone())
                .map_or_else(String::new, |(worker, _)| worker),
            duration: Duration::ZERO,
            outcome: Outcome::lost(reason),
            reports: Vec::new(),
        };
        let payload = serde_json::to_vec(&lost).unwrap_or_default();
        let message = PublishMessage::build()
            .payload(payload.into())
            .expected_last_subject_sequence(0)
            .outbound_message(self.settings.run.result(task));
        // Without an answer, the next worker that is given the task asks again.
        tokio::spawn(self.publish_task(message));
    }

    /// A worker gives a task back, which is no death.
    pub(super) fn returned(&mut self, message: &Message) {
        if let Some(StartedAttempt { task, worker }) = read(&message.payload)
            && let Some(flight) = self.flights.get_mut(&task)
            // Another worker may have it by now.
            && flight.running.as_ref().is_some_and(|(running, _)| *running == worker)
        {
            flight.starts = flight.starts.saturating_sub(1);
            flight.running = None;
        }
    }

    pub(super) fn reported(&mut self, message: &Message) {
        let Some(ReportedResult {
            task,
            index,
            result,
        }) = read(&message.payload)
        else {
            return;
        };
        if let Some(flight) = self.flights.get_mut(&task)
            && flight.reports == index
        {
            flight.reports += 1;
            let (trial, result) = (task.trial, result.into());
            self.emit(ExecutorEvent::Reported { trial, result });
        }
    }

    pub(super) async fn judge(&mut self, message: &Message) {
        let (Some(value), Some(reply)) = (read::<ValueToJudge>(&message.payload), &message.reply)
        else {
            return;
        };
        let ValueToJudge { task, step, value } = value;
        let verdict = self.flights.get_mut(&task).and_then(|flight| {
            let stopper = flight.stopper.as_ref()?;
            let verdict = flight.verdicts.entry(step);
            Some(*verdict.or_insert_with(|| stopper.reported(task.trial, step, value)))
        });
        let stop = verdict == Some(Verdict::Stop);
        self.publish(reply.to_string(), &VerdictReply { stop })
            .await;
    }
}
