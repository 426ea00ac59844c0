//! A process that is a worker.

use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

use super::exit::{in_words, was_asked};
use super::memory::resident_bytes;
use crate::worker::{Lines, Order, Reply, Transport as _};

/// How long a process may take to end after its connection was closed, before it is killed.
const PATIENCE: Duration = Duration::from_secs(1);

/// The signal of [`Child::kill`].
const SIGKILL: i32 = 9;

/// A process that was started. When it is dropped, it has ended and been waited for.
pub(super) struct ChildProcess(Child);

impl ChildProcess {
    pub(super) const fn new(child: Child) -> Self {
        Self(child)
    }

    /// How it ended, if it has.
    pub(super) fn exit(&mut self) -> io::Result<Option<ExitStatus>> {
        self.0.try_wait()
    }

    /// Waits for its end; `None` if it had to be killed. One that was dying meanwhile, which may take long while a driver
    /// takes a device apart, says how it died.
    fn end(&mut self) -> io::Result<Option<ExitStatus>> {
        let deadline = Instant::now() + PATIENCE;
        let mut pause = Duration::from_micros(50);
        while Instant::now() < deadline {
            if let Some(status) = self.0.try_wait()? {
                return Ok(Some(status));
            }
            thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(10));
        }
        self.0.kill()?;
        let status = self.0.wait()?;
        Ok((status.signal() != Some(SIGKILL)).then_some(status))
    }
}

impl Drop for ChildProcess {
    fn drop(&mut self) {
        // Without effect if it was waited for.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A process that has become a worker. When it is dropped, its connection is closed, and it has ended and been
/// waited for.
pub(super) struct WorkerProcess {
    child: ChildProcess,
    lines: Lines,
    /// How many trials it has evaluated.
    pub(super) evaluated: u64,
}

impl WorkerProcess {
    pub(super) const fn new(child: ChildProcess, lines: Lines) -> Self {
        Self {
            child,
            lines,
            evaluated: 0,
        }
    }

    /// Sends a message that is ready, or says why it can't.
    pub(super) fn send_bytes(&self, message: &[u8]) -> io::Result<()> {
        self.lines.send(message)
    }

    pub(super) fn send(&self, order: &Order<()>) -> io::Result<()> {
        self.lines.send(&serde_json::to_vec(order)?)
    }

    /// The next reply; `None` if none comes within the time of a [tick](super::start::TICK).
    pub(super) fn receive(&mut self) -> Result<Option<Reply>, Gone> {
        match self.receive_line() {
            Ok(None) => match self.child.exit() {
                // The last words of a dead process. One that it started may keep the connection open.
                Ok(Some(_)) => self.receive_line()?.ok_or(Gone::Closed).map(Some),
                _ => Ok(None),
            },
            received => received,
        }
    }

    fn receive_line(&self) -> Result<Option<Reply>, Gone> {
        match self.lines.receive() {
            Ok(Some(line)) => match serde_json::from_slice(&line) {
                Ok(reply) => Ok(Some(reply)),
                Err(error) => Err(Gone::Confused(format!("it can't be understood: {error}"))),
            },
            Ok(None) => Err(Gone::Closed),
            Err(error) => match error.kind() {
                io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => Ok(None),
                io::ErrorKind::InvalidData => Err(Gone::Confused(error.to_string())),
                _ => Err(Gone::Closed),
            },
        }
    }

    pub(super) fn resident_bytes(&self) -> Option<u64> {
        resident_bytes(self.child.0.id())
    }

    /// Ends the process, and says how it ended.
    pub(super) fn end(mut self) -> ProcessEnd {
        self.lines.close();
        let end = self.child.end();
        let asked = matches!(end, Ok(Some(status)) if was_asked(status));
        let words = match end {
            Ok(Some(status)) => format!("its process {}", in_words(status)),
            Ok(None) => {
                "its process closed its connection and went on, so it was killed".to_owned()
            }
            Err(error) => format!("its process can't be waited for: {error}"),
        };
        ProcessEnd { words, asked }
    }
}

/// How a process ended.
pub(super) struct ProcessEnd {
    pub(super) words: String,
    /// Whether a signal asked it to.
    pub(super) asked: bool,
}

impl Drop for WorkerProcess {
    fn drop(&mut self) {
        self.lines.close();
        let _ = self.child.end();
    }
}

/// Why nothing more can be received.
pub(super) enum Gone {
    /// The connection is closed: the process is dead or dying.
    Closed,
    /// The process sends what it shouldn't.
    Confused(String),
}
