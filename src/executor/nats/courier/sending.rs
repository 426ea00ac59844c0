//! Tasks on their way to the server.

use std::time::{Duration, Instant};

use async_nats::jetstream::Context;
use async_nats::jetstream::context::traits::Publisher as _;
use async_nats::jetstream::context::{PublishAckFuture, PublishError, PublishErrorKind};
use async_nats::jetstream::message::OutboundMessage;
use async_nats::jetstream::publish::PublishAck;

use super::super::flight::{Flight, Sending};
use super::super::missing::{AtServer, remove_task};
use super::Courier;
use crate::nats::{RunName, TaskId};
use crate::trial::Outcome;

/// The pause before a task is sent again whose acknowledgement didn't come.
const PAUSE: Duration = Duration::from_millis(500);

/// How long a server may take no task before that is worth a word.
const PATIENCE: Duration = Duration::from_secs(3);

impl Courier {
    pub(super) fn submit(&mut self, task: TaskId, flight: Flight) {
        self.flights.insert(task, flight);
        match self.early.take(task, Instant::now()) {
            Some((payload, sequence)) => self.finished(task, &payload, sequence),
            None => self.send(task),
        }
    }

    /// Sends a task to the server.
    pub(super) fn send(&mut self, task: TaskId) {
        let Some(flight) = self.flights.get_mut(&task) else {
            return;
        };
        flight.sending = Sending::Underway;
        let message = flight.outbound(&self.settings.run, task, &self.settings.identity);
        let sent = self.publish_task(message);
        self.sent.push(Box::pin(async move { (task, sent.await) }));
    }

    pub(super) fn publish_task(
        &self,
        message: OutboundMessage,
    ) -> impl Future<Output = Result<PublishAck, PublishError>> + Send + use<> {
        let jetstream = self.settings.connection.jetstream.clone();
        async move {
            let sent: PublishAckFuture = jetstream.publish_message(message).await?;
            sent.await
        }
    }

    /// The server's answer to a task.
    pub(super) fn sent(&mut self, task: TaskId, sent: Result<PublishAck, PublishError>) {
        let Some(flight) = self.flights.get_mut(&task) else {
            return;
        };
        let refusal = match sent {
            Ok(ack) => {
                if ack.duplicate {
                    // It was there, and may have gone with a result that was removed since.
                    self.search_at = Instant::now();
                }
                None
            }
            Err(error) => match error.kind() {
                // It is there.
                PublishErrorKind::WrongLastSequence => None,
                PublishErrorKind::MaxPayloadExceeded => {
                    let reason = format!("the server refuses the trial: {error}");
                    return self.end(task, "", Duration::ZERO, Outcome::Failed { reason }, None);
                }
                _ => Some(error),
            },
        };
        match refusal {
            None => {
                flight.sending = Sending::Acknowledged;
                self.refused_since = None;
            }
            Some(error) => {
                flight.sending = Sending::Again(Instant::now() + PAUSE);
                self.refused(&error);
            }
        }
    }

    /// Says it once if a server that is there takes no task for a while, because its disk is full, say.
    fn refused(&mut self, error: &PublishError) {
        if !self.settings.connection.is_up() {
            self.refused_since = None;
            return;
        }
        let since = *self.refused_since.get_or_insert_with(Instant::now);
        if since.elapsed() >= PATIENCE && !self.was_refused {
            self.was_refused = true;
            let server = &self.settings.server;
            self.warn(format!(
                "the NATS server {server} takes no tasks, and the search tries again: {error}"
            ));
        }
    }

    /// Sends tasks again that the server lost, or keeps without handing them out: after it was killed, it may have
    /// messages that its consumer takes for acknowledged.
    pub(super) fn found(&mut self, found: Option<AtServer>) {
        let Some(AtServer {
            missing,
            queued,
            alive,
        }) = found
        else {
            self.suspicious = false;
            return;
        };
        for task in missing {
            self.send_anew(task);
        }
        let queued: Vec<TaskId> = queued
            .into_iter()
            .filter(|task| self.is_acknowledged(*task))
            .collect();
        let too_few = alive < queued.len();
        // Tasks come and go while they are counted, so that once is not enough.
        if too_few && self.suspicious {
            let waits = |task: &TaskId| {
                self.flights
                    .get(task)
                    .is_some_and(|flight| flight.running.is_none())
            };
            let waiting: Vec<TaskId> = queued.iter().copied().filter(waits).collect();
            let stuck = if waiting.is_empty() { queued } else { waiting };
            for task in stuck {
                let (jetstream, run) = self.at_server();
                if let Some(flight) = self.flights.get_mut(&task) {
                    flight.running = None;
                    flight.resent += 1;
                    flight.sending = Sending::Underway;
                    let message =
                        flight.outbound(&self.settings.run, task, &self.settings.identity);
                    let sent = self.publish_task(message);
                    self.sent.push(Box::pin(async move {
                        remove_task(jetstream, run, task).await;
                        (task, sent.await)
                    }));
                }
            }
        }
        self.suspicious = too_few && !self.suspicious;
    }

    pub(super) fn is_acknowledged(&self, task: TaskId) -> bool {
        let flight = self.flights.get(&task);
        flight.is_some_and(|flight| flight.sending == Sending::Acknowledged)
    }

    pub(super) fn send_anew(&mut self, task: TaskId) {
        if self.is_acknowledged(task)
            && let Some(flight) = self.flights.get_mut(&task)
        {
            flight.resent += 1;
            self.send(task);
        }
    }

    pub(super) fn at_server(&self) -> (Context, RunName) {
        let jetstream = self.settings.connection.jetstream.clone();
        (jetstream, self.settings.run.clone())
    }
}
