//! Deadlines that a stopped process doesn't miss.
//!
//! Ctrl-Z in a shell, SIGSTOP and a frozen container stop a process, but not the system's clock: an hour later, every
//! running trial would have timed out, and its genotype would count as a bad one. No signal handler can tell, so a
//! thread sleeps for a moment again and again. When it wakes up much later than it asked for, the process didn't run
//! meanwhile, and deadlines move on by the difference.

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How long the thread sleeps.
const NAP: Duration = Duration::from_millis(200);

/// Waking up this much late is no longer due to other processes. A process that is stopped for a shorter time loses
/// it.
const LATE: Duration = Duration::from_secs(1);

/// A limit of the time in which the process runs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline {
    begins: Instant,
    limit: Duration,
    /// How long the process had been stopped by then.
    stopped: Duration,
}

impl Deadline {
    pub(crate) fn new(begins: Instant, limit: Duration) -> Self {
        Self {
            begins,
            limit,
            stopped: stopped_so_far(),
        }
    }

    /// When it comes if the process isn't stopped again; `None` if that is beyond what an [`Instant`] can hold.
    pub(crate) fn instant(&self) -> Option<Instant> {
        let deadline = self.begins.checked_add(self.limit)?;
        deadline.checked_add(self.stopped_since())
    }

    pub(crate) fn is_over(&self, now: Instant) -> bool {
        self.running(now) >= self.limit
    }

    /// The time since its beginning in which the process ran.
    pub(crate) fn running(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.begins)
            .saturating_sub(self.stopped_since())
    }

    fn stopped_since(&self) -> Duration {
        stopped_so_far().saturating_sub(self.stopped)
    }
}

/// How long the process has been stopped since the first call.
fn stopped_so_far() -> Duration {
    static NAPS: OnceLock<Mutex<Naps>> = OnceLock::new();
    let naps = NAPS.get_or_init(|| {
        // The thread waits until this value is there. Without the thread, no time counts as stopped.
        let napping = thread::Builder::new().name("evonas-naps".to_owned());
        let napping = napping.spawn(|| {
            loop {
                thread::sleep(NAP);
                lock(NAPS.wait()).woke(Instant::now());
            }
        });
        Mutex::new(Naps {
            last: napping.is_ok().then(Instant::now),
            stopped: Duration::ZERO,
        })
    });
    lock(naps).stopped_until(Instant::now())
}

fn lock(naps: &Mutex<Naps>) -> MutexGuard<'_, Naps> {
    naps.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the thread's naps say.
#[derive(Debug)]
struct Naps {
    /// When the thread woke up last; `None` if there is no thread.
    last: Option<Instant>,
    /// How long the process had been stopped until then.
    stopped: Duration,
}

impl Naps {
    /// A nap that is overdue counts already: after a stop, an evaluator may wake up before the thread does.
    fn stopped_until(&self, now: Instant) -> Duration {
        let nap = match self.last {
            Some(last) => now.saturating_duration_since(last),
            None => Duration::ZERO,
        };
        match nap >= NAP + LATE {
            true => self.stopped + (nap - NAP),
            false => self.stopped,
        }
    }

    fn woke(&mut self, now: Instant) {
        self.stopped = self.stopped_until(now);
        self.last = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_naps_that_are_far_too_long_count_as_stopped() {
        let begin = Instant::now();
        let after = |milliseconds| begin + Duration::from_millis(milliseconds);
        let seconds = Duration::from_secs;
        let mut naps = Naps {
            last: Some(begin),
            stopped: Duration::ZERO,
        };
        assert_eq!(naps.stopped_until(after(1_100)), Duration::ZERO);
        naps.woke(after(1_100));
        // Stopped for an hour: an evaluator looks before the thread has woken up, and after.
        let resumed = 1_100 + 200 + 3_600_000;
        assert_eq!(naps.stopped_until(after(resumed)), seconds(3600));
        naps.woke(after(resumed));
        assert_eq!(naps.stopped_until(after(resumed + 200)), seconds(3600));
        naps.woke(after(resumed + 200));
        assert_eq!(naps.stopped_until(after(resumed + 5_400)), seconds(3605));
    }

    #[test]
    fn without_a_thread_no_time_counts_as_stopped() {
        let naps = Naps {
            last: None,
            stopped: Duration::ZERO,
        };
        let much_later = Instant::now() + Duration::from_secs(3600);
        assert_eq!(naps.stopped_until(much_later), Duration::ZERO);
    }

    #[test]
    fn a_deadline_beyond_what_an_instant_holds_never_comes() {
        let deadline = Deadline::new(Instant::now(), Duration::MAX);
        assert_eq!(deadline.instant(), None);
        assert!(!deadline.is_over(Instant::now() + Duration::from_secs(3600)));
    }
}
