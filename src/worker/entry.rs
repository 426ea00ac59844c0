//! The first line of a program whose copies are workers.

use std::env;
use std::error::Error;
use std::ffi::OsStr;
use std::io::{self, Write as _};
use std::os::unix::net::UnixStream;
use std::process;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use serde::de::DeserializeOwned;

use super::lines::Lines;
use super::order::Order;
use super::reply::Reply;
use super::serve::{send, serve};
use super::setup::WorkerSetup;
use super::transport::Transport;
use crate::evaluator::Evaluator;
use crate::excerpt::passage;
use crate::panics::caught;
use crate::space::SearchSpace;
use crate::trial::Trial;

/// The environment variable that makes a process a worker: the socket of the search.
///
/// What a worker starts inherits it. An evaluator that starts this same program for something else must remove it from
/// that process's environment.
pub const SOCKET: &str = "EVONAS_WORKER_SOCKET";

/// The environment variable with the worker's number, from 0.
pub const NUMBER: &str = "EVONAS_WORKER_NUMBER";

/// How long a process that should end may take to run what runs at its end, such as destructors of a driver.
const PATIENCE: Duration = Duration::from_secs(5);

/// How often a worker that makes its evaluator looks whether the search is still there.
const LOOK: Duration = Duration::from_millis(20);

/// Makes this process a worker if [`Processes`](crate::executor::Processes) has started it as one: it evaluates until
/// the search closes the connection or dies, and then ends the process. Otherwise it returns at once.
///
/// Call it before anything else in `main`, before threads are started and arguments are read: by default, a worker is
/// a copy of the program with the same arguments. `make` gets the worker's number, from 0, and is called only in a
/// worker. If it fails or panics, the search learns why.
///
/// The [module](super) has an example.
pub fn main<S, E, R>(make: impl FnOnce(usize) -> Result<WorkerSetup<S, E>, R>)
where
    S: SearchSpace,
    S::Genotype: DeserializeOwned,
    E: Evaluator<S::Genotype>,
    R: Into<Box<dyn Error + Send + Sync>>,
{
    let Some(socket) = env::var_os(SOCKET) else {
        return;
    };
    let code = match work(&socket, make) {
        Ok(()) => 0,
        Err(error) => {
            // Not every worker has somewhere to say so.
            let why = passage(&error.to_string()).to_string();
            let _ = writeln!(io::stderr(), "error: this process can't be a worker: {why}");
            1
        }
    };
    process::exit(code);
}

fn work<S, E, R>(
    socket: &OsStr,
    make: impl FnOnce(usize) -> Result<WorkerSetup<S, E>, R>,
) -> Result<(), Box<dyn Error + Send + Sync>>
where
    S: SearchSpace,
    S::Genotype: DeserializeOwned,
    E: Evaluator<S::Genotype>,
    R: Into<Box<dyn Error + Send + Sync>>,
{
    let number = env::var(NUMBER)
        .ok()
        .and_then(|number| number.parse().ok())
        .ok_or_else(|| format!("{NUMBER} isn't the number of a worker"))?;
    let stream = UnixStream::connect(socket).map_err(|error| {
        format!(
            "no search listens at {SOCKET}={}: {error}; if an evaluator starts this program for something else, \
             remove that variable from its environment",
            socket.display()
        )
    })?;
    let lines = Lines::new(stream.try_clone()?);
    stream.set_read_timeout(Some(LOOK))?;
    let made = while_connected(&lines, || caught(|| make(number)));
    stream.set_read_timeout(None)?;
    let setup = match made {
        Ok(Ok(setup)) => Ok(setup),
        Ok(Err(error)) => Err(error.into().to_string()),
        Err(panic) => Err(format!("panic: {panic}")),
    };
    let setup = match setup {
        Ok(setup) => setup,
        Err(reason) => {
            let failed = Reply::Failed { reason };
            return Ok(send(&lines, &failed)?);
        }
    };
    send(&lines, &Reply::Hello(setup.identity()))?;
    let Some(answer) = lines.receive()? else {
        // The search ended meanwhile.
        return Ok(());
    };
    match serde_json::from_slice::<Order<Trial<S::Genotype>>>(&answer)? {
        Order::Accepted => Ok(serve(&setup, number, EndingProcess(lines))?),
        Order::Refused { reason } => Err(reason.into()),
        _ => Err("the search sent a task before it accepted the worker".into()),
    }
}

/// Calls `make`, and ends the process if the search goes meanwhile: making an evaluator may take minutes, or hang. The
/// search says nothing before the worker does.
fn while_connected<T>(lines: &Lines, make: impl FnOnce() -> T) -> T {
    let made = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !made.load(Ordering::Relaxed) {
                match lines.receive() {
                    Err(error)
                        if matches!(
                            error.kind(),
                            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
                        ) => {}
                    Ok(None) => end_process(0),
                    Ok(Some(_)) | Err(_) => end_process(1),
                }
            }
        });
        let result = make();
        made.store(true, Ordering::Relaxed);
        result
    })
}

/// Ends the process when the search is gone, whatever the evaluator is doing.
struct EndingProcess(Lines);

impl Transport for EndingProcess {
    fn receive(&self) -> io::Result<Option<Vec<u8>>> {
        match self.0.receive() {
            Ok(Some(message)) => Ok(Some(message)),
            Ok(None) => end_process(0),
            Err(_) => end_process(1),
        }
    }

    fn send(&self, message: &[u8]) -> io::Result<()> {
        self.0.send(message)
    }
}

/// What runs at the end of a process may hang, in a driver that hangs, for example.
pub(crate) fn end_process(code: i32) -> ! {
    let watch = thread::Builder::new().spawn(|| {
        thread::sleep(PATIENCE);
        process::abort();
    });
    match watch {
        Ok(_) => process::exit(code),
        Err(_) => process::abort(),
    }
}
