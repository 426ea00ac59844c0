//! Why a run on a NATS server can't go on.

use std::error::Error;
use std::path::PathBuf;

use crate::description::Difference;
use crate::excerpt::{excerpt, passage};

/// Why a run on a NATS server can't begin or go on. No message has a password, a token or a key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NatsError {
    /// A run's name is part of the names of streams and subjects.
    #[error(
        "{} is no name of a run: it has 1 to 64 letters, digits, - and _",
        excerpt(name)
    )]
    RunName {
        /// The name.
        name: String,
    },
    /// A file with credentials, a token or a certificate can't be read.
    #[error("{}: can't be read: {source}", path.display())]
    Secret {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// The server can't be reached, or refuses the connection.
    #[error("the NATS server {server} can't be used: {}", passage(reason))]
    Connection {
        /// Its address, without user and password.
        server: String,
        /// Why.
        reason: String,
    },
    /// The server has no JetStream.
    #[error(
        "the NATS server {server} has no JetStream: start it with -js, or with a jetstream block in its configuration"
    )]
    NoJetStream {
        /// Its address, without user and password.
        server: String,
    },
    /// The server refused something that the run needs.
    #[error("the NATS server refused to {task}: {}", passage(&source.to_string()))]
    Refused {
        /// What was to be done.
        task: &'static str,
        /// The server's answer.
        source: Box<dyn Error + Send + Sync>,
    },
    /// Another coordinator has the run.
    #[error(
        "run {run} has a coordinator: {} renews its lease; a run has one at a time",
        excerpt(holder)
    )]
    SecondCoordinator {
        /// The run.
        run: String,
        /// The other coordinator.
        holder: String,
    },
    /// This coordinator has lost its lease to another one.
    #[error("run {run} was taken over by another coordinator while this one was cut off")]
    Deposed {
        /// The run.
        run: String,
    },
    /// The run on the server belongs to another search.
    #[error(
        "run {run} on the server belongs to another search: {}; give this one another name, or delete that run",
        difference.between("there", "here")
    )]
    OtherRun {
        /// The run.
        run: String,
        /// The first difference, with the server's side as the recorded one.
        difference: Difference,
    },
    /// A worker doesn't fit the run: the versions of evonas, the spaces or the descriptions of the evaluators differ.
    #[error(
        "this worker doesn't belong to run {run}: {}",
        difference.between("in the search", "in the worker")
    )]
    OtherWorker {
        /// The run.
        run: String,
        /// The first difference, with the search's side as the recorded one.
        difference: Difference,
    },
    /// What the run keeps on the server was written by another version of evonas, or by something else.
    #[error(
        "run {run} on the server can't be understood ({}): another version of evonas wrote it; give this one another \
         name, or delete that run",
        passage(reason)
    )]
    OtherVersion {
        /// The run.
        run: String,
        /// What is wrong.
        reason: String,
    },
    /// A worker's device no longer works. The worker ends, so that it doesn't lose trial after trial.
    #[error("this worker ends, since its device is lost: {}", passage(reason))]
    DeviceLost {
        /// What its last evaluation said.
        reason: String,
    },
    /// There is no such run.
    #[error("there is no run {run} on the server")]
    NoRun {
        /// The run.
        run: String,
    },
    /// A number that must be above 0 isn't.
    #[error("{setting} is 0; it must be at least 1")]
    Zero {
        /// Which.
        setting: &'static str,
    },
    /// The background thread or its runtime can't be started.
    #[error("the system can't start what serves the connection: {0}")]
    Runtime(std::io::Error),
}

impl NatsError {
    pub(crate) fn refused(task: &'static str) -> impl FnOnce(Box<dyn Error + Send + Sync>) -> Self {
        move |source| Self::Refused { task, source }
    }
}
