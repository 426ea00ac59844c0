//! Several trials at the same time, in processes of this machine.
//!
//! Each worker is a thread that has a process. The thread starts the process, sends it one trial after another,
//! watches its time and replaces it; all else is as in [`Threads`].

mod builder;
mod evaluation;
mod exit;
mod memory;
mod process;
mod slot;
mod socket;
mod start;

pub use builder::ProcessesBuilder;

use std::fmt;

use super::{Executor, ExecutorEvent, Limits, Threads};
use crate::evaluator::StopSignal;
use crate::space::{Genotype, SearchSpace};
use crate::trial::Trial;

/// Runs trials in `N` processes, so that no evaluation can end the search, whatever it does. Unix only.
///
/// The processes are copies of this program, or another program that calls [`worker::main`](crate::worker::main()); the
/// [module of the workers](crate::worker) has an example and the protocol.
///
/// - **Death.** A process that dies in an evaluation (it crashes, is killed for its memory, or exits) makes its trial
///   [`Lost`](crate::trial::Outcome::Lost), with the signal or exit code as the reason, and is replaced. The search runs
///   the trial again if [`Retry::lost`](crate::search::Retry::lost) says so. A process that dies between two trials
///   costs no attempt.
/// - **Time limits are hard.** An evaluation that goes on after its [time limit](crate::search::Search::timeout) and a
///   [grace](ProcessesBuilder::grace) ends with its process, as timed out. So does one that goes on after the search was
///   [stopped](StopSignal::stop), as interrupted. A process first sees its connection close, and is killed if it
///   doesn't end within a second; what it started itself isn't. Without a time limit, an evaluation that hangs keeps
///   its worker.
/// - **Devices.** An evaluation that finds its device broken
///   ([`DeviceLost`](crate::evaluator::EvaluationError::DeviceLost), or a message that
///   [says so](crate::evaluator::is_device_lost)) loses its trial, and its process is replaced, since a device that
///   fails in one process often works in a new one.
/// - **Renewal.** A process can be replaced after a number of trials ([`ProcessesBuilder::renew_after`]) or above an amount
///   of memory ([`ProcessesBuilder::renew_above`]).
/// - **Retirement.** A worker that three times in a row can't be started, or loses its device, before any of its trials
///   ends otherwise, takes no more trials ([`ExecutorEvent::WorkerRetired`]). The last one is never retired: its trials
///   are lost, until the search's limit for failures in a row ends it.
/// - **The end.** When the executor is dropped, its processes end and are waited for. When the search's process is
///   killed, they notice that the connection is closed and end by themselves.
/// - **Signals.** Ctrl-C in a terminal reaches only the search, not the workers, which are process groups of their own.
///   If SIGTERM ends a worker and the search is stopped within half a second, as when a batch system ends a job, the
///   trial is interrupted, and a resumed search runs it again.
///
/// With one worker and the same seed, the journal is that of [`Serial`](super::Serial) but for the times.
pub struct Processes<G> {
    threads: Threads<G>,
}

impl<G> fmt::Debug for Processes<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Processes")
            .field("threads", &self.threads)
            .finish()
    }
}

impl<G: Genotype> Processes<G> {
    /// Configures processes for a search of this space; a worker must have the same.
    pub fn builder<S: SearchSpace<Genotype = G> + ?Sized>(space: &S) -> ProcessesBuilder<G> {
        ProcessesBuilder::new(space)
    }
}

impl<G: Genotype> Executor<G> for Processes<G> {
    fn workers(&self) -> usize {
        self.threads.workers()
    }

    fn submit(&mut self, trial: Trial<G>, limits: Limits) {
        self.threads.submit(trial, limits);
    }

    fn next(&mut self) -> Option<ExecutorEvent> {
        self.threads.next()
    }

    fn stop_signal(&self) -> StopSignal {
        Executor::stop_signal(&self.threads)
    }
}
