//! Why an archive can't be converted.

use std::io;
use std::path::PathBuf;

/// Why an archive can't be converted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NatsBenchError {
    /// The folder or a file can't be read, or is no bzip2.
    #[error("can't read {}: {source}", path.display())]
    Read {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The folder has no file named like an architecture's.
    #[error("{} has no files named like 000000.pickle.pbz2", .0.display())]
    NoFiles(PathBuf),
    /// The file is no pickle, or one with Python objects that have no meaning here.
    #[error("{} is no pickle of an architecture: {source}", path.display())]
    Pickle {
        /// Which one.
        path: PathBuf,
        /// What the reader of pickles says.
        source: serde_pickle::Error,
    },
    /// The pickle lacks something, or has something else in its place.
    #[error("{}: {place} is {found}, not {wanted}", path.display())]
    Layout {
        /// Which file.
        path: PathBuf,
        /// Where in the pickle, such as `200/all_results/(cifar100, 777)/eval_acc1es/x-test@199`.
        place: String,
        /// What is there.
        found: &'static str,
        /// What should be.
        wanted: &'static str,
    },
    /// The table's file can't be written.
    #[error("can't write {}: {source}", path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The table can't be written.
    #[error("can't write the table: {0}")]
    Write(#[from] csv::Error),
}
