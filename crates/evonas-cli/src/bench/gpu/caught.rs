//! Panics as errors.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::Failure;

/// Calls `work`. A panic, which is how a device fails, becomes an error.
pub(super) fn caught<T>(work: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let message = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied());
        Err(message.unwrap_or("it panicked").to_owned().into())
    })
}
