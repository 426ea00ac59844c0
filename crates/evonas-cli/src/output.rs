//! Results, on standard output.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write as _, stdout};

use evonas::report::printable;

use crate::Failure;

/// Prints text without a line break, its control characters escaped ([`printable`]). A closed pipe (`head`) is not an
/// error.
///
/// # Errors
/// Standard output can't be written to for any other reason.
pub(crate) fn print(text: impl Display) -> Result<(), Failure> {
    check(write!(stdout(), "{}", printable(text)).and_then(|()| stdout().flush()))
}

/// Prints a line, as [`print`].
///
/// # Errors
/// As [`print`].
pub(crate) fn print_line(line: impl Display) -> Result<(), Failure> {
    check(writeln!(stdout(), "{}", printable(line)))
}

/// Turns the outcome of writing to standard output into a failure, unless the reader has closed the pipe.
///
/// # Errors
/// As [`print`].
pub(crate) fn check(written: io::Result<()>) -> Result<(), Failure> {
    match written {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(format!("can't write to standard output: {error}").into())
        }
        _ => Ok(()),
    }
}
