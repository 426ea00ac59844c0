//! A worker that finds its search at a NATS server.

mod evaluation;
mod notice;
mod porter;

pub use self::notice::WorkerNotice;

use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use serde::de::DeserializeOwned;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use self::porter::{Porter, PorterSettings};
use super::error::NatsError;
use super::names::RunName;
use super::process_name::process_name;
use super::runtime::runtime;
use super::server::NatsServer;
use crate::evaluator::{Evaluator, StopSignal};
use crate::space::SearchSpace;
use crate::worker::{Reply, Transport, WorkerSetup, serve};

/// A worker of a run on a NATS server. Its search runs elsewhere, with the executor
/// [`Nats`](crate::executor::Nats).
///
/// ```no_run
/// use evonas::nats::{NatsServer, NatsWorker};
/// use evonas::prelude::*;
/// use evonas::worker::WorkerSetup;
///
/// fn ones(bits: &Vec<bool>, _: &Context<'_>) -> Result<Evaluation, EvaluationError> {
///     Ok(Evaluation::new(bits.iter().filter(|&&bit| bit).count() as f64))
/// }
///
/// let setup = WorkerSetup::new(BitsSpace { length: 20 }, ones);
/// NatsWorker::new(NatsServer::new("nats://localhost:4222"), "bits").serve(&setup)?;
/// # Ok::<(), evonas::nats::NatsError>(())
/// ```
///
/// - **Begin and end.** It waits for the run if there is none yet, and for the coordinator and the server if they are
///   away. It ends when the run has ended (one that is started after that waits half a minute for the run to begin again),
///   or by its [stop signal](NatsWorker::stop_signal).
/// - **Results.** A result is published until the server has acknowledged it, also when the server was away for hours.
/// - **A lost device ends it.** If an evaluation says that its
///   [device is lost](crate::evaluator::EvaluationError::DeviceLost), so would be the next ones: the worker ends with
///   [`NatsError::DeviceLost`].
/// - **Time limits are hard.** An evaluation that goes on after the search's
///   [time limit](crate::search::Search::timeout) and a [grace](NatsWorker::grace) counts as timed out, and ends with
///   this process: start it again, as a batch system does.
#[derive(Clone)]
pub struct NatsWorker {
    server: NatsServer,
    run: String,
    name: String,
    number: usize,
    grace: Duration,
    stop: StopSignal,
    finishes: bool,
    watcher: Watcher,
}

/// Who hears what a worker has to say.
pub(super) type Watcher = Arc<dyn Fn(&WorkerNotice) + Send + Sync>;

impl fmt::Debug for NatsWorker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NatsWorker")
            .field("server", &self.server)
            .field("run", &self.run)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl NatsWorker {
    /// A worker of the run with this name.
    #[must_use]
    pub fn new(server: NatsServer, run: impl Into<String>) -> Self {
        Self {
            server,
            run: run.into(),
            name: process_name(),
            number: 0,
            grace: Duration::from_secs(5),
            stop: StopSignal::new(),
            finishes: false,
            watcher: Arc::new(|_| {}),
        }
    }

    /// A name by which the coordinator and people know the worker. By default it has the machine's name, the process's
    /// number and something random. Two workers must not have the same.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// The number that evaluations see as their worker's, for example to choose a device: 0 by default.
    #[must_use]
    pub fn number(mut self, number: usize) -> Self {
        self.number = number;
        self
    }

    /// How long an evaluation may go on after its time limit, or after a stop, before it ends with the process: 5 seconds
    /// by default.
    #[must_use]
    pub fn grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// A signal that ends the worker. When it is [finishing](StopSignal::finish), the evaluation that runs is the last.
    /// When it is [set](StopSignal::stop), as it should be when a batch system takes the machine away, the evaluation is
    /// interrupted and its task given back, so that another worker begins it at once.
    #[must_use]
    pub fn stop_signal(mut self, stop: &StopSignal) -> Self {
        self.stop = stop.child();
        self
    }

    /// Whether a signal that is set lets the running evaluation end, for an evaluator that then keeps what it did and
    /// returns soon: false by default.
    #[must_use]
    pub fn finish_when_stopped(mut self, finishes: bool) -> Self {
        self.finishes = finishes;
        self
    }

    /// Who hears why the worker waits: nobody by default. It is called in the thread that has the connection.
    #[must_use]
    pub fn watcher(mut self, watcher: impl Fn(&WorkerNotice) + Send + Sync + 'static) -> Self {
        self.watcher = Arc::new(watcher);
        self
    }

    /// Evaluates until the run ends or the signal says so. The evaluator stays in the calling thread.
    ///
    /// # Errors
    /// [`NatsError`] if the run's name is no good, the server can't be reached at the beginning, or the run belongs to
    /// another search.
    pub fn serve<S, E>(self, setup: &WorkerSetup<S, E>) -> Result<(), NatsError>
    where
        S: SearchSpace,
        S::Genotype: DeserializeOwned,
        E: Evaluator<S::Genotype>,
    {
        let run = RunName::new(&self.run)?;
        let runtime = runtime()?;
        let identity = setup.identity();
        let client = format!("evonas {run} {}", self.name);
        let connection = runtime.block_on(self.server.connect(&client))?;
        let (orders, received) = channel();
        let (replies, replied) = unbounded_channel();
        let porter = Porter::new(PorterSettings {
            connection,
            run,
            identity,
            name: self.name,
            grace: self.grace,
            stop: self.stop,
            finishes: self.finishes,
            server: self.server.to_string(),
            watcher: self.watcher,
            orders,
            replies: replied,
        });
        let number = self.number;
        thread::scope(|scope| {
            let porter = thread::Builder::new()
                .name("nats".to_owned())
                .spawn_scoped(scope, move || runtime.block_on(porter.run()))
                .map_err(NatsError::Runtime)?;
            let transport = ThroughPorter {
                orders: Mutex::new(received),
                replies,
            };
            // Only messages of this process go through it.
            let served = serve(setup, number, transport);
            let carried = porter
                .join()
                .unwrap_or_else(|_| Err(NatsError::Runtime(io::Error::other("it panicked"))));
            carried.and(served.map_err(NatsError::Runtime))
        })
    }
}

/// Messages from and to the thread that has the connection.
struct ThroughPorter {
    orders: Mutex<Receiver<Vec<u8>>>,
    replies: UnboundedSender<Reply>,
}

impl Transport for ThroughPorter {
    fn receive(&self) -> io::Result<Option<Vec<u8>>> {
        let orders = self.orders.lock().unwrap_or_else(PoisonError::into_inner);
        // The sender is gone when the worker has nothing left to do.
        Ok(orders.recv().ok())
    }

    fn send(&self, message: &[u8]) -> io::Result<()> {
        let reply = serde_json::from_slice(message)?;
        let sent = self.replies.send(reply);
        sent.map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}
