//! The time of a search.

use std::time::{Duration, Instant};

use crate::search::journal::Now;

/// Measures real time since the search began, across interruptions.
pub(super) struct SearchClock {
    start: Instant,
    /// Real time that was spent before the search was resumed.
    before: Duration,
}

impl SearchClock {
    pub(super) fn start() -> Self {
        Self {
            start: Instant::now(),
            before: Duration::ZERO,
        }
    }

    /// Adds the real time that was spent before the search was resumed.
    pub(super) const fn resume(&mut self, before: Duration) {
        self.before = before;
    }

    pub(super) fn wall_time(&self) -> Duration {
        // A record may claim any time.
        self.before.saturating_add(self.start.elapsed())
    }

    /// The time on the search's clock: the executor's virtual clock, or real time.
    pub(super) fn now(&self, virtual_clock: Option<Duration>) -> Now {
        let real = self.wall_time();
        match virtual_clock {
            Some(at) => Now {
                at,
                real: Some(real),
            },
            None => Now {
                at: real,
                real: None,
            },
        }
    }
}
