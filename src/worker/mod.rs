//! Evaluating in other processes: a process that evaluates trials, and what it says to the process that searches. Unix
//! only.
//!
//! [`Processes`](crate::executor::Processes) starts the program again, once for each worker, and [`main()`] turns such a
//! copy into a worker. Everything a program needs is that call, before anything else in its own `main`:
//!
//! ```no_run
//! use evonas::executor::Processes;
//! use evonas::prelude::*;
//! use evonas::worker::{self, WorkerSetup};
//!
//! fn ones(bits: &Vec<bool>, _: &Context<'_>) -> Result<Evaluation, EvaluationError> {
//!     Ok(Evaluation::new(bits.iter().filter(|&&bit| bit).count() as f64))
//! }
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let space = BitsSpace { length: 20 };
//!     // In a worker this evaluates until the search ends, and never returns.
//!     worker::main(|_number| Ok::<_, std::io::Error>(WorkerSetup::new(space, ones)));
//!
//!     let processes = Processes::builder(&space).workers(4).build()?;
//!     let evolution = Evolution::builder(space, FlipOneBit).build()?;
//!     let result = Search::new(evolution, processes, Budget::trials(500)).run()?;
//!     println!("{:?}", result.best());
//!     Ok(())
//! }
//! ```
//!
//! # The protocol
//!
//! Messages are JSON objects with one field, whose name says what the message is. They can travel over anything that
//! keeps their order and their boundaries (a [`Transport`]); [`serve`] is the worker's side of it. `Processes` sends
//! them as lines over a Unix domain socket, so standard output stays free for what the evaluator prints. A message
//! has at most 16 MiB.
//!
//! 1. The worker introduces itself with its identity: the versions of the protocol and the crate, the space and the
//!    evaluator, as they describe themselves. If it can't make its evaluator it says `failed` instead. The search
//!    answers `"accepted"`, or `refused` with the first difference.
//!
//!    ```text
//!    {"hello":{"protocol":1,"crate":"0.1.0","space":{"type":"BitsSpace","length":20},"evaluator":null}}
//!    {"failed":{"reason":"GPU 1 is busy"}}
//!    {"refused":{"reason":"evaluator.epochs: 5 in the search, 3 in the worker"}}
//!    ```
//!
//! 2. The search sends a task, one at a time. `timeout` may be missing; `judged` says that a stopper is waiting for
//!    values. The worker checks the genotype with [`SearchSpace::validate`](crate::space::SearchSpace::validate).
//!
//!    ```text
//!    {"task":{"attempt":1,"timeout":{"secs":60,"nanos":0},"judged":true,"trial":{"id":7,"parent":3,"seed":42,"genotype":[true]}}}
//!    ```
//!
//! 3. The worker says that it has begun, what the evaluation reports, and how it ended: an
//!    [`Outcome`](crate::trial::Outcome), or none if it was interrupted. Figures that aren't finite are texts
//!    (`"nan"`, `"inf"`, `"-inf"`). To `judge`, the search answers with the stopper's verdict, for which the evaluation
//!    waits: so a stopper sees and decides the same as in one process.
//!
//!    ```text
//!    {"started":{"trial":7,"attempt":1}}
//!    {"reported":{"trial":7,"attempt":1,"result":{"step":1,"last_step":3,"value":0.5,"metrics":[["loss",1.2]]}}}
//!    {"judge":{"trial":7,"attempt":1,"step":1,"value":0.5}}
//!    {"verdict":{"trial":7,"attempt":1,"stop":false}}
//!    {"ended":{"trial":7,"attempt":1,"outcome":{"status":"completed","fitness":0.9}}}
//!    ```
//!
//! 4. `stop` interrupts an evaluation, which learns of it from
//!    [`Context::check_stop`](crate::evaluator::Context::check_stop). A worker whose transport is closed has nothing
//!    left to do. One started by `Processes` then ends at once, whatever its evaluator is doing; that is how workers
//!    end when the search itself is killed.
//!
//! Neither side trusts the other: a message that is too long, can't be parsed or belongs to another trial ends the
//! worker, and the search checks every outcome as it checks those of its own threads.

mod entry;
mod identity;
mod lines;
mod listener;
mod order;
mod remote_stopper;
mod reply;
mod serve;
mod setup;
mod transport;
mod wire_result;

pub use entry::{NUMBER, SOCKET, main};
pub use serve::serve;
pub use setup::WorkerSetup;
pub use transport::Transport;

#[cfg(feature = "nats")]
pub(crate) use entry::end_process;
pub(crate) use identity::RunIdentity;
pub(crate) use lines::Lines;
#[cfg(feature = "nats")]
pub(crate) use order::TrialTask;
pub(crate) use order::{Order, task_message};
pub(crate) use reply::Reply;
#[cfg(feature = "nats")]
pub(crate) use wire_result::WireResult;

/// The most bytes of a message.
pub(crate) const MOST_BYTES: usize = 16 << 20;
