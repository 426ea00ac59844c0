//! The best trial so far as a file.

use std::error::Error;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{Event, Observer, TrialRecord};
use crate::replace_file::replace_file;

/// Keeps the best trial so far (a JSON [`TrialRecord`]) in a file, for people and other programs.
#[derive(Debug)]
pub struct BestFile {
    path: PathBuf,
}

/// The file can't be written.
#[derive(Debug, thiserror::Error)]
#[error("can't write {}: {source}", path.display())]
pub struct BestFileError {
    path: PathBuf,
    source: io::Error,
}

impl BestFile {
    /// A file, which is written when there is a best trial, and again whenever there is a better one.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Replaces the file as a whole, so that a reader never sees half of it.
    fn write<G: Serialize>(&self, record: &TrialRecord<G>) -> Result<(), BestFileError> {
        let failed = |source| BestFileError {
            path: self.path.clone(),
            source,
        };
        replace_file(&self.path, failed, |new| {
            let json = serde_json::to_vec_pretty(record).map_err(|error| failed(error.into()))?;
            fs::write(new, json).map_err(failed)
        })
    }
}

impl<G: Serialize> Observer<G> for BestFile {
    fn observe(&mut self, event: &Event<'_, G>) -> Result<(), Box<dyn Error + Send + Sync>> {
        let improved = match event {
            Event::Resumed { history, .. } => history.best(),
            Event::Finished { history } if history.since_improvement() == 0 => history.best(),
            _ => None,
        };
        if let Some(best) = improved {
            self.write(best)?;
        }
        Ok(())
    }
}
