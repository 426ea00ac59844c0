//! Progress of long work that has no bar, on standard error.

use std::time::{Duration, Instant};

use evonas::report::note;

/// The time between two lines.
const INTERVAL: Duration = Duration::from_secs(10);

/// Prints a line now and then, terminal or not.
pub(crate) struct ProgressLines {
    last: Instant,
}

impl ProgressLines {
    /// Work that begins now; the first line is due after an interval.
    pub(crate) fn new() -> Self {
        Self {
            last: Instant::now(),
        }
    }

    /// Prints `line` if one is due.
    pub(crate) fn show(&mut self, line: impl FnOnce() -> String) {
        if self.last.elapsed() >= INTERVAL {
            self.last = Instant::now();
            note(line());
        }
    }
}
