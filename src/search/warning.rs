//! Problems that don't end a search.

use std::fmt;

use crate::excerpt::passage;
use crate::sealed_log::TornLine;

/// A problem that doesn't end the search.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Warning {
    /// The last line of the journal is incomplete, because the process died while writing it, or has zeros that a power
    /// cut left. It was dropped.
    TornLine {
        /// The line, from 1.
        line: u64,
        /// How many bytes from there to the end of the file were dropped.
        bytes: u64,
    },
    /// The stopper panicked, and from then on no trial is stopped early. A resume shows the stopper again what
    /// it saw, and leaves it out if it panics again.
    StopperLeftOut {
        /// The panic's message, with the file and line where it began.
        message: String,
    },
    /// A worker takes no more trials, because it can't be started again or its device fails trial after trial. The
    /// search continues with the others.
    WorkerRetired {
        /// The worker, from 0.
        worker: usize,
        /// Why.
        reason: String,
    },
    /// The executor warns of something.
    Executor {
        /// What it is, in a sentence.
        message: String,
    },
}

impl From<TornLine> for Warning {
    fn from(TornLine { line, bytes }: TornLine) -> Self {
        Self::TornLine { line, bytes }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TornLine { line, bytes } => write!(
                f,
                "line {line} of the journal is incomplete; the {bytes} bytes from there on were dropped"
            ),
            Self::StopperLeftOut { message } => write!(
                f,
                "the stopper panicked and is left out, so that every trial runs to its end: {}",
                passage(message)
            ),
            Self::WorkerRetired { worker, reason } => {
                write!(
                    f,
                    "worker {worker} is retired, and the others go on: {}",
                    passage(reason)
                )
            }
            Self::Executor { message } => write!(f, "{}", passage(message)),
        }
    }
}
