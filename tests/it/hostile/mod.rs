//! Files made to exhaust whoever reads them: each is refused in moments, and the error names the limit.

#[cfg(feature = "tabular")]
mod archives;
mod journals;
#[cfg(feature = "tabular")]
mod tables;

use std::time::{Duration, Instant};

/// Runs something that must not take long. The limit is generous: what is tested here took minutes or all memory.
#[track_caller]
pub(crate) fn at_once<T>(run: impl FnOnce() -> T) -> T {
    let begin = Instant::now();
    let value = run();
    let took = begin.elapsed();
    assert!(took < Duration::from_secs(20), "it took {took:?}");
    value
}
