//! Searches on many machines, which find each other at a NATS server.
//!
//! One process is the coordinator: it has the algorithm and the journal, and its executor is
//! [`Nats`](crate::executor::Nats). Any number of others are workers ([`NatsWorker`]), which may come, die and go at any
//! time. Both name the server and the run; nobody needs the address of anybody else. [`NatsRun`] shows what a run is
//! doing, and deletes what it left on the server.
//!
//! The journal is the only truth. What lies on the server is a mailbox that may be lost: a coordinator that finds tasks
//! or results missing sends its unanswered tasks again. A trial may be evaluated more than once, and is recorded exactly
//! once. [`docs/distributed.md`](https://docs.rs/crate/evonas/latest/source/docs/distributed.md) has the protocol and
//! what each of its parts guarantees.

mod control;
mod error;
mod messages;
mod names;
mod outages;
mod process_name;
mod run;
mod runtime;
mod server;
mod status;
mod streams;
mod worker;

pub use error::NatsError;
pub use run::NatsRun;
pub use server::NatsServer;
pub use status::{RunCounts, RunStatus, RunningTrial};
pub use worker::{NatsWorker, WorkerNotice};

pub(crate) use control::{Control, ControlKey, Lease};
pub(crate) use messages::{
    FinishedAttempt, IDENTITY_HEADER, ReportedResult, StartAnswer, StartedAttempt, StopMessage,
    TaskId, ValueToJudge, VerdictReply,
};
pub(crate) use names::RunName;
pub(crate) use outages::{Outage, tell_outages};
pub(crate) use process_name::process_name;
pub(crate) use runtime::runtime;
pub(crate) use server::Connection;
pub(crate) use streams::{ensure_streams, task_consumer};
