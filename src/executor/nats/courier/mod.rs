//! The thread that has the connection.

mod answers;
mod early;
mod last_tasks;
mod results;
mod sending;
mod upkeep;

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::atomic::Ordering;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use async_nats::jetstream::context::PublishError;
use async_nats::jetstream::publish::PublishAck;
use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::select;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::{MissedTickBehavior, interval, timeout};

use self::early::EarlyResults;
use self::last_tasks::LastTasks;
use super::flight::Flight;
use super::lease::HeldLease;
use super::missing::AtServer;
use super::results::read_results;
use crate::evaluator::StopSignal;
use crate::executor::ExecutorEvent;
use crate::executor::overdue::OverdueWatch;
use crate::nats::{
    Connection, NatsError, Outage, RunCounts, RunName, StopMessage, TaskId, tell_outages,
};
use crate::trial::{Outcome, TrialId};

/// How often the clock and the stop signal are looked at.
const TICK: Duration = Duration::from_millis(50);

/// How long taking leave of the server may take.
const GOODBYE: Duration = Duration::from_secs(10);

/// How often tasks are looked for that the server should have.
const SEARCH: Duration = Duration::from_secs(5);

/// What the search's thread tells the courier.
pub(super) enum Command {
    Submit(TaskId, Box<Flight>),
    /// The result of this task is recorded.
    Recorded(TaskId),
    /// The search has reached its end.
    Ended,
}

/// What the thread needs to begin.
pub(super) struct CourierSettings {
    pub(super) connection: Connection,
    pub(super) run: RunName,
    /// The server's address, without secrets.
    pub(super) server: String,
    /// The identity's checksum.
    pub(super) identity: String,
    pub(super) silence: Duration,
    pub(super) deliveries: u32,
    pub(super) stop: StopSignal,
    pub(super) counts: RunCounts,
    pub(super) commands: UnboundedReceiver<Command>,
    pub(super) events: Sender<ExecutorEvent>,
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
    early: EarlyResults,
    /// Tasks whose results the search has and hasn't recorded, with the result's place in the stream if it is known.
    unrecorded_tasks: HashMap<TaskId, Option<u64>>,
    recorded_tasks: LastTasks,
    /// Whether the search has reached its end.
    ended: bool,
    overdue: OverdueWatch,
    /// Since when the server has refused every task, and whether the search was warned.
    refused_since: Option<Instant>,
    was_refused: bool,
    /// Since when trials have been waiting for a first worker, and whether the search was warned.
    lonely_since: Option<Instant>,
    was_lonely: bool,
    /// The places of results that are in the stream and not recorded, and the last one that is.
    unrecorded: BTreeSet<u64>,
    last_recorded: u64,
    removed: u64,
    /// Trials whose last attempt brought no score, which may run again.
    without_score: HashMap<TrialId, Outcome>,
    /// When the trials of the last minute ended.
    ends: VecDeque<Instant>,
    begun: Instant,
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
            early: EarlyResults::default(),
            unrecorded_tasks: HashMap::new(),
            recorded_tasks: LastTasks::default(),
            ended: false,
            overdue: OverdueWatch::default(),
            refused_since: None,
            was_refused: false,
            lonely_since: None,
            was_lonely: false,
            unrecorded: BTreeSet::new(),
            last_recorded: 0,
            removed: 0,
            without_score: HashMap::new(),
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
        let events = self.settings.events.clone();
        let server = self.settings.server.clone();
        let outages = tell_outages(self.settings.connection.clone(), move |outage| {
            let message = words(&server, outage);
            emit(&events, ExecutorEvent::Warned { message });
        });
        let outages = tokio::spawn(outages);
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let begun = lease.begun();
        let deposed = {
            let keep = lease.keep();
            tokio::pin!(keep);
            loop {
                select! {
                    command = self.settings.commands.recv() => match command {
                        Some(Command::Submit(task, flight)) => {
                            begun.store(true, Ordering::Relaxed);
                            self.submit(task, *flight);
                        }
                        Some(Command::Recorded(task)) => self.recorded(task),
                        Some(Command::Ended) => self.ended = true,
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
        outages.abort();
        match deposed {
            None => {
                // Whoever stops the search doesn't wait for a server that may never come back. One that has reached its
                // end waits a moment: its workers would wait for ever.
                let patience = match self.ended || self.settings.connection.is_up() {
                    true => GOODBYE,
                    false => Duration::ZERO,
                };
                let _ = timeout(patience, self.say_goodbye(lease)).await;
            }
            Some(error) => {
                self.warn(error.to_string());
                self.settings.stop.stop();
                while let Some(command) = self.wait_for_command().await {
                    if let Command::Submit(task, flight) = command {
                        self.flights.insert(task, *flight);
                    }
                }
            }
        }
    }

    /// Leaves the run as it is, or, if the search has reached its end, cleans up and sends the workers home.
    async fn say_goodbye(&mut self, lease: HeldLease) {
        self.write_status().await;
        if self.ended {
            self.remove_everything().await;
        }
        lease.release(self.ended).await;
        if self.ended {
            // Workers look at the lease then.
            self.publish(self.settings.run.stop(), &StopMessage::Ended)
                .await;
        }
        // What was sent without an answer is still on its way to the socket.
        let _ = self.settings.connection.client.flush().await;
    }

    /// The next command, once the trials in flight are interrupted.
    async fn wait_for_command(&mut self) -> Option<Command> {
        self.interrupt();
        self.settings.commands.recv().await
    }

    /// The number of a worker, in the order in which they appear.
    fn number(&mut self, worker: String) -> usize {
        let next = self.workers.len();
        *self.workers.entry(worker).or_insert(next)
    }

    fn emit(&self, event: ExecutorEvent) {
        emit(&self.settings.events, event);
    }

    fn warn(&self, message: String) {
        self.emit(ExecutorEvent::Warned { message });
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
}

fn emit(events: &Sender<ExecutorEvent>, event: ExecutorEvent) {
    // A send fails only when the executor is being dropped.
    let _ = events.send(event);
}

fn words(server: &str, outage: Outage) -> String {
    match outage {
        Outage::Begins => {
            format!(
                "the NATS server {server} is away; the search waits for it, and its workers go on"
            )
        }
        Outage::Ends(after) => {
            format!(
                "the NATS server {server} is back after {} s",
                after.as_secs()
            )
        }
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
