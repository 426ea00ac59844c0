//! Stopping by Ctrl-C or SIGTERM.

use std::process::exit;

use evonas::prelude::StopSignal;

use crate::Failure;

/// The exit code of a program that was interrupted from the keyboard.
const INTERRUPTED: i32 = 130;

/// A signal that the first Ctrl-C or SIGTERM sets, so that long work can keep what it has done. The second
/// ends the program at once.
///
/// A command that never calls this ends at the first.
pub(crate) fn on_request() -> Result<StopSignal, Failure> {
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
