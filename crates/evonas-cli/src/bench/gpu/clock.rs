//! The time that all checks share.

use std::time::{Duration, Instant};

/// When the checks have to end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    end: Instant,
}

impl Clock {
    pub(super) fn of(time: Duration) -> Self {
        // A time that the system's clock can't hold is as good as none.
        let now = Instant::now();
        let a_year = Duration::from_secs(365 * 24 * 3600);
        Self {
            end: now + time.min(a_year),
        }
    }

    /// The time that is left.
    pub(super) fn left(&self) -> Duration {
        self.end.saturating_duration_since(Instant::now())
    }

    /// Whether no time is left.
    pub(super) fn is_over(&self) -> bool {
        self.left().is_zero()
    }

    /// A clock for a part of what is left, from 0 to 1.
    pub(super) fn share(&self, part: f64) -> Self {
        Self::of(self.left().mul_f64(part))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_ends_earlier() {
        let clock = Clock::of(Duration::from_secs(100));
        assert!(!clock.is_over() && clock.left() <= Duration::from_secs(100));
        let share = clock.share(0.25);
        assert!(share.left() <= Duration::from_secs(25) && !share.is_over());
        assert!(Clock::of(Duration::ZERO).is_over());
        assert!(!Clock::of(Duration::MAX).is_over());
    }
}
