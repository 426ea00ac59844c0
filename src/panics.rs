//! Catching panics of the user's code.
//!
//! A panic that becomes an outcome or an error is not printed as well: a search survives hundreds of them, and
//! each would print a message, perhaps with a backtrace. A panic hook, installed once, is silent in a thread
//! that is inside [`caught`], and calls the hook that was there before everywhere else.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::mem;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, set_hook, take_hook};
use std::sync::Once;
use std::thread;

/// A panic that was caught.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Panic {
    pub(crate) message: String,
    /// Where it began, as `file:line`. None if it came from another thread, or if the program has installed a
    /// hook of its own since.
    location: Option<String>,
}

/// The message and, in brackets, its location.
impl fmt::Display for Panic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.location {
            Some(location) => write!(f, "{} ({location})", self.message),
            None => f.write_str(&self.message),
        }
    }
}

thread_local! {
    /// Whether this thread's panics are caught, and not printed.
    static CATCHING: Cell<bool> = const { Cell::new(false) };
    /// Whether there may be a last silent panic: without a destructor, this is cheaper to look at.
    static IS_LEFT: Cell<bool> = const { Cell::new(false) };
    /// The last of this thread's silent panics.
    static LAST: RefCell<Option<Panic>> = const { RefCell::new(None) };
}

/// Calls the user's code and turns a panic into its message and location, without printing it.
///
/// What the call was changing when it panicked may be half changed: the caller must not
/// use it again, or must justify why it is safe.
pub(crate) fn caught<T>(call: impl FnOnce() -> T) -> Result<T, Panic> {
    install_hook();
    let _silent = Silence::begin();
    contained(call).map_err(|message| {
        // The payload may be that of another thread's panic, which was passed on without a call of the hook.
        let last = LAST.take().filter(|last| last.message == message);
        last.unwrap_or(Panic {
            message,
            location: None,
        })
    })
}

/// Calls the user's code and turns a panic into its message. It is printed, unless an outer call of [`caught`]
/// hides it: use it where nothing else would show the panic.
pub(crate) fn contained<T>(call: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(call)).map_err(|payload| {
        let text = message(&*payload).to_owned();
        let last = LAST.take();
        // If dropping the payload panics, that panic and its payload must not escape either.
        if let Err(another) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
            mem::forget(another);
        }
        LAST.set(last);
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

/// Makes this thread's panics silent while it lives.
struct Silence {
    outer: bool,
}

impl Silence {
    fn begin() -> Self {
        // Hardly ever: a silent panic was passed on to code that caught it by itself.
        if IS_LEFT.replace(false) {
            LAST.set(None);
        }
        Self {
            outer: CATCHING.replace(true),
        }
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        CATCHING.set(self.outer);
    }
}

fn install_hook() {
    static INSTALLED: Once = Once::new();
    // A panicking thread can't change the hook; a later call will.
    if INSTALLED.is_completed() || thread::panicking() {
        return;
    }
    INSTALLED.call_once(|| {
        let previous = take_hook();
        set_hook(Box::new(move |panic| match is_caught() {
            true => keep(panic),
            false => previous(panic),
        }));
    });
}

/// Thread-locals may be gone already when a thread ends.
fn is_caught() -> bool {
    CATCHING.try_with(Cell::get).unwrap_or(false)
}

fn keep(panic: &PanicHookInfo<'_>) {
    let location = panic.location();
    let last = Panic {
        message: message(panic.payload()).to_owned(),
        location: location.map(|location| format!("{}:{}", location.file(), location.line())),
    };
    let _ = LAST.try_with(|place| place.replace(Some(last)));
    let _ = IS_LEFT.try_with(|left| left.set(true));
}

#[cfg(test)]
mod tests {
    use std::panic::{panic_any, resume_unwind};

    use super::*;

    /// Panics with itself when it is dropped.
    struct Bomb;

    impl Drop for Bomb {
        fn drop(&mut self) {
            panic_any(Bomb);
        }
    }

    #[test]
    fn a_panic_becomes_its_message_whatever_its_payload_does() {
        assert_eq!(caught(|| 1), Ok(1));
        let message = |call: fn()| caught(call).unwrap_err().message;
        assert_eq!(message(|| panic!("no {}", 1)), "no 1");
        assert_eq!(message(|| panic!("no")), "no");
        assert_eq!(message(|| panic_any(Bomb)), "a payload without a message");
    }

    #[test]
    fn a_panic_says_where_it_began() {
        let line = line!() + 1;
        let panic = caught(|| panic!("no")).unwrap_err();
        let file = file!();
        assert_eq!(panic.to_string(), format!("no ({file}:{line})"));
    }

    #[test]
    fn a_panic_passed_on_from_another_thread_has_no_location() {
        let panic = caught(|| {
            // The location of a panic that the code catches itself isn't that of the next.
            assert!(catch_unwind(|| panic!("caught")).is_err());
            resume_unwind(Box::new("from elsewhere"));
        });
        assert_eq!(panic.unwrap_err().to_string(), "from elsewhere");
    }

    #[test]
    fn only_the_panics_that_are_caught_are_silent() {
        assert!(!is_caught());
        assert_eq!(caught(is_caught), Ok(true));
        assert_eq!(caught(|| contained(is_caught)), Ok(Ok(true)));
        assert_eq!(contained(is_caught), Ok(false));
        assert_eq!(caught(|| caught(|| ()).is_ok() && is_caught()), Ok(true));
        let _ = caught(|| panic!("no"));
        assert!(!is_caught());
    }
}
