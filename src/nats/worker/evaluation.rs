//! One evaluation of a worker on a NATS server.

use std::io::Write as _;
use std::time::{Duration, Instant};

use async_nats::jetstream::context::traits::Publisher as _;
use async_nats::jetstream::context::{PublishError, PublishErrorKind};
use async_nats::jetstream::message::{OutboundMessage, PublishMessage};
use async_nats::jetstream::{self, AckKind};
use serde::Serialize;
use serde::de::IgnoredAny;
use tokio::time::{sleep, timeout};

use super::porter::{LOOK, PAUSE, Porter};
use crate::evaluator::Deadline;
use crate::nats::messages::{
    FinishedAttempt, ReportedResult, StartedAttempt, TaskId, ValueToJudge, VerdictReply,
};
use crate::nats::server::ANSWER_TIMEOUT;
use crate::trial::{Outcome, Trial};
use crate::worker::{Order, Reply, TrialTask, WireResult, end_process};

/// How long the coordinator may take for a verdict.
const VERDICT: Duration = Duration::from_secs(10);

/// How an evaluation ended.
pub(super) enum EvaluationEnd {
    /// Its result is at the server.
    Done,
    /// Another worker will make it.
    GivenBack,
    /// The evaluator's thread is gone.
    Closed,
    /// Its result, that the device is lost, is at the server. So would be the next.
    DeviceLost(String),
}

/// An evaluation that runs.
pub(super) struct RunningEvaluation<'a> {
    porter: &'a mut Porter,
    task: TaskId,
    message: jetstream::Message,
    ack_wait: Duration,
    begins: Instant,
    reports: Vec<WireResult>,
    /// When it ends with the process, because of its time limit.
    ends: Option<Deadline>,
    /// When the worker was stopped, and the evaluation was told.
    stopped: Option<Instant>,
}

impl<'a> RunningEvaluation<'a> {
    pub(super) fn new(
        porter: &'a mut Porter,
        task: TaskId,
        message: jetstream::Message,
        ack_wait: Duration,
    ) -> Self {
        let begins = Instant::now();
        Self {
            porter,
            task,
            message,
            ack_wait,
            begins,
            reports: Vec::new(),
            ends: None,
            stopped: None,
        }
    }

    /// Has it evaluated, and says meanwhile that the worker lives.
    pub(super) async fn run(mut self) -> EvaluationEnd {
        let order = serde_json::from_slice::<Order<Trial<IgnoredAny>>>(&self.message.payload);
        let Ok(Order::Task(TrialTask { timeout: limit, .. })) = order else {
            let reason = "the task can't be read".to_owned();
            self.publish_result(Outcome::Failed { reason }).await;
            return EvaluationEnd::Done;
        };
        let grace = self.porter.settings.grace;
        self.ends = limit.map(|limit| Deadline::new(self.begins, limit.saturating_add(grace)));
        let payload = self.message.payload.to_vec();
        if self.porter.settings.orders.send(payload).is_err() {
            return self.give_back().await;
        }
        let mut alive = Instant::now();
        loop {
            match timeout(LOOK, self.porter.settings.replies.recv()).await {
                Ok(Some(reply)) => {
                    if let Some(end) = self.replied(reply).await {
                        return end;
                    }
                }
                Ok(None) => {
                    let _ = self.give_back().await;
                    return EvaluationEnd::Closed;
                }
                Err(_) => {}
            }
            if alive.elapsed() >= self.ack_wait / 3 {
                alive = Instant::now();
                self.say_alive().await;
            }
            self.look().await;
        }
    }

    async fn replied(&mut self, reply: Reply) -> Option<EvaluationEnd> {
        match reply {
            Reply::Reported { result, .. } => {
                let reported = ReportedResult {
                    task: self.task,
                    index: self.reports.len(),
                    result: result.clone(),
                };
                self.reports.push(result);
                self.publish(self.porter.settings.run.reported(), &reported)
                    .await;
                None
            }
            Reply::Judge { step, value, .. } => {
                let verdict = Order::<()>::Verdict {
                    trial: self.task.trial,
                    attempt: self.task.attempt,
                    stop: self.judged(step, value).await,
                };
                self.order(&verdict);
                None
            }
            Reply::Ended {
                outcome: Some(outcome),
                ..
            } => {
                let lost = match &outcome {
                    Outcome::Lost { reason } => Some(reason.clone()),
                    _ => None,
                };
                self.publish_result(outcome).await;
                Some(lost.map_or(EvaluationEnd::Done, EvaluationEnd::DeviceLost))
            }
            Reply::Ended { outcome: None, .. } => Some(self.give_back().await),
            Reply::Started { .. } | Reply::Hello(_) | Reply::Failed { .. } => None,
        }
    }

    /// Asks for the stopper's verdict. Without a coordinator, the evaluation goes on.
    async fn judged(&self, step: u64, value: f64) -> bool {
        let value = ValueToJudge {
            task: self.task,
            step,
            value,
        };
        let settings = &self.porter.settings;
        let payload = serde_json::to_vec(&value).unwrap_or_default();
        let client = &settings.connection.client;
        let asked = client.request(settings.run.judge(), payload.into());
        match timeout(VERDICT, asked).await {
            Ok(Ok(answer)) => serde_json::from_slice::<VerdictReply>(&answer.payload)
                .is_ok_and(|verdict| verdict.stop),
            _ => false,
        }
    }

    /// Looks at the time limit and the stop signal.
    async fn look(&mut self) {
        let now = Instant::now();
        let (settings, id) = (&self.porter.settings, self.task);
        let (trial, attempt) = (id.trial, id.attempt);
        if self.ends.is_some_and(|ends| ends.is_over(now)) {
            self.publish_result(Outcome::TimedOut).await;
            end_with(&format!(
                "the evaluation of trial {trial} doesn't end at its time limit; this worker ends with it"
            ));
        }
        match self.stopped {
            None if settings.stop.is_set() && !settings.finishes => {
                self.stopped = Some(now);
                self.order(&Order::<()>::Stop { trial, attempt });
            }
            Some(since) if now.saturating_duration_since(since) > settings.grace => {
                let _ = self.give_back().await;
                end_with(&format!(
                    "the evaluation of trial {trial} doesn't end when it is stopped; another worker gets it"
                ));
            }
            _ => {}
        }
    }

    /// Tells the evaluator's thread something. If it is gone, the next wait for it ends.
    fn order(&self, order: &Order<()>) {
        if let Ok(json) = serde_json::to_vec(order) {
            let _ = self.porter.settings.orders.send(json);
        }
    }

    /// Publishes how it ended until the server has it, and then removes the task.
    async fn publish_result(&mut self, outcome: Outcome) {
        let mut finished = FinishedAttempt {
            worker: self.porter.settings.name.clone(),
            duration: self.begins.elapsed(),
            outcome,
            reports: std::mem::take(&mut self.reports),
        };
        let mut alive = Instant::now();
        let mut given_up = None;
        loop {
            let payload = serde_json::to_vec(&finished).unwrap_or_default();
            let bytes = payload.len();
            // Refused if there is a result: the first one counts.
            let message = PublishMessage::build()
                .payload(payload.into())
                .expected_last_subject_sequence(0)
                .outbound_message(self.porter.settings.run.result(self.task));
            match timeout(ANSWER_TIMEOUT, self.send(message)).await {
                Ok(Ok(())) => break,
                Err(_) => {}
                Ok(Err(error)) => match error.kind() {
                    PublishErrorKind::WrongLastSequence => break,
                    PublishErrorKind::MaxPayloadExceeded if !finished.reports.is_empty() => {
                        // The search has most of them already.
                        finished.reports.clear();
                        continue;
                    }
                    PublishErrorKind::MaxPayloadExceeded => {
                        let reason = format!(
                            "the result has {bytes} bytes, more than a message to this server may have (max_payload \
                             in its configuration)"
                        );
                        finished.outcome = Outcome::Failed { reason };
                        continue;
                    }
                    // The server is away, or has lost the stream, which the coordinator makes again.
                    _ => {}
                },
            }
            // Whoever stops the worker doesn't wait for a server that may never come back.
            if self.porter.settings.stop.is_set() {
                let since = *given_up.get_or_insert_with(Instant::now);
                if since.elapsed() > self.porter.settings.grace {
                    return;
                }
            }
            sleep(PAUSE).await;
            if alive.elapsed() >= self.ack_wait / 3 {
                alive = Instant::now();
                self.say_alive().await;
            }
        }
        // If it fails, the task goes to another worker, which hears that its result is known.
        let _ = self.message.double_ack().await;
    }

    async fn send(&self, message: OutboundMessage) -> Result<(), PublishError> {
        let jetstream = &self.porter.settings.connection.jetstream;
        jetstream.publish_message(message).await?.await.map(drop)
    }

    /// Says that the worker lives, to a server that hears it.
    async fn say_alive(&self) {
        if self.porter.settings.connection.is_up() {
            let progress = self.message.ack_with(AckKind::Progress);
            let _ = timeout(LOOK, progress).await;
        }
    }

    /// Lets another worker make it at once.
    async fn give_back(&mut self) -> EvaluationEnd {
        let returned = StartedAttempt {
            task: self.task,
            worker: self.porter.settings.name.clone(),
        };
        self.publish(self.porter.settings.run.returned(), &returned)
            .await;
        let nak = self.message.double_ack_with(AckKind::Nak(None));
        let _ = timeout(ANSWER_TIMEOUT, nak).await;
        EvaluationEnd::GivenBack
    }

    /// Publishes without an acknowledgement, to a server that hears it: what waits for one that is away would fill the
    /// client's memory, and then keep the worker from looking at its limits.
    async fn publish(&self, subject: String, message: &impl Serialize) {
        let connection = &self.porter.settings.connection;
        if connection.is_up()
            && let Ok(json) = serde_json::to_vec(message)
        {
            let _ = timeout(LOOK, connection.client.publish(subject, json.into())).await;
        }
    }
}

fn end_with(why: &str) -> ! {
    let _ = writeln!(std::io::stderr(), "error: {why}");
    end_process(1)
}
