//! Results, on standard output.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write as _, stdout};

use evonas::report::printable;

use crate::Failure;
use crate::failure::EarlyEnd;

/// Prints text without a line break, its control characters escaped ([`printable`]).
///
/// # Errors
/// Standard output can't be written: [`EarlyEnd::ClosedPipe`] if its reader has closed the pipe.
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

/// Turns the outcome of writing to standard output into a failure.
///
/// # Errors
/// As [`print`].
pub(crate) fn check(written: io::Result<()>) -> Result<(), Failure> {
    written.map_err(|error| match error.kind() {
        ErrorKind::BrokenPipe => EarlyEnd::ClosedPipe.into(),
        _ => format!("can't write to standard output: {error}").into(),
    })
}
