//! The thread that has the connection.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_nats::jetstream::Context;
use async_nats::jetstream::context::traits::Publisher as _;
use async_nats::jetstream::context::{PublishAckFuture, PublishError, PublishErrorKind};
use async_nats::jetstream::message::{OutboundMessage, PublishMessage};
use async_nats::jetstream::publish::PublishAck;
use async_nats::{Message, Subscriber};
use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::select;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::{MissedTickBehavior, interval};

use super::flight::{Flight, Sending};
use super::lease::HeldLease;
use super::missing::{AtServer, at_server, remove_task};
use super::results::{Heard, read_results};
use super::{CourierEvent, ended_by};
use crate::evaluator::{StopSignal, TrialEnd};
use crate::executor::ExecutorEvent;
use crate::executor::overdue::OverdueWatch;
use crate::nats::{
    Connection, Control, ControlKey, FinishedAttempt, NatsError, ReportedResult, RunCounts,
    RunName, RunStatus, RunningTrial, StartAnswer, StartedAttempt, StopMessage, TaskId,
    ValueToJudge, VerdictReply,
};
use crate::stopper::Verdict;
use crate::trial::Outcome;

/// How often the clock and the stop signal are looked at.
const TICK: Duration = Duration::from_millis(50);

/// How often tasks are looked for that the server should have.
const SEARCH: Duration = Duration::from_secs(5);

/// How often recorded results are removed and the status is written.
const UPKEEP: Duration = Duration::from_secs(1);

/// The pause before a task is sent again whose acknowledgement didn't come.
const PAUSE: Duration = Duration::from_millis(500);

/// How long results that nobody waits for are kept, once trials are asked for.
const KEEP_EARLY: Duration = Duration::from_secs(60);

/// How many of the last results are remembered, so that a worker that begins such a task again is told.
const REMEMBERED: usize = 100_000;

/// How many running trials are in the status.
const MOST_SHOWN: usize = 1000;

/// What the search's thread tells the courier.
pub(super) enum Command {
    Submit(TaskId, Box<Flight>),
    /// The result at this place is recorded.
    Recorded(u64),
}

/// What the thread needs to begin.
pub(super) struct CourierSettings {
    pub(super) connection: Connection,
    pub(super) run: RunName,
    /// The identity's checksum.
    pub(super) identity: String,
    pub(super) silence: Duration,
    pub(super) deliveries: u32,
    pub(super) stop: StopSignal,
    pub(super) counts: Arc<Mutex<RunCounts>>,
    pub(super) commands: UnboundedReceiver<Command>,
    pub(super) events: Sender<CourierEvent>,
}

type SentTask = (TaskId, Result<PublishAck, PublishError>);

/// The coordinator's side of the protocol.
pub(super) struct Courier {
    settings: CourierSettings,
    flights: HashMap<TaskId, Flight>,
    sent: FuturesUnordered<BoxFuture<'static, SentTask>>,
    searching: Option<BoxFuture<'static, Option<AtServer>>>,
    /// Whether the server had tasks last time that it won't hand out.
    suspicious: bool,
    search_at: Instant,
    upkeep_at: Instant,
    workers: HashMap<String, usize>,
    /// Results that nobody waits for, with their place in the stream.
    early: HashMap<TaskId, (Bytes, u64)>,
    first_submit: Option<Instant>,
    told: LastTasks,
    overdue: OverdueWatch,
    /// Results that are in the stream and not recorded, and the last one that is.
    unrecorded: BTreeSet<u64>,
    last_recorded: u64,
    removed: u64,
    /// When the trials of the last minute ended.
    ends: VecDeque<Instant>,
    begun: Instant,
}

/// The subscriptions of a coordinator.
struct Subscriptions {
    started: Subscriber,
    returned: Subscriber,
    reported: Subscriber,
    judge: Subscriber,
}

impl Courier {
    pub(super) fn new(settings: CourierSettings) -> Self {
        let now = Instant::now();
        Self {
            settings,
            flights: HashMap::new(),
            sent: FuturesUnordered::new(),
            searching: None,
            suspicious: false,
            search_at: now + SEARCH,
            upkeep_at: now,
            workers: HashMap::new(),
            early: HashMap::new(),
            first_submit: None,
            told: LastTasks::default(),
            overdue: OverdueWatch::default(),
            unrecorded: BTreeSet::new(),
            last_recorded: 0,
            removed: 0,
            ends: VecDeque::new(),
            begun: now,
        }
    }

    /// Works until the executor is dropped. `ready` hears when workers can be answered.
    pub(super) async fn run(
        mut self,
        mut lease: HeldLease,
        ready: impl FnOnce(Result<(), NatsError>),
    ) {
        let mut subscriptions = match self.subscribe().await {
            Ok(subscriptions) => subscriptions,
            Err(error) => {
                ready(Err(error));
                return lease.release(false).await;
            }
        };
        ready(Ok(()));
        let (heard, mut results) = unbounded_channel();
        let reader = tokio::spawn(read_results(
            self.settings.connection.clone(),
            self.settings.run.clone(),
            self.settings.silence,
            heard,
        ));
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let deposed = {
            let keep = lease.keep();
            tokio::pin!(keep);
            loop {
                select! {
                    command = self.settings.commands.recv() => match command {
                        Some(Command::Submit(task, flight)) => self.submit(task, *flight),
                        Some(Command::Recorded(sequence)) => self.recorded(sequence),
                        None => break None,
                    },
                    Some(heard) = results.recv() => self.heard(heard),
                    Some(message) = subscriptions.started.next() => self.started(&message).await,
                    Some(message) = subscriptions.returned.next() => self.returned(&message),
                    Some(message) = subscriptions.reported.next() => self.reported(&message),
                    Some(message) = subscriptions.judge.next() => self.judge(&message).await,
                    Some((task, sent)) = self.sent.next(), if !self.sent.is_empty() => {
                        self.sent(task, sent);
                    }
                    found = async { match &mut self.searching {
                        Some(searching) => searching.await,
                        None => std::future::pending().await,
                    }} => {
                        self.searching = None;
                        self.found(found);
                    }
                    error = &mut keep => break Some(error),
                    _ = tick.tick() => self.tick(),
                }
            }
        };
        reader.abort();
        match deposed {
            None => {
                let ended = self.flights.is_empty() && !self.settings.stop.is_finishing();
                self.write_status().await;
                if ended {
                    self.remove_everything().await;
                }
                lease.release(ended).await;
                if ended {
                    // Workers look at the lease then.
                    self.publish(self.settings.run.stop(), &StopMessage::Ended)
                        .await;
                }
                // What was sent without an answer is still on its way to the socket.
                let _ = self.settings.connection.client.flush().await;
            }
            Some(error) => {
                self.emit(ended_by(&error));
                self.settings.stop.stop();
                while let Some(command) = self.wait_for_command().await {
                    if let Command::Submit(task, flight) = command {
                        self.flights.insert(task, *flight);
                    }
                }
            }
        }
    }

    /// The next command, once the trials in flight are interrupted.
    async fn wait_for_command(&mut self) -> Option<Command> {
        self.interrupt();
        self.settings.commands.recv().await
    }

    async fn subscribe(&self) -> Result<Subscriptions, NatsError> {
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

    fn submit(&mut self, task: TaskId, flight: Flight) {
        self.first_submit.get_or_insert_with(Instant::now);
        self.flights.insert(task, flight);
        match self.early.remove(&task) {
            Some((payload, sequence)) => self.finished(task, &payload, sequence),
            None => self.send(task),
        }
    }

    /// Sends a task to the server.
    fn send(&mut self, task: TaskId) {
        let Some(flight) = self.flights.get_mut(&task) else {
            return;
        };
        flight.sending = Sending::Underway;
        let message = flight.outbound(&self.settings.run, task, &self.settings.identity);
        let sent = self.publish_task(message);
        self.sent.push(Box::pin(async move { (task, sent.await) }));
    }

    fn publish_task(
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
    fn sent(&mut self, task: TaskId, sent: Result<PublishAck, PublishError>) {
        let Some(flight) = self.flights.get_mut(&task) else {
            return;
        };
        flight.sending = match sent {
            Ok(ack) => {
                if ack.duplicate {
                    // It was there, and may have gone with a result that was removed since.
                    self.search_at = Instant::now();
                }
                Sending::Acknowledged
            }
            Err(error) => match error.kind() {
                // It is there.
                PublishErrorKind::WrongLastSequence => Sending::Acknowledged,
                PublishErrorKind::MaxPayloadExceeded => {
                    let reason = format!("the server refuses the trial: {error}");
                    return self.end(task, "", Duration::ZERO, Outcome::Failed { reason }, None);
                }
                _ => Sending::Again(Instant::now() + PAUSE),
            },
        };
    }

    /// A worker asks whether to begin.
    async fn started(&mut self, message: &Message) {
        let Some(StartedAttempt { task, worker }) = read(&message.payload) else {
            return;
        };
        let answer = match self.flights.get_mut(&task) {
            None if self.told.contains(task) => StartAnswer::Drop,
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
    fn give_up(&mut self, task: TaskId, reason: String) {
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
    fn returned(&mut self, message: &Message) {
        if let Some(StartedAttempt { task, .. }) = read(&message.payload)
            && let Some(flight) = self.flights.get_mut(&task)
        {
            flight.starts = flight.starts.saturating_sub(1);
            flight.running = None;
        }
    }

    fn reported(&mut self, message: &Message) {
        let Some(ReportedResult {
            task,
            index,
            result,
            ..
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

    async fn judge(&mut self, message: &Message) {
        let (Some(value), Some(reply)) = (read::<ValueToJudge>(&message.payload), &message.reply)
        else {
            return;
        };
        let ValueToJudge { task, step, value } = value;
        let stopper = self
            .flights
            .get(&task)
            .and_then(|flight| flight.stopper.clone());
        let verdict = stopper.map(|stopper| stopper.reported(task.trial, step, value));
        let stop = verdict == Some(Verdict::Stop);
        self.publish(reply.to_string(), &VerdictReply { stop })
            .await;
    }

    fn heard(&mut self, heard: Heard) {
        match heard {
            Heard::Restarted => {
                // All results come again; what isn't among them isn't there.
                self.unrecorded.clear();
                self.early.clear();
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
                } else if self.told.contains(task) {
                    self.recorded(sequence);
                } else {
                    self.early.insert(task, (payload, sequence));
                }
            }
        }
    }

    /// A result of a trial in flight.
    fn finished(&mut self, task: TaskId, payload: &[u8], sequence: u64) {
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

    fn end(
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
        self.told.insert(task);
        self.overdue.ended(task.trial);
        // A worker removes its own task. Copies that others have or will get are of no more use.
        if flight.starts != 1 || flight.resent > 0 {
            let (jetstream, run) = self.at_server();
            tokio::spawn(remove_task(jetstream, run, task));
        }
        let now = Instant::now();
        self.ends.push_back(now);
        self.lock_counts().count(&outcome);
        let number = self.number(worker.to_owned());
        let trial = task.trial;
        if !flight.announced {
            self.emit(ExecutorEvent::Started {
                trial,
                worker: number,
            });
        }
        let event = ExecutorEvent::Finished {
            trial,
            worker: number,
            duration,
            end: TrialEnd::Outcome(outcome),
        };
        let _ = self.settings.events.send(CourierEvent { event, sequence });
    }

    fn recorded(&mut self, sequence: u64) {
        self.unrecorded.remove(&sequence);
        self.last_recorded = self.last_recorded.max(sequence);
    }

    fn tick(&mut self) {
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
        while let Some(event) = self.overdue.take(now) {
            self.emit(event);
        }
        if self.search_at <= now && self.searching.is_none() && !self.flights.is_empty() {
            self.search_at = now + SEARCH;
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

    /// Ends all trials without an outcome. The workers go on, and their results stay.
    fn interrupt(&mut self) {
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

    /// Sends tasks again that the server lost, or keeps without handing them out: after it was killed, it may have
    /// messages that its consumer takes for acknowledged.
    fn found(&mut self, found: Option<AtServer>) {
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

    fn is_acknowledged(&self, task: TaskId) -> bool {
        let flight = self.flights.get(&task);
        flight.is_some_and(|flight| flight.sending == Sending::Acknowledged)
    }

    fn send_anew(&mut self, task: TaskId) {
        if self.is_acknowledged(task)
            && let Some(flight) = self.flights.get_mut(&task)
        {
            flight.resent += 1;
            self.send(task);
        }
    }

    fn at_server(&self) -> (Context, RunName) {
        let jetstream = self.settings.connection.jetstream.clone();
        (jetstream, self.settings.run.clone())
    }

    /// Removes results that are recorded from the server.
    fn remove_recorded(&mut self) {
        if let Some(first) = self.first_submit
            && first.elapsed() > KEEP_EARLY
        {
            for (_, (_, sequence)) in std::mem::take(&mut self.early) {
                self.recorded(sequence);
            }
        }
        let until = match self.unrecorded.first() {
            Some(first) => first.saturating_sub(1).min(self.last_recorded),
            None => self.last_recorded,
        };
        if until <= self.removed {
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
    async fn remove_everything(&self) {
        let (jetstream, run) = (&self.settings.connection.jetstream, &self.settings.run);
        for stream in [run.tasks_stream(), run.results_stream()] {
            if let Ok(stream) = jetstream.get_stream_no_info(stream).await {
                let _ = stream.purge().await;
            }
        }
    }

    fn write_status(&mut self) -> impl Future<Output = ()> + Send + use<> {
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
        running.truncate(MOST_SHOWN);
        let counts = self.lock_counts().clone();
        let status = RunStatus {
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

    /// The number of a worker, in the order in which they appear.
    fn number(&mut self, worker: String) -> usize {
        let next = self.workers.len();
        *self.workers.entry(worker).or_insert(next)
    }

    fn emit(&self, event: ExecutorEvent) {
        let sequence = None;
        // A send fails only when the executor is being dropped.
        let _ = self.settings.events.send(CourierEvent { event, sequence });
    }

    /// Publishes without an acknowledgement.
    async fn publish(&self, subject: String, message: &impl Serialize) {
        if let Ok(json) = serde_json::to_vec(message) {
            let _ = self
                .settings
                .connection
                .client
                .publish(subject, json.into())
                .await;
        }
    }

    fn lock_counts(&self) -> std::sync::MutexGuard<'_, RunCounts> {
        self.settings
            .counts
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads a message; what can't be understood is left out.
fn read<T: DeserializeOwned>(payload: &[u8]) -> Option<T> {
    match serde_json::from_slice(payload) {
        Ok(message) => Some(message),
        Err(error) => {
            tracing::warn!("a message that can't be understood: {error}");
            None
        }
    }
}

/// A set that forgets its oldest tasks.
#[derive(Default)]
struct LastTasks {
    set: HashSet<TaskId>,
    order: VecDeque<TaskId>,
}

impl LastTasks {
    fn contains(&self, task: TaskId) -> bool {
        self.set.contains(&task)
    }

    fn insert(&mut self, task: TaskId) {
        if self.set.insert(task) {
            self.order.push_back(task);
        }
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.set.remove(&oldest);
        }
    }
}
