//! Why a table can't be used.

use std::io;
use std::path::PathBuf;

/// Why a table can't be used. Lines are those of the file, decompressed, and count from 1; a row of several
/// has the first. Columns have their names.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TableError {
    /// The file can't be opened.
    #[error("can't read {}: {source}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Reading breaks off: the file is cut short or damaged, or the disk is.
    #[error("reading breaks off after line {lines}: {source}")]
    BrokenOff {
        /// How many whole lines could be read, the header included.
        lines: u64,
        /// Why.
        source: io::Error,
    },
    /// The text is no CSV, or a row has too few or too many fields.
    #[error("line {line}: {reason}")]
    Csv {
        /// Where.
        line: u64,
        /// What is wrong.
        reason: String,
    },
    /// The header lacks a column.
    #[error("the table has no column '{column}'; it has {}", found.join(", "))]
    MissingColumn {
        /// Which one.
        column: String,
        /// The columns there are.
        found: Vec<String>,
    },
    /// A field that should be a number is none, or not a finite one.
    #[error("line {line}, column '{column}': '{text}' is not a number")]
    Number {
        /// Where.
        line: u64,
        /// The column.
        column: String,
        /// What stands there.
        text: String,
    },
    /// A number that can't be what its column holds: an accuracy above 100 %, a time of 0.
    #[error("line {line}, column '{column}': {number:?} is not {range}")]
    OutOfRange {
        /// Where.
        line: u64,
        /// The column.
        column: String,
        /// What stands there.
        number: f64,
        /// What may stand there.
        range: &'static str,
    },
    /// A field that should be a genotype is none.
    #[error("line {line}, column '{column}': {reason}")]
    Genotype {
        /// Where.
        line: u64,
        /// The column.
        column: String,
        /// What is wrong.
        reason: String,
    },
    /// A genotype or an index has two rows.
    #[error("line {line}: {what} has a row already")]
    Repeated {
        /// The second row.
        line: u64,
        /// What is repeated.
        what: String,
    },
    /// A field that should be an index is no whole number, or one beyond the table's size.
    #[error(
        "line {line}, column '{column}': '{index}' is no index of one of {count} architectures, from 0"
    )]
    Index {
        /// Where.
        line: u64,
        /// The column.
        column: String,
        /// What stands there.
        index: String,
        /// How many there are.
        count: usize,
    },
    /// There is no row at all.
    #[error("the table has no rows")]
    Empty,
    /// Architectures of the space have no row.
    #[error("the table lacks {missing} of {count} architectures, {first} for one")]
    MissingArchitectures {
        /// How many.
        missing: usize,
        /// Of how many.
        count: usize,
        /// The first of them.
        first: String,
    },
}
