//! Stopping by Ctrl-C or SIGTERM.

use std::process::exit;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use evonas::prelude::StopSignal;
use evonas::report::note;

use crate::Failure;

/// The exit code of a program that was interrupted from the keyboard.
const INTERRUPTED: i32 = 130;

/// Requests to stop, by Ctrl-C or a signal. Each sets the stop signal to a further stage, so that long work can
/// keep what it has done; the last ends the program at once.
///
/// | | first | second | third |
/// |---|---|---|---|
/// | Ctrl-C while trials run | finish the trials | interrupt them | end |
/// | Ctrl-C during other work | interrupt it | end | |
/// | SIGTERM or SIGHUP | interrupt | end | |
///
/// A command that never listens ends at the first.
pub(crate) struct StopRequests {
    signal: StopSignal,
    trials_run: Arc<AtomicBool>,
}

impl StopRequests {
    /// Handles requests from now on. To be called once.
    pub(crate) fn listen() -> Result<Self, Failure> {
        let requests = Self {
            signal: StopSignal::new(),
            trials_run: Arc::default(),
        };
        let (signal, trials_run) = (requests.signal(), requests.trials_run.clone());
        on_each(move |source| {
            let trials_run = trials_run.load(Ordering::Relaxed);
            match Response::to(source, trials_run, &signal) {
                Response::Finish => {
                    // First, since the note may have to wait for a slow terminal.
                    signal.finish();
                    note(
                        "stopping: the running trials end first. Press Ctrl-C again to interrupt them; a resumed \
                         search runs them again. A third Ctrl-C ends the program at once",
                    );
                }
                Response::Interrupt => signal.stop(),
                Response::Exit => exit(INTERRUPTED),
            }
        })?;
        Ok(requests)
    }

    /// The signal that requests set.
    pub(crate) fn signal(&self) -> StopSignal {
        self.signal.clone()
    }

    /// Does work in which there are trials to let end.
    pub(crate) fn while_trials_run<T>(&self, work: impl FnOnce() -> T) -> T {
        self.trials_run.store(true, Ordering::Relaxed);
        let result = work();
        self.trials_run.store(false, Ordering::Relaxed);
        result
    }
}

/// Where a request comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    /// Ctrl-C.
    Keyboard,
    /// SIGTERM or SIGHUP.
    #[cfg_attr(not(unix), allow(dead_code))]
    System,
}

/// What a request does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Response {
    Finish,
    Interrupt,
    Exit,
}

impl Response {
    fn to(source: Source, trials_run: bool, signal: &StopSignal) -> Self {
        if signal.is_set() {
            Self::Exit
        } else if source == Source::Keyboard && trials_run && !signal.is_finishing() {
            Self::Finish
        } else {
            Self::Interrupt
        }
    }
}

/// Calls `respond`, in a thread of its own, for each request.
#[cfg(unix)]
fn on_each(mut respond: impl FnMut(Source) + Send + 'static) -> Result<(), Failure> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;

    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    std::thread::Builder::new()
        .name("stop-requests".to_owned())
        .spawn(move || {
            for signal in signals.forever() {
                respond(match signal {
                    SIGINT => Source::Keyboard,
                    _ => Source::System,
                });
            }
        })?;
    Ok(())
}

/// Calls `respond`, in a thread of its own, for each Ctrl-C.
#[cfg(not(unix))]
fn on_each(mut respond: impl FnMut(Source) + Send + 'static) -> Result<(), Failure> {
    Ok(ctrlc::set_handler(move || respond(Source::Keyboard))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What requests do one after another.
    fn responses(trials_run: bool, sources: &[Source]) -> Vec<Response> {
        let signal = StopSignal::new();
        let respond = |&source: &Source| {
            let response = Response::to(source, trials_run, &signal);
            match response {
                Response::Finish => signal.finish(),
                Response::Interrupt => signal.stop(),
                Response::Exit => {}
            }
            response
        };
        sources.iter().map(respond).collect()
    }

    #[test]
    fn the_keyboard_ends_trials_then_interrupts_them_then_ends_the_program() {
        use Response::{Exit, Finish, Interrupt};
        use Source::{Keyboard, System};

        assert_eq!(
            responses(true, &[Keyboard, Keyboard, Keyboard]),
            [Finish, Interrupt, Exit]
        );
        assert_eq!(responses(false, &[Keyboard, Keyboard]), [Interrupt, Exit]);
        for trials_run in [true, false] {
            assert_eq!(responses(trials_run, &[System, System]), [Interrupt, Exit]);
        }
        assert_eq!(
            responses(true, &[Keyboard, System, Keyboard]),
            [Finish, Interrupt, Exit]
        );
    }
}
