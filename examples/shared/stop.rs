//! Stopping by Ctrl-C or SIGTERM.

use std::process::exit;

use evonas::prelude::StopSignal;

/// The exit status of a program that the keyboard has interrupted.
const INTERRUPTED: i32 = 130;

/// A signal that is set when somebody wants the program to end; who wants it twice doesn't wait for
/// what it has still to do.
pub fn on_request() -> Result<StopSignal, ctrlc::Error> {
    let stop = StopSignal::new();
    let signal = stop.clone();
    ctrlc::set_handler(move || {
        if signal.is_set() {
            exit(INTERRUPTED);
        }
        signal.stop();
    })?;
    Ok(stop)
}
