//! The thread of a worker that has the connection.

use std::error::Error;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use async_nats::Subscriber;
use async_nats::jetstream::consumer::PullConsumer;
use async_nats::jetstream::{self, AckKind};
use futures_util::{Stream, StreamExt as _};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{sleep, timeout};

use super::evaluation::{EvaluationEnd, RunningEvaluation};
use super::{Watcher, WorkerNotice};
use crate::evaluator::StopSignal;
use crate::nats::control::{Control, ControlKey, Lease};
use crate::nats::error::NatsError;
use crate::nats::messages::{IDENTITY_HEADER, StartAnswer, StartedAttempt, StopMessage, TaskId};
use crate::nats::names::RunName;
use crate::nats::outages::{Outage, tell_outages};
use crate::nats::server::{ANSWER_TIMEOUT, Connection};
use crate::nats::streams::task_consumer;
use crate::worker::{Reply, RunIdentity};

/// How long one request for a task waits at the server.
const EXPIRES: Duration = Duration::from_secs(10);

/// How often the stop signal is looked at.
pub(super) const LOOK: Duration = Duration::from_millis(50);

/// The pause before another try.
pub(super) const PAUSE: Duration = Duration::from_millis(300);

/// How long a worker that is being stopped listens for a task that is on its way.
const LAST_WAIT: Duration = Duration::from_millis(200);

/// How long a new worker waits for a run that has ended to begin again.
const WAITS_FOR_ANOTHER: Duration = Duration::from_secs(30);

/// How long the coordinator may take to answer, if it is there.
const COORDINATOR_ANSWERS: Duration = Duration::from_secs(2);

/// What the thread needs to begin.
pub(super) struct PorterSettings {
    pub(super) connection: Connection,
    pub(super) run: RunName,
    pub(super) identity: RunIdentity,
    pub(super) name: String,
    pub(super) grace: Duration,
    pub(super) stop: StopSignal,
    pub(super) finishes: bool,
    /// The server's address, without secrets.
    pub(super) server: String,
    pub(super) watcher: Watcher,
    pub(super) orders: Sender<Vec<u8>>,
    pub(super) replies: UnboundedReceiver<Reply>,
}

/// The worker's side of the protocol.
pub(super) struct Porter {
    pub(super) settings: PorterSettings,
    /// The identity's checksum.
    checksum: String,
    begun: Instant,
    /// Whether it has seen the run before its end.
    seen: bool,
    /// What it said last of the run.
    said: Option<WorkerNotice>,
}

type FetchedMessage = Result<jetstream::Message, Box<dyn Error + Send + Sync>>;

/// What comes next.
enum Next {
    Task(Box<jetstream::Message>),
    Nothing,
    /// The server has to be asked what became of the run.
    Look,
}

impl Porter {
    pub(super) fn new(settings: PorterSettings) -> Self {
        let checksum = settings.identity.checksum();
        Self {
            settings,
            checksum,
            begun: Instant::now(),
            seen: false,
            said: None,
        }
    }

    /// Carries tasks and results until the run ends or the worker is stopped.
    pub(super) async fn run(mut self) -> Result<(), NatsError> {
        let client = &self.settings.connection.client;
        let subscribed = client.subscribe(self.settings.run.stop()).await;
        let mut stopped =
            subscribed.map_err(|error| NatsError::refused("subscribe")(error.into()))?;
        let (watcher, server) = (self.settings.watcher.clone(), self.settings.server.clone());
        // It ends with the thread's runtime.
        tokio::spawn(tell_outages(
            self.settings.connection.clone(),
            move |outage| {
                let server = server.clone();
                watcher(&match outage {
                    Outage::Begins => WorkerNotice::ServerAway { server },
                    Outage::Ends(after) => WorkerNotice::ServerBack { server, after },
                });
            },
        ));
        while !self.settings.stop.is_finishing() && self.has_work().await? {
            let Some(consumer) =
                task_consumer(&self.settings.connection.jetstream, &self.settings.run).await
            else {
                sleep(PAUSE).await;
                continue;
            };
            loop {
                match self.next_task(&consumer, &mut stopped).await {
                    Next::Task(message) => {
                        let ack_wait = consumer.cached_info().config.ack_wait;
                        if !self.work(*message, ack_wait).await? {
                            return Ok(());
                        }
                    }
                    Next::Nothing if self.settings.stop.is_finishing() => return Ok(()),
                    Next::Nothing | Next::Look => break,
                }
            }
        }
        Ok(())
    }

    /// Says something of the run, unless it was said last.
    fn say(&mut self, notice: impl FnOnce(String) -> WorkerNotice) {
        let notice = Some(notice(self.settings.run.to_string()));
        if notice != self.said {
            self.said = notice;
            self.said
                .iter()
                .for_each(|notice| (self.settings.watcher)(notice));
        }
    }

    /// Waits for a run that fits; false if the run has ended, or the worker is stopped.
    async fn has_work(&mut self) -> Result<bool, NatsError> {
        let control = Control {
            jetstream: self.settings.connection.jetstream.clone(),
            run: self.settings.run.clone(),
        };
        loop {
            if self.settings.stop.is_finishing() {
                return Ok(false);
            }
            // Neither the server nor the run need be there.
            match control.read::<Lease>(ControlKey::Lease).await {
                // Whoever starts a search of this name again may start its workers first.
                Ok(Some((lease, _))) if lease.ended => {
                    if self.seen || self.begun.elapsed() > WAITS_FOR_ANOTHER {
                        return Ok(false);
                    }
                    self.say(|run| WorkerNotice::RunHasEnded { run });
                }
                Ok(Some((lease, _))) if lease.is_vacant() => {
                    self.say(|run| WorkerNotice::WaitsForRun { run });
                }
                Ok(Some((lease, _))) => {
                    self.seen = true;
                    if let Some(difference) = lease.identity.difference(&self.settings.identity) {
                        let run = self.settings.run.to_string();
                        return Err(NatsError::OtherWorker { run, difference });
                    }
                    self.say(|run| WorkerNotice::Begins { run });
                    return Ok(true);
                }
                Ok(None) => self.say(|run| WorkerNotice::WaitsForRun { run }),
                Err(error @ NatsError::OtherVersion { .. }) => return Err(error),
                Err(_) if control.is_missing().await => {
                    self.say(|run| WorkerNotice::WaitsForRun { run });
                }
                Err(_) => {}
            }
            sleep(PAUSE).await;
        }
    }

    /// Waits for a task, one and no more: others are for other workers.
    async fn next_task(&self, consumer: &PullConsumer, stopped: &mut Subscriber) -> Next {
        let connects = self.settings.connection.connects();
        let fetch = consumer.fetch().max_messages(1).expires(EXPIRES);
        let Ok(mut batch) = fetch.messages().await else {
            sleep(PAUSE).await;
            return Next::Look;
        };
        let begin = Instant::now();
        loop {
            tokio::select! {
                biased;
                message = batch.next() => return match message {
                    Some(Ok(message)) => Next::Task(Box::new(message)),
                    Some(Err(_)) => {
                        sleep(PAUSE).await;
                        Next::Look
                    }
                    None => Next::Look,
                },
                Some(message) = stopped.next() => {
                    if serde_json::from_slice(&message.payload).ok() == Some(StopMessage::Ended) {
                        return Next::Look;
                    }
                }
                () = sleep(LOOK) => {
                    let connection = &self.settings.connection;
                    let late = begin.elapsed() > EXPIRES + ANSWER_TIMEOUT;
                    if late || connection.connects() != connects {
                        return Next::Look;
                    }
                    if self.settings.stop.is_finishing() {
                        give_back_what_comes(&mut batch).await;
                        return Next::Nothing;
                    }
                }
            }
        }
    }

    /// Does a task; false if the worker then ends.
    async fn work(
        &mut self,
        message: jetstream::Message,
        ack_wait: Duration,
    ) -> Result<bool, NatsError> {
        let Some(task) = self.settings.run.task_of(&message.subject) else {
            // Nobody else could do more with it.
            let _ = message.double_ack_with(AckKind::Term).await;
            return Ok(true);
        };
        let headers = message.headers.as_ref();
        let of = headers.and_then(|headers| headers.get(IDENTITY_HEADER));
        if of.map(|checksum| checksum.as_str()) != Some(self.checksum.as_str()) {
            // The run's name was given to another search meanwhile, which is found out before the next task.
            let _ = message.ack_with(AckKind::Nak(Some(PAUSE))).await;
            return self.has_work().await;
        }
        if self.may_begin(task).await == StartAnswer::Drop {
            let _ = message.double_ack().await;
            return Ok(true);
        }
        let evaluation = RunningEvaluation::new(self, task, message, ack_wait);
        match evaluation.run().await {
            EvaluationEnd::Done => Ok(true),
            EvaluationEnd::GivenBack | EvaluationEnd::Closed => Ok(false),
            EvaluationEnd::DeviceLost(reason) => Err(NatsError::DeviceLost { reason }),
        }
    }

    /// Asks the coordinator whether to begin. Without one, the worker begins.
    async fn may_begin(&self, task: TaskId) -> StartAnswer {
        let started = StartedAttempt {
            task,
            worker: self.settings.name.clone(),
        };
        let payload = serde_json::to_vec(&started).unwrap_or_default();
        let client = &self.settings.connection.client;
        let asked = client.request(self.settings.run.started(), payload.into());
        match timeout(COORDINATOR_ANSWERS, asked).await {
            Ok(Ok(answer)) => serde_json::from_slice(&answer.payload).unwrap_or(StartAnswer::Begin),
            _ => StartAnswer::Begin,
        }
    }
}

/// Gives a task back that is on its way to a worker which is being stopped. Otherwise it would wait until the worker counts
/// as dead.
async fn give_back_what_comes(batch: &mut (impl Stream<Item = FetchedMessage> + Unpin)) {
    if let Ok(Some(Ok(message))) = timeout(LAST_WAIT, batch.next()).await {
        let nak = message.double_ack_with(AckKind::Nak(None));
        let _ = timeout(ANSWER_TIMEOUT, nak).await;
    }
}
