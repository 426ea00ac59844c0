//! Why an archive can't be converted.

use std::error::Error;
use std::io;
use std::path::PathBuf;

use crate::excerpt::{excerpt, shown};

/// Why an archive can't be converted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NatsBenchError {
    /// The folder or a file can't be read, or a file isn't bzip2.
    #[error("can't read {}: {source}", shown(path))]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// The system's or the decompressor's error.
        source: io::Error,
    },
    /// The folder has no file named like an architecture's.
    #[error("{} has no files named like 000000.pickle.pbz2", shown(.0))]
    NoFiles(PathBuf),
    /// The file isn't a pickle, or has Python objects that can't be read here.
    #[error("{} is not a pickle of an architecture: {source}", shown(path))]
    Pickle {
        /// The file.
        path: PathBuf,
        /// The pickle reader's error.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The pickle lacks a value, or has a value of another type.
    #[error(
        "{}: {}: expected {wanted}, found {found}",
        shown(path),
        excerpt(place)
    )]
    Layout {
        /// The file.
        path: PathBuf,
        /// Where in the pickle, such as `200/all_results/(cifar100, 777)/eval_acc1es/x-test@199`.
        place: String,
        /// What was found.
        found: &'static str,
        /// What was expected.
        wanted: &'static str,
    },
    /// The table's file can't be written.
    #[error("can't write {}: {source}", shown(path))]
    File {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// The table can't be written.
    #[error("can't write the table: {0}")]
    Write(#[source] io::Error),
}
