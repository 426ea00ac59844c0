//! Lines on standard error.

use std::fmt::Display;
use std::io::{Write as _, stderr};

use crate::excerpt::{escaped, escaped_lines};

/// Writes a line to standard error: progress, a warning, why something failed.
///
/// Control characters, which a file's name or a record may hold, are escaped as in [`printable`].
///
/// A line that can't be written (the terminal was closed, a log's disk is full, the reader of a pipe is gone) is
/// dropped, since no work should end because nobody can watch it. `eprintln!` would panic.
pub fn note(line: impl Display) {
    let _ = writeln!(stderr(), "{}", printable(line));
}

/// A text that may hold foreign ones (the names of files and classes, genotypes, the fields of a table or record),
/// for a terminal: control characters other than line breaks and tabs are escaped as in JSON (`\u001b`), and so are
/// those that change the direction of writing. Printed JSON keeps its value.
pub fn printable(text: impl Display) -> impl Display {
    escaped_lines(text)
}

/// As [`printable`], for a name or a value: line breaks and tabs are escaped too.
pub fn printable_line(text: impl Display) -> impl Display {
    escaped(text)
}
