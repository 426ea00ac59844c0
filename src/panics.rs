//! Catching panics of the user's code.

use std::any::Any;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Calls the user's code and turns a panic into its message.
///
/// What the call was changing when it panicked may be half changed: the caller must not
/// use it again, or must justify why it is safe.
pub(crate) fn caught<T>(call: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(call)).map_err(|payload| {
        let text = message(&*payload).to_owned();
        // If dropping the payload panics, that panic and its payload must not escape either.
        if let Err(another) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
            mem::forget(another);
        }
        text
    })
}

fn message(payload: &(dyn Any + Send)) -> &str {
    payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a payload without a message")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Panics with itself when it is dropped.
    struct Bomb;

    impl Drop for Bomb {
        fn drop(&mut self) {
            std::panic::panic_any(Bomb);
        }
    }

    #[test]
    fn a_panic_becomes_its_message_whatever_its_payload_does() {
        assert_eq!(caught(|| 1), Ok(1));
        assert_eq!(caught::<()>(|| panic!("no {}", 1)), Err("no 1".to_owned()));
        assert_eq!(caught::<()>(|| panic!("no")), Err("no".to_owned()));
        let bomb = caught::<()>(|| std::panic::panic_any(Bomb));
        assert_eq!(bomb, Err("a payload without a message".to_owned()));
    }
}
