//! The ranges of a table's numbers.

/// What a number measures, which decides its range. The ranges are wide enough for any real table, and
/// narrow enough that a search on simulated time ends and that sums and squares of many numbers stay finite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quantity {
    /// Any score or metric.
    Score,
    /// An accuracy in percent.
    Percent,
    /// A number of parameters or multiply-adds, in millions.
    Millions,
    /// A time in seconds. The virtual clock counts nanoseconds, and a [`Duration`](std::time::Duration)
    /// holds about 1e19 seconds.
    Seconds,
    /// A time in microseconds.
    Microseconds,
}

impl Quantity {
    /// Whether a number is within the range.
    pub(super) fn admits(self, number: f64) -> bool {
        let (lowest, highest) = match self {
            Self::Score => (-1e100, 1e100),
            Self::Percent => (0.0, 100.0),
            Self::Millions => (0.0, 1e12),
            Self::Seconds => (1e-9, 1e12),
            Self::Microseconds => (1e-3, 1e12),
        };
        (lowest..=highest).contains(&number)
    }

    /// The quantity and its range in words.
    pub(super) const fn range(self) -> &'static str {
        match self {
            Self::Score => "a number from -1e100 to 1e100",
            Self::Percent => "an accuracy in percent, from 0 to 100",
            Self::Millions => "a size in millions, from 0 to 1e12",
            Self::Seconds => "a time in seconds, from 1e-9 to 1e12",
            Self::Microseconds => "a time in microseconds, from 1e-3 to 1e12",
        }
    }
}
