//! Lines on standard output.

use std::fmt::Display;
use std::io::{ErrorKind, Write as _, stdout};

/// Prints a line. A reader that has seen enough is no error.
pub fn say(line: impl Display) -> Result<(), String> {
    match writeln!(stdout(), "{line}") {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(format!("can't write to standard output: {error}"))
        }
        _ => Ok(()),
    }
}
