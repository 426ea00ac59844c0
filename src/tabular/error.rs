//! Why a table can't be read.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::excerpt::{excerpt, passage, shown};
use crate::input::LimitExceeded;

/// Why a table can't be read, and from which file.
#[derive(Debug)]
pub struct TableError {
    kind: TableErrorKind,
    path: Option<PathBuf>,
}

/// What is wrong with a table.
///
/// Lines are those of the decompressed file, from 1; a row of several lines has the number of its first.
/// Columns are given by name.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TableErrorKind {
    /// The file can't be opened.
    #[error("{0}")]
    Open(io::Error),
    /// Reading failed because the file is truncated or damaged, or the disk failed.
    #[error("reading failed after line {lines}: {source}")]
    BrokenOff {
        /// The number of whole lines before the break, including the header.
        lines: u64,
        /// The system's or the decompressor's error.
        source: io::Error,
    },
    /// The table has more bytes or fields than its [`TableLimits`](super::TableLimits) allow.
    #[error("{0}")]
    TooLarge(LimitExceeded),
    /// The text isn't CSV, or a row has too few or too many fields.
    #[error("line {line}: {}", passage(reason))]
    Csv {
        /// The line.
        line: u64,
        /// What is wrong.
        reason: String,
    },
    /// The header lacks a column.
    #[error("the table has no column '{column}'; it has {}", excerpt(&found.join(", ")))]
    MissingColumn {
        /// The missing column.
        column: String,
        /// The columns in the header.
        found: Vec<String>,
    },
    /// A field isn't a finite number.
    #[error("line {line}, column '{column}': '{}' is not a number", excerpt(text))]
    Number {
        /// The line.
        line: u64,
        /// The column.
        column: String,
        /// The field.
        text: String,
    },
    /// A number is out of its column's range, such as an accuracy above 100 % or a time of 0.
    #[error("line {line}, column '{column}': {number:?} is not {range}")]
    OutOfRange {
        /// The line.
        line: u64,
        /// The column.
        column: String,
        /// The number.
        number: f64,
        /// What the column holds, with its range.
        range: &'static str,
    },
    /// A field isn't a genotype.
    #[error("line {line}, column '{column}': {}", passage(reason))]
    Genotype {
        /// The line.
        line: u64,
        /// The column.
        column: String,
        /// What is wrong.
        reason: String,
    },
    /// A second row has the same genotype or index as an earlier one.
    #[error("line {line}: {} already has a row", excerpt(what))]
    Repeated {
        /// The line of the second row.
        line: u64,
        /// The genotype or index.
        what: String,
    },
    /// A field isn't an index below the number of architectures.
    #[error(
        "line {line}, column '{column}': '{}' is not an index from 0 to {}",
        excerpt(index),
        count - 1
    )]
    Index {
        /// The line.
        line: u64,
        /// The column.
        column: String,
        /// The field.
        index: String,
        /// The number of architectures.
        count: usize,
    },
    /// The table has no rows.
    #[error("the table has no rows")]
    Empty,
    /// Some architectures of the space have no row.
    #[error("the table lacks {missing} of {count} architectures, such as {first}")]
    MissingArchitectures {
        /// The number of architectures without a row.
        missing: usize,
        /// The number of architectures in the space.
        count: usize,
        /// The first architecture without a row.
        first: String,
    },
}

impl TableError {
    /// What is wrong.
    #[must_use]
    pub const fn kind(&self) -> &TableErrorKind {
        &self.kind
    }

    /// The table's file; `None` if the table was read from a reader.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    pub(super) fn in_file(self, path: &Path) -> Self {
        Self {
            path: Some(path.to_owned()),
            ..self
        }
    }
}

impl From<TableErrorKind> for TableError {
    fn from(kind: TableErrorKind) -> Self {
        Self { kind, path: None }
    }
}

impl fmt::Display for TableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.path, &self.kind) {
            (Some(path), TableErrorKind::Open(source)) => {
                write!(f, "can't read {}: {source}", shown(path))
            }
            (Some(path), kind) => write!(f, "{}: {kind}", shown(path)),
            (None, kind) => write!(f, "{kind}"),
        }
    }
}

impl std::error::Error for TableError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.kind {
            TableErrorKind::Open(source) | TableErrorKind::BrokenOff { source, .. } => Some(source),
            _ => None,
        }
    }
}
