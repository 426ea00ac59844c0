//! Starting a worker's process.

use std::env;
use std::ffi::OsString;
use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::builder::ProcessSettings;
use super::exit::in_words;
use super::process::{ChildProcess, Gone, WorkerProcess};
use super::socket::PrivateSocket;
use crate::evaluator::StopSignal;
use crate::executor::ExecutorError;
use crate::worker::{Lines, NUMBER, Order, Reply, SOCKET};

/// How often a thread that waits for its process looks at the clock and the stop signal.
pub(super) const TICK: Duration = Duration::from_millis(25);

/// How long a process may leave a message unread. It reads at all times, so it is stopped or broken then.
const UNREAD: Duration = Duration::from_secs(10);

/// Starts a process and waits until it is ready.
pub(super) fn start(
    settings: &ProcessSettings,
    worker: usize,
    stop: &StopSignal,
) -> Result<WorkerProcess, ExecutorError> {
    let failed = |source| ExecutorError::NoProcess { worker, source };
    let watch = StartWatch {
        worker,
        stop,
        limit: settings.start_timeout,
        deadline: Instant::now().checked_add(settings.start_timeout),
    };
    let socket = PrivateSocket::new().map_err(failed)?;
    let child = command(settings, worker, socket.path())
        .and_then(|mut command| command.spawn())
        .map_err(failed)?;
    let mut child = ChildProcess::new(child);
    let stream = loop {
        if let Some(stream) = socket.accept().map_err(failed)? {
            break stream;
        }
        if let Some(status) = child.exit().map_err(failed)? {
            return Err(watch.not_ready(format!(
                "its process {} before it called evonas::worker::main, which must come before anything else in main",
                in_words(status)
            )));
        }
        watch.check()?;
        thread::sleep(Duration::from_millis(1));
    };
    drop(socket);
    stream.set_read_timeout(Some(TICK)).map_err(failed)?;
    stream.set_write_timeout(Some(UNREAD)).map_err(failed)?;
    introduce(
        WorkerProcess::new(child, Lines::new(stream)),
        settings,
        &watch,
    )
}

/// Hears who the worker is, and accepts or refuses it.
fn introduce(
    mut process: WorkerProcess,
    settings: &ProcessSettings,
    watch: &StartWatch<'_>,
) -> Result<WorkerProcess, ExecutorError> {
    let worker = watch.worker;
    loop {
        match process.receive() {
            Ok(Some(Reply::Hello(identity))) => {
                let Some(difference) = settings.identity.difference(&identity) else {
                    let accepted = process.send(&Order::Accepted);
                    accepted.map_err(|source| ExecutorError::NoProcess { worker, source })?;
                    return Ok(process);
                };
                let error = ExecutorError::OtherWorker { worker, difference };
                // The worker says it too, on its standard error, if it still listens.
                let _ = process.send(&Order::Refused {
                    reason: error.to_string(),
                });
                return Err(error);
            }
            Ok(Some(Reply::Failed { reason })) => {
                let source = reason.into();
                return Err(ExecutorError::NoEvaluator { worker, source });
            }
            Ok(Some(_)) => {
                return Err(watch.not_ready("it sends results before it was given a trial".into()));
            }
            Ok(None) => watch.check()?,
            Err(Gone::Closed) => return Err(watch.not_ready(process.end().words)),
            Err(Gone::Confused(reason)) => return Err(watch.not_ready(reason)),
        }
    }
}

/// Limits how long a start takes.
struct StartWatch<'a> {
    worker: usize,
    stop: &'a StopSignal,
    limit: Duration,
    deadline: Option<Instant>,
}

impl StartWatch<'_> {
    fn check(&self) -> Result<(), ExecutorError> {
        if self.stop.is_set() {
            return Err(self.not_ready("the search was stopped meanwhile".to_owned()));
        }
        match self.deadline {
            Some(deadline) if Instant::now() >= deadline => Err(self.not_ready(format!(
                "it needs longer than {:.1} s to start",
                self.limit.as_secs_f64()
            ))),
            _ => Ok(()),
        }
    }

    const fn not_ready(&self, reason: String) -> ExecutorError {
        ExecutorError::NotReady {
            worker: self.worker,
            reason,
        }
    }
}

fn command(settings: &ProcessSettings, worker: usize, socket: &Path) -> io::Result<Command> {
    let mut command = match &settings.program {
        Some(program) => Command::new(program),
        None => this_program()?,
    };
    match &settings.arguments {
        Some(arguments) => command.args(arguments),
        None => command.args(env::args_os().skip(1)),
    };
    for (name, value) in &settings.variables {
        command.env(name, value(worker));
    }
    command
        .env(SOCKET, socket)
        .env(NUMBER, OsString::from(worker.to_string()))
        .stdin(Stdio::null())
        // Ctrl-C is for the search, which lets its trials end.
        .process_group(0);
    Ok(command)
}

/// This program, even if its file was replaced since it was started: a worker of another build would be refused.
fn this_program() -> io::Result<Command> {
    let path = env::current_exe()?;
    let running = PathBuf::from("/proc/self/exe");
    if cfg!(target_os = "linux") && running.exists() {
        let mut command = Command::new(running);
        command.arg0(path);
        return Ok(command);
    }
    Ok(Command::new(path))
}
