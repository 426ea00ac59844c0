//! What a worker has to say.

use std::fmt;
use std::time::Duration;

/// Why a worker waits, or that it goes on: what a person who looks at it would want to know.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WorkerNotice {
    /// There is no run of this name yet.
    WaitsForRun {
        /// The run.
        run: String,
    },
    /// The run of this name has ended; another one may begin soon.
    RunHasEnded {
        /// The run.
        run: String,
    },
    /// There is a run, and the worker belongs to it.
    Begins {
        /// The run.
        run: String,
    },
    /// The server has been away for some seconds. The evaluation that is running goes on.
    ServerAway {
        /// The server's address, without user and password.
        server: String,
    },
    /// The server is back.
    ServerBack {
        /// Its address, without user and password.
        server: String,
        /// How long it was away.
        after: Duration,
    },
}

impl fmt::Display for WorkerNotice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WaitsForRun { run } => write!(f, "there is no run {run} yet; waiting for it"),
            Self::RunHasEnded { run } => {
                write!(
                    f,
                    "run {run} has ended; waiting a moment for another of this name"
                )
            }
            Self::Begins { run } => write!(f, "takes trials of run {run}"),
            Self::ServerAway { server } => {
                write!(f, "the NATS server {server} is away; waiting for it")
            }
            Self::ServerBack { server, after } => write!(
                f,
                "the NATS server {server} is back after {} s",
                after.as_secs()
            ),
        }
    }
}
