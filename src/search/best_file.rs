//! The best trial so far as a file.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::file_error::ResultFileError;
use super::history::TrialRecord;
use super::observer::{Event, Observer};
use crate::replace_file::replace_file;

/// Keeps the best trial so far, a JSON [`TrialRecord`], in a file for people and other programs.
#[derive(Debug)]
pub struct BestFile {
    path: PathBuf,
}

impl BestFile {
    /// A file that is written whenever there is a better trial than before.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Replaces the file atomically: a reader never sees half of it.
    fn write<G: Serialize>(&self, record: &TrialRecord<G>) -> Result<(), ResultFileError> {
        let failed = |source| ResultFileError::new(&self.path, source);
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
