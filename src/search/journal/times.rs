//! The times of a line.

use std::time::Duration;

/// The time at which a line was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::search) struct Now {
    /// On the search's clock.
    pub(in crate::search) at: Duration,
    /// Real time since the search began, if its clock is a virtual one.
    pub(in crate::search) real: Option<Duration>,
}

/// How long an attempt took, if the line is about one, and when the line was written. They are parsed by
/// hand: floats would not be exact.
pub(super) fn split_times(text: &str) -> Option<(Option<Duration>, Now)> {
    let (seconds, text) = match text.strip_prefix(",\"seconds\":") {
        Some(text) => {
            let (seconds, text) = text.split_once(',')?;
            (Some(time(seconds)?), text)
        }
        None => (None, text.strip_prefix(',')?),
    };
    let text = text.strip_prefix("\"at\":")?;
    let (at, real) = match text.split_once(',') {
        Some((at, real)) => (at, Some(time(real.strip_prefix("\"real\":")?)?)),
        None => (text, None),
    };
    let at = time(at)?;
    Some((seconds, Now { at, real }))
}

/// When the search began, since 1970 in UTC, from the times of the header.
#[cfg(feature = "report")]
pub(super) fn started(text: &str) -> Option<Duration> {
    time(text.strip_prefix(",\"started\":")?)
}

/// Seconds with nine decimals, as the log's writer writes them.
fn time(text: &str) -> Option<Duration> {
    let (seconds, nanoseconds) = text.split_at_checked(text.len().checked_sub(10)?)?;
    let nanoseconds = nanoseconds.strip_prefix('.')?;
    Some(Duration::new(
        seconds.parse().ok()?,
        nanoseconds.parse().ok()?,
    ))
}
