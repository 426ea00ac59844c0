//! Why a file of results can't be written.

use std::io;
use std::path::{Path, PathBuf};

use crate::excerpt::shown;

/// Why a [`BestFile`](super::BestFile) or a [`TrialsFile`](super::TrialsFile) can't be written.
#[derive(Debug, thiserror::Error)]
#[error("can't write {}: {source}", shown(path))]
pub(super) struct ResultFileError {
    path: PathBuf,
    source: io::Error,
}

impl ResultFileError {
    pub(super) fn new(path: &Path, source: io::Error) -> Self {
        Self {
            path: path.to_owned(),
            source,
        }
    }
}
