//! A run, seen from outside.

use super::control::{Control, ControlKey, Lease};
use super::error::NatsError;
use super::names::RunName;
use super::runtime::block_on;
use super::server::NatsServer;
use super::status::RunStatus;
use super::streams::is_missing;

/// A run on a server, seen from outside: neither its coordinator nor a worker.
///
/// ```no_run
/// use evonas::nats::{NatsRun, NatsServer};
///
/// let run = NatsRun::new(NatsServer::new("nats://localhost:4222"), "cifar10")?;
/// let status = run.status()?;
/// println!("{} queued, {} running, {} done", status.queued, status.running.len(), status.done);
/// # Ok::<(), evonas::nats::NatsError>(())
/// ```
#[derive(Clone, Debug)]
pub struct NatsRun {
    server: NatsServer,
    run: RunName,
}

impl NatsRun {
    /// The run with this name, which needn't exist.
    ///
    /// # Errors
    /// [`NatsError::RunName`] if it is no name of a run.
    pub fn new(server: NatsServer, run: &str) -> Result<Self, NatsError> {
        let run = RunName::new(run)?;
        Ok(Self { server, run })
    }

    /// What the run is doing.
    ///
    /// # Errors
    /// [`NatsError`] if the server can't be used, or there is no such run.
    pub fn status(&self) -> Result<RunStatus, NatsError> {
        block_on(async {
            let jetstream = self.server.connect("evonas status").await?.jetstream;
            let no_run = || NatsError::NoRun {
                run: self.run.to_string(),
            };
            let tasks = jetstream.get_stream(self.run.tasks_stream()).await;
            let tasks = tasks.map_err(|error| match is_missing(&error) {
                true => no_run(),
                false => NatsError::refused("say what the run has there")(error.into()),
            })?;
            let run = self.run.clone();
            let control = Control { jetstream, run };
            let (mut status, _) = control
                .read::<RunStatus>(ControlKey::Status)
                .await?
                .ok_or_else(no_run)?;
            let in_stream = tasks.cached_info().state.messages;
            status.queued = in_stream.saturating_sub(status.with_workers);
            if let Some((lease, _)) = control.read::<Lease>(ControlKey::Lease).await? {
                status.ended = lease.ended;
                status.has_coordinator = !lease.released
                    && control
                        .age(ControlKey::Lease)
                        .await?
                        .is_some_and(|age| age < lease.lasts.as_secs_f64());
            }
            status.age = control.age(ControlKey::Status).await?.unwrap_or_default();
            Ok(status)
        })
    }

    /// Deletes what the run has on the server. Its journal is not there, so that nothing recorded is lost; what runs is
    /// evaluated in vain.
    ///
    /// # Errors
    /// [`NatsError`] if the server can't be used, or there is no such run.
    pub fn delete(&self) -> Result<(), NatsError> {
        block_on(async {
            let jetstream = self.server.connect("evonas status").await?.jetstream;
            let mut deleted = false;
            for stream in [
                self.run.tasks_stream(),
                self.run.results_stream(),
                self.run.control_stream(),
            ] {
                deleted |= jetstream.delete_stream(stream).await.is_ok();
            }
            match deleted {
                true => Ok(()),
                false => Err(NatsError::NoRun {
                    run: self.run.to_string(),
                }),
            }
        })
    }
}
