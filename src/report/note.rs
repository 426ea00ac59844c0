//! Lines on standard error.

use std::fmt::Display;
use std::io::{Write as _, stderr};

/// Writes a line to standard error: progress, a warning, why something failed.
///
/// A line that can't be written (the terminal was closed, a log's disk is full, the reader of a pipe is gone) is
/// dropped, since no work should end because nobody can watch it. `eprintln!` would panic.
pub fn note(line: impl Display) {
    let _ = writeln!(stderr(), "{line}");
}
