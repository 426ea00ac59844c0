//! Stopping by Ctrl-C or a signal.

use std::process::exit;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use evonas::prelude::StopSignal;
use evonas::report::note;

use crate::Failure;
use crate::failure::EarlyEnd;

/// Requests to stop, by Ctrl-C or a signal. Long work heeds them: each sets the stop signal to a further stage, so
/// that what was done can be kept; the last ends the program at once.
///
/// | | first | second | third |
/// |---|---|---|---|
/// | Ctrl-C while trials run | finish the trials | interrupt them | end |
/// | Ctrl-C during other work | interrupt it | end | |
/// | SIGTERM or SIGHUP | interrupt | end | |
///
/// All other work ends at the first. However far the program got, a request that ended it decides its exit code: 128
/// and the number of the signal, as a shell has it.
#[derive(Clone)]
pub(crate) struct StopRequests {
    signal: StopSignal,
    heeded: Arc<AtomicBool>,
    trials_run: Arc<AtomicBool>,
    /// The exit code of the first request; 0 before it.
    code: Arc<AtomicU8>,
}

impl StopRequests {
    /// Handles requests from now on. To be called once.
    pub(crate) fn listen() -> Result<Self, Failure> {
        let requests = Self {
            signal: StopSignal::new(),
            heeded: Arc::default(),
            trials_run: Arc::default(),
            code: Arc::default(),
        };
        let listener = requests.clone();
        on_each(move |source| listener.respond(source))?;
        Ok(requests)
    }

    /// The signal that requests set. From now on they no longer end the program at once.
    pub(crate) fn heed(&self) -> StopSignal {
        self.heeded.store(true, Ordering::Relaxed);
        self.signal.clone()
    }

    /// Does work in which there are trials to let end.
    pub(crate) fn while_trials_run<T>(&self, work: impl FnOnce() -> T) -> T {
        self.trials_run.store(true, Ordering::Relaxed);
        let result = work();
        self.trials_run.store(false, Ordering::Relaxed);
        result
    }

    /// The end of work that was stopped.
    pub(crate) fn stopped(&self, message: impl Into<String>) -> Failure {
        let (code, message) = (self.code.load(Ordering::Relaxed), message.into());
        EarlyEnd::Stopped { code, message }.into()
    }

    fn respond(&self, source: Source) {
        // The first request is the one that counts.
        let first =
            self.code
                .compare_exchange(0, source.code(), Ordering::Relaxed, Ordering::Relaxed);
        let code = first.map_or_else(|earlier| earlier, |_| source.code());
        match self.response(source) {
            Response::Finish => {
                // First, since the note may have to wait for a slow terminal.
                self.signal.finish();
                note(
                    "stopping: the running trials end first. Press Ctrl-C again to interrupt them; a resumed \
                     search runs them again. A third Ctrl-C ends the program at once",
                );
            }
            Response::Interrupt => self.signal.stop(),
            Response::Exit => exit(i32::from(code)),
        }
    }

    fn response(&self, source: Source) -> Response {
        let is_set = |flag: &AtomicBool| flag.load(Ordering::Relaxed);
        if !is_set(&self.heeded) || self.signal.is_set() {
            Response::Exit
        } else if source == Source::Keyboard
            && is_set(&self.trials_run)
            && !self.signal.is_finishing()
        {
            Response::Finish
        } else {
            Response::Interrupt
        }
    }
}

/// Where a request comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    /// Ctrl-C.
    Keyboard,
    /// SIGTERM.
    #[cfg_attr(not(unix), allow(dead_code))]
    Termination,
    /// SIGHUP.
    #[cfg_attr(not(unix), allow(dead_code))]
    HangUp,
}

impl Source {
    /// The exit code of a program that such a request ended.
    const fn code(self) -> u8 {
        match self {
            Self::Keyboard => 130,
            Self::Termination => 143,
            Self::HangUp => 129,
        }
    }
}

/// What a request does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Response {
    Finish,
    Interrupt,
    Exit,
}

/// Calls `respond`, in a thread of its own, for each request. A signal that the program inherited as ignored stays
/// so.
#[cfg(unix)]
fn on_each(respond: impl Fn(Source) + Send + 'static) -> Result<(), Failure> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;

    use crate::inherited::is_ignored;

    let heard = [SIGINT, SIGTERM, SIGHUP];
    let heard = heard.into_iter().filter(|&signal| !is_ignored(signal));
    let mut signals = Signals::new(heard)?;
    std::thread::Builder::new()
        .name("stop-requests".to_owned())
        .spawn(move || {
            for signal in signals.forever() {
                respond(match signal {
                    SIGINT => Source::Keyboard,
                    SIGHUP => Source::HangUp,
                    _ => Source::Termination,
                });
            }
        })?;
    Ok(())
}

/// Calls `respond`, in a thread of its own, for each Ctrl-C.
#[cfg(not(unix))]
fn on_each(respond: impl Fn(Source) + Send + 'static) -> Result<(), Failure> {
    Ok(ctrlc::set_handler(move || respond(Source::Keyboard))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn requests(trials_run: bool) -> StopRequests {
        StopRequests {
            signal: StopSignal::new(),
            heeded: Arc::default(),
            trials_run: Arc::new(AtomicBool::new(trials_run)),
            code: Arc::default(),
        }
    }

    /// What requests do one after another while work heeds them.
    fn responses(trials_run: bool, sources: &[Source]) -> Vec<Response> {
        let requests = requests(trials_run);
        let signal = requests.heed();
        let respond = |&source: &Source| {
            let response = requests.response(source);
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
        use Source::{HangUp, Keyboard, Termination};

        assert_eq!(
            responses(true, &[Keyboard, Keyboard, Keyboard]),
            [Finish, Interrupt, Exit]
        );
        assert_eq!(responses(false, &[Keyboard, Keyboard]), [Interrupt, Exit]);
        for trials_run in [true, false] {
            assert_eq!(
                responses(trials_run, &[Termination, HangUp]),
                [Interrupt, Exit]
            );
        }
        assert_eq!(
            responses(true, &[Keyboard, Termination, Keyboard]),
            [Finish, Interrupt, Exit]
        );
    }

    #[test]
    fn work_that_heeds_no_requests_ends_at_the_first() {
        for source in [Source::Keyboard, Source::Termination, Source::HangUp] {
            assert_eq!(requests(false).response(source), Response::Exit);
        }
    }

    #[test]
    fn the_first_request_decides_the_exit_code() {
        let requests = requests(true);
        let _ = requests.heed();
        requests.respond(Source::HangUp);
        assert_eq!(requests.code.load(Ordering::Relaxed), 129);
    }
}
