//! Configuring processes.

use std::env;
use std::ffi::OsString;
use std::fmt;
use std::marker::PhantomData;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use super::Processes;
use super::slot::{ActiveSlots, ProcessSlot};
use crate::evaluator::StopSignal;
use crate::executor::{ExecutorError, Threads};
use crate::space::{Genotype, SearchSpace};
use crate::worker::{RunIdentity, SOCKET};

/// A variable of the workers' environment, by the worker's number.
type Variable = (OsString, Box<dyn Fn(usize) -> OsString + Send + Sync>);

/// Builds [`Processes`]; see [`Processes::builder`].
///
/// ```
/// use std::time::Duration;
///
/// use evonas::prelude::*;
///
/// let builder = Processes::builder(&BitsSpace { length: 8 })
///     .workers(4)
///     .grace(Duration::from_secs(1)) // after a time limit, before the process is killed
///     .renew_after(1000) // trials
///     .describe_evaluator("ones, version 2");
/// # drop(builder);
/// ```
pub struct ProcessesBuilder<G> {
    workers: usize,
    settings: ProcessSettings,
    stop: StopSignal,
    genotype: PhantomData<fn(G)>,
}

/// What the threads of all workers share.
pub(super) struct ProcessSettings {
    pub(super) identity: RunIdentity,
    pub(super) program: Option<PathBuf>,
    pub(super) arguments: Option<Vec<OsString>>,
    pub(super) variables: Vec<Variable>,
    pub(super) grace: Duration,
    pub(super) start_timeout: Duration,
    pub(super) renew_after: Option<u64>,
    pub(super) renew_above: Option<u64>,
}

impl<G> fmt::Debug for ProcessesBuilder<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProcessesBuilder")
            .field("workers", &self.workers)
            .field("program", &self.settings.program)
            .field("arguments", &self.settings.arguments)
            .finish_non_exhaustive()
    }
}

impl<G: Genotype> ProcessesBuilder<G> {
    pub(super) fn new<S: SearchSpace<Genotype = G> + ?Sized>(space: &S) -> Self {
        Self {
            workers: 1,
            settings: ProcessSettings {
                identity: RunIdentity::new(space, Value::Null),
                program: None,
                arguments: None,
                variables: Vec::new(),
                grace: Duration::from_secs(5),
                start_timeout: Duration::from_secs(600),
                renew_after: None,
                renew_above: None,
            },
            stop: StopSignal::new(),
            genotype: PhantomData,
        }
    }

    /// The number of processes: 1 by default, at most [`Threads::MOST_WORKERS`].
    #[must_use]
    pub fn workers(mut self, workers: usize) -> Self {
        self.workers = workers;
        self
    }

    /// Describes the evaluator that the search expects, as
    /// [`WorkerSetup::describe_evaluator`](crate::worker::WorkerSetup::describe_evaluator) does in the worker; null by
    /// default. A worker whose description differs is refused, with the first difference.
    #[must_use]
    pub fn describe_evaluator(mut self, description: impl Into<Value>) -> Self {
        let identity = self.settings.identity;
        self.settings.identity = identity.with_evaluator(description.into());
        self
    }

    /// The program that the workers run, found as a shell would: by default this program, even if its file was
    /// replaced meanwhile. It must call [`worker::main`](crate::worker::main()).
    #[must_use]
    pub fn program(mut self, program: impl Into<PathBuf>) -> Self {
        self.settings.program = Some(program.into());
        self.settings.arguments.get_or_insert_default();
        self
    }

    /// The arguments of the workers: by default those of this process, or none if another program is given.
    #[must_use]
    pub fn arguments<A: Into<OsString>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.settings.arguments = Some(arguments.into_iter().map(Into::into).collect());
        self
    }

    /// Sets a variable in the environment of each worker, by the worker's number; all others are inherited. May be
    /// called several times.
    ///
    /// ```
    /// use evonas::prelude::*;
    ///
    /// // Four workers on two GPUs.
    /// let builder = Processes::builder(&BitsSpace { length: 8 })
    ///     .workers(4)
    ///     .environment("CUDA_VISIBLE_DEVICES", |worker| (worker % 2).to_string());
    /// # drop(builder);
    /// ```
    #[must_use]
    pub fn environment<V: Into<OsString>>(
        mut self,
        name: impl Into<OsString>,
        value: impl Fn(usize) -> V + Send + Sync + 'static,
    ) -> Self {
        let value = Box::new(move |worker| value(worker).into());
        self.settings.variables.push((name.into(), value));
        self
    }

    /// How long an evaluation may go on after its time limit, or after the search was stopped, before it ends with its
    /// process: 5 seconds by default.
    #[must_use]
    pub fn grace(mut self, grace: Duration) -> Self {
        self.settings.grace = grace;
        self
    }

    /// How long a worker may take to start and make its evaluator: 10 minutes by default.
    #[must_use]
    pub fn start_timeout(mut self, limit: Duration) -> Self {
        self.settings.start_timeout = limit;
        self
    }

    /// Replaces a process after this many trials. Never by default. It bounds what leaks, on the host and on the
    /// device: compilers and caches of kernels grow with every new network.
    #[must_use]
    pub fn renew_after(mut self, trials: u64) -> Self {
        self.settings.renew_after = Some(trials.max(1));
        self
    }

    /// Replaces a process that has more than this many bytes in main memory after a trial. Never by default. It is
    /// measured where `/proc` says it, as on Linux; elsewhere, use [`ProcessesBuilder::renew_after`].
    #[must_use]
    pub fn renew_above(mut self, bytes: u64) -> Self {
        self.settings.renew_above = Some(bytes);
        self
    }

    /// A signal of the caller's that interrupts the trials too. They never set that signal.
    #[must_use]
    pub fn stop_signal(mut self, stop: &StopSignal) -> Self {
        self.stop = stop.clone();
        self
    }

    /// Starts the processes, and returns when all are ready.
    ///
    /// # Errors
    /// [`ExecutorError`] if the number of workers is 0 or too large, this process is a worker itself, or a worker
    /// can't be started, can't make its evaluator, or belongs to another search.
    pub fn build(self) -> Result<Processes<G>, ExecutorError>
    where
        G: Serialize,
    {
        // A program that forgets to call `worker::main` would start copies of itself without end.
        if env::var_os(SOCKET).is_some() {
            return Err(ExecutorError::InsideWorker { variable: SOCKET });
        }
        let settings = Arc::new(self.settings);
        let active = ActiveSlots::new(self.workers);
        let threads = Threads::with_runners(self.workers, &self.stop, move |worker, stop| {
            ProcessSlot::start(settings.clone(), worker, active.clone(), stop)
        })?;
        Ok(Processes { threads })
    }
}
