//! What a number in a table may be.

/// What a number is, and so what it may be: large enough that a search of simulated time ends, small enough
/// that sums and squares of many stay finite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Figure {
    /// Any score or metric.
    Any,
    /// An accuracy in percent.
    Percent,
    /// A size in millions, of parameters or multiply-adds.
    Millions,
    /// A time in seconds. A virtual clock counts nanoseconds, and a [`Duration`](std::time::Duration)
    /// holds some 1e19 seconds.
    Seconds,
    /// A time in microseconds.
    Microseconds,
}

impl Figure {
    /// Whether a number can be one.
    pub(super) fn admits(self, number: f64) -> bool {
        let (lowest, highest) = match self {
            Self::Any => (-1e100, 1e100),
            Self::Percent => (0.0, 100.0),
            Self::Millions => (0.0, 1e12),
            Self::Seconds => (1e-9, 1e12),
            Self::Microseconds => (1e-3, 1e12),
        };
        (lowest..=highest).contains(&number)
    }

    /// What it may be, in words.
    pub(super) const fn range(self) -> &'static str {
        match self {
            Self::Any => "a number from -1e100 to 1e100",
            Self::Percent => "an accuracy in percent, from 0 to 100",
            Self::Millions => "a size in millions, from 0 to 1e12",
            Self::Seconds => "a time in seconds, from 1e-9 to 1e12",
            Self::Microseconds => "a time in microseconds, from 1e-3 to 1e12",
        }
    }
}
