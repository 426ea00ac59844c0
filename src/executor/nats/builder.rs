//! Configuring the coordinator of a run.

use std::fmt;
use std::marker::PhantomData;
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;
use tokio::sync::mpsc::unbounded_channel;
use tokio::time::sleep;

use super::Nats;
use super::courier::{Courier, CourierSettings};
use super::lease::HeldLease;
use crate::evaluator::StopSignal;
use crate::nats::{
    Connection, Control, ControlKey, Lease, NatsError, NatsServer, RunCounts, RunName,
    ensure_streams, process_name, runtime,
};
use crate::space::{Genotype, SearchSpace};
use crate::worker::RunIdentity;

/// How often a server that can be reached is asked again, and the pause between.
const TRIES: u32 = 10;
const PAUSE: Duration = Duration::from_millis(500);

/// Room in a message for its headers.
const HEADERS: usize = 1 << 10;

/// Builds [`Nats`]; see [`Nats::builder`].
///
/// ```no_run
/// use std::time::Duration;
///
/// use evonas::executor::Nats;
/// use evonas::nats::NatsServer;
/// use evonas::prelude::*;
///
/// let server = NatsServer::new("nats://localhost:4222");
/// let workers = Nats::builder(&BitsSpace { length: 20 }, server, "bits")
///     .in_flight(100)
///     .silence(Duration::from_secs(30)) // after which a worker is dead
///     .deliveries(2)
///     .build()?;
/// # drop(workers);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct NatsBuilder<G> {
    server: NatsServer,
    run: String,
    identity: RunIdentity,
    in_flight: usize,
    silence: Duration,
    deliveries: u32,
    lease: Duration,
    stop: StopSignal,
    genotype: PhantomData<fn(G)>,
}

impl<G> fmt::Debug for NatsBuilder<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NatsBuilder")
            .field("server", &self.server)
            .field("run", &self.run)
            .field("in_flight", &self.in_flight)
            .finish_non_exhaustive()
    }
}

impl<G: Genotype> NatsBuilder<G> {
    pub(super) fn new<S: SearchSpace<Genotype = G> + ?Sized>(
        space: &S,
        server: NatsServer,
        run: String,
    ) -> Self {
        Self {
            server,
            run,
            identity: RunIdentity::new(space, Value::Null),
            in_flight: 1,
            silence: Duration::from_secs(60),
            deliveries: 3,
            lease: Duration::from_secs(10),
            stop: StopSignal::new(),
            genotype: PhantomData,
        }
    }

    /// How many trials are asked for at a time: 1 by default.
    #[must_use]
    pub fn in_flight(mut self, trials: usize) -> Self {
        self.in_flight = trials;
        self
    }

    /// Describes the evaluator that the search expects, as
    /// [`WorkerSetup::describe_evaluator`](crate::worker::WorkerSetup::describe_evaluator) does in the worker; null by
    /// default. A worker whose description differs ends, with the first difference.
    #[must_use]
    pub fn describe_evaluator(mut self, description: impl Into<Value>) -> Self {
        self.identity = self.identity.with_evaluator(description.into());
        self
    }

    /// How long a worker may say nothing before its task goes to another: 60 seconds by default, at least one. A worker
    /// says three times as often that it is there, however long an evaluation takes.
    #[must_use]
    pub fn silence(mut self, silence: Duration) -> Self {
        self.silence = silence.max(Duration::from_secs(1));
        self
    }

    /// How many workers may die while they evaluate a trial before it is lost: 3 by default. They are counted anew when
    /// the coordinator is started again.
    #[must_use]
    pub fn deliveries(mut self, most: u32) -> Self {
        self.deliveries = most;
        self
    }

    /// How long this coordinator may be cut off before another one may take the run over: 10 seconds by default, at
    /// least half a second. One that is started after another one was killed waits for so long.
    #[must_use]
    pub fn lease(mut self, lease: Duration) -> Self {
        self.lease = lease.max(Duration::from_millis(500));
        self
    }

    /// A signal of the caller's that interrupts the trials.
    #[must_use]
    pub fn stop_signal(mut self, stop: &StopSignal) -> Self {
        self.stop = stop.child();
        self
    }

    /// Connects, makes what the run needs on the server, and takes the run.
    ///
    /// # Errors
    /// [`NatsError`] if the run's name or a number is no good, the server can't be reached or refuses something, another
    /// coordinator has the run, or the run belongs to another search.
    pub fn build(self) -> Result<Nats<G>, NatsError>
    where
        G: Serialize,
    {
        for (setting, number) in [
            ("the number of trials in flight", self.in_flight),
            ("the number of deliveries", self.deliveries as usize),
        ] {
            if number == 0 {
                return Err(NatsError::Zero { setting });
            }
        }
        let run = RunName::new(&self.run)?;
        let (commands, received) = unbounded_channel();
        let (sender, events) = channel();
        let counts = RunCounts::default();
        let runtime = runtime()?;
        let (connection, lease) = runtime.block_on(self.prepare(&run))?;
        let settings = CourierSettings {
            connection: connection.clone(),
            run,
            server: self.server.to_string(),
            identity: self.identity.checksum(),
            silence: self.silence,
            deliveries: self.deliveries,
            stop: self.stop.clone(),
            counts: counts.clone(),
            commands: received,
            events: sender,
        };
        let (ready, is_ready) = channel();
        let courier = thread::Builder::new()
            .name("nats".to_owned())
            .spawn(move || {
                let report = move |result| report(&ready, result);
                runtime.block_on(Courier::new(settings).run(lease, report));
            })
            .map_err(NatsError::Runtime)?;
        // Without an answer the thread has panicked, which the first trial finds out.
        is_ready.recv().unwrap_or(Ok(()))?;
        let max_payload = connection.client.server_info().max_payload;
        Ok(Nats {
            commands: Some(commands),
            events,
            own: Default::default(),
            in_flight: Default::default(),
            tasks: Default::default(),
            most: self.in_flight,
            most_bytes: max_payload.saturating_sub(HEADERS),
            stop: self.stop,
            counts,
            courier: Some(courier),
            genotype: PhantomData,
        })
    }

    async fn prepare(&self, run: &RunName) -> Result<(Connection, HeldLease), NatsError> {
        let name = process_name();
        let connection = self.server.connect(&format!("evonas {run} {name}")).await?;
        let mut tries = 0;
        loop {
            match self.take(&connection, run, &name).await {
                Ok(lease) => return Ok((connection, lease)),
                // A server that has just been started, or is started again now, lacks streams for a moment.
                Err(NatsError::Refused { .. }) if tries < TRIES => tries += 1,
                Err(error) => return Err(error),
            }
            sleep(PAUSE).await;
        }
    }

    async fn take(
        &self,
        connection: &Connection,
        run: &RunName,
        name: &str,
    ) -> Result<HeldLease, NatsError> {
        ensure_streams(&connection.jetstream, run, self.silence).await?;
        let control = Control {
            jetstream: connection.jetstream.clone(),
            run: run.clone(),
        };
        let recorded = control.read::<Lease>(ControlKey::Lease).await?;
        let recorded = recorded.map(|(recorded, _)| recorded);
        if let Some(recorded) = &recorded
            && recorded.is_of_a_search()
            && let Some(difference) = recorded.identity.difference(&self.identity)
        {
            return Err(NatsError::OtherRun {
                run: run.to_string(),
                difference,
            });
        }
        let lease = Lease {
            holder: name.to_owned(),
            identity: self.identity.clone(),
            lasts: self.lease,
            released: false,
            begun: recorded.is_some_and(|recorded| recorded.is_of_a_search()),
            ended: false,
        };
        HeldLease::take(control, lease).await
    }
}

fn report(ready: &Sender<Result<(), NatsError>>, result: Result<(), NatsError>) {
    let _ = ready.send(result);
}
