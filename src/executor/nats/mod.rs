//! Trials on many machines, through a NATS server.
//!
//! The search's thread only passes trials and events on. A thread of its own has the connection: the
//! [courier](courier::Courier), which publishes tasks, answers workers and takes results.

mod builder;
mod courier;
mod flight;
mod lease;
mod missing;
mod results;

pub use builder::NatsBuilder;

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::fmt;
use std::sync::mpsc::Receiver;
use std::thread::JoinHandle;
use std::time::Duration;

use serde::Serialize;
use tokio::sync::mpsc::UnboundedSender;

use self::courier::Command;
use self::flight::Flight;
use super::{Executor, ExecutorEvent, Limits};
use crate::evaluator::{StopSignal, TrialEnd};
use crate::nats::{RunCounts, TaskId};
use crate::space::{Genotype, SearchSpace};
use crate::trial::{Outcome, Trial, TrialId};
use crate::worker::task_message;

/// Runs trials on workers that find this process at a NATS server, on this machine and on others.
///
/// This process is the coordinator of a run: it has the algorithm and the journal. Workers
/// ([`NatsWorker`](crate::nats::NatsWorker)) may come, die and go at any time, before it and after it.
///
/// ```no_run
/// use evonas::executor::Nats;
/// use evonas::nats::NatsServer;
/// use evonas::prelude::*;
///
/// let space = BitsSpace { length: 20 };
/// let server = NatsServer::new("nats://localhost:4222");
/// let workers = Nats::builder(&space, server, "bits").in_flight(8).build()?;
/// let evolution = Evolution::builder(space, FlipOneBit).build()?;
/// let search = Search::new(evolution, workers, Budget::trials(500));
/// let result = search.journal(Journal::open_or_create("run")?).run()?;
/// # drop(result);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// - **Width.** The search keeps [`in_flight`](NatsBuilder::in_flight) trials asked for, however many workers there are:
///   as many as there will be workers, or a few more.
/// - **Death.** A worker that says nothing for [`silence`](NatsBuilder::silence) is dead, and its trial goes to another.
///   A trial whose workers died [`deliveries`](NatsBuilder::deliveries) times is
///   [`Lost`](crate::trial::Outcome::Lost).
/// - **Exactly once.** A trial may be evaluated more than once. The first result counts, and is told once.
/// - **The server may die** and lose what it stored: the journal is the only truth, and what has no result is sent again.
///   A [warning](ExecutorEvent::Warned) says that it is away.
/// - **The end.** When the search has reached its end, the run's mailbox is emptied and its workers end. After a
///   [stop](StopSignal::stop) or an error the run stays as it is, and its workers wait for a search that resumes.
/// - **Stopping.** When the search is [stopped](StopSignal::stop), its trials end as interrupted at once, and the workers
///   go on: a search that resumes takes their results. With a new coordinator comes what the old one was waiting for.
/// - **One coordinator.** A second one for the same run is refused. If this one is cut off for so long that another takes
///   the run over, its trials are interrupted, and a [warning](ExecutorEvent::Warned) says why.
///
/// With one worker, one trial in flight and the same seed, the journal is that of [`Serial`](super::Serial) but for the
/// times.
pub struct Nats<G> {
    commands: Option<UnboundedSender<Command>>,
    events: Receiver<ExecutorEvent>,
    /// Events that need no courier.
    own: VecDeque<ExecutorEvent>,
    in_flight: BTreeSet<TrialId>,
    /// The tasks at the server whose results aren't recorded, by trial.
    tasks: HashMap<TrialId, TaskId>,
    most: usize,
    most_bytes: usize,
    stop: StopSignal,
    counts: RunCounts,
    courier: Option<JoinHandle<()>>,
    genotype: std::marker::PhantomData<fn(G)>,
}

impl<G> fmt::Debug for Nats<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Nats")
            .field("most", &self.most)
            .field("in_flight", &self.in_flight.len())
            .finish_non_exhaustive()
    }
}

impl<G: Genotype> Nats<G> {
    /// Configures the coordinator of a run for a search of this space; a worker must have the same.
    pub fn builder<S: SearchSpace<Genotype = G> + ?Sized>(
        space: &S,
        server: crate::nats::NatsServer,
        run: impl Into<String>,
    ) -> NatsBuilder<G> {
        NatsBuilder::new(space, server, run.into())
    }

    /// How its trials ended, for [`RunStatus`](crate::nats::RunStatus).
    #[must_use]
    pub fn counts(&self) -> RunCounts {
        self.counts.clone()
    }

    /// Tells the courier something; false if it is gone.
    fn tell(&self, command: Command) -> bool {
        let commands = self.commands.as_ref();
        commands.is_some_and(|commands| commands.send(command).is_ok())
    }

    fn end(&mut self, trial: TrialId, end: TrialEnd) {
        self.own
            .push_back(ExecutorEvent::Started { trial, worker: 0 });
        self.own.push_back(ExecutorEvent::Finished {
            trial,
            worker: 0,
            duration: Duration::ZERO,
            end,
        });
    }
}

impl<G: Genotype + Serialize> Executor<G> for Nats<G> {
    fn workers(&self) -> usize {
        self.most
    }

    fn submit(&mut self, trial: Trial<G>, limits: Limits) {
        let id = trial.id;
        self.in_flight.insert(id);
        let limit = "a message to this server (max_payload in its configuration) has";
        match task_message(&trial, &limits, self.most_bytes, limit) {
            Ok(message) => {
                let task = TaskId::new(id, trial.seed, limits.attempt, &message);
                self.tasks.insert(id, task);
                let flight = Flight::new(message, limits.timeout, limits.stopper);
                if !self.tell(Command::Submit(task, Box::new(flight))) {
                    self.end(id, TrialEnd::Interrupted);
                }
            }
            Err(reason) => self.end(id, TrialEnd::Outcome(Outcome::Failed { reason })),
        }
    }

    fn next(&mut self) -> Option<ExecutorEvent> {
        if self.own.is_empty() {
            let first = *self.in_flight.first()?;
            match self.events.recv() {
                Ok(event) => self.own.push_back(event),
                // The courier is gone, which only a panic can do.
                Err(_) => {
                    self.stop.stop();
                    self.end(first, TrialEnd::Interrupted);
                }
            }
        }
        let event = self.own.pop_front()?;
        if let ExecutorEvent::Finished { trial, .. } = &event {
            self.in_flight.remove(trial);
        }
        Some(event)
    }

    fn recorded(&mut self, trial: TrialId) {
        if let Some(task) = self.tasks.remove(&trial) {
            self.tell(Command::Recorded(task));
        }
    }

    fn ended(&mut self) {
        self.tell(Command::Ended);
    }

    fn stop_signal(&self) -> StopSignal {
        self.stop.clone()
    }
}

impl<G> Drop for Nats<G> {
    fn drop(&mut self) {
        // It gives the run back.
        self.commands = None;
        if let Some(courier) = self.courier.take() {
            let _ = courier.join();
        }
    }
}
