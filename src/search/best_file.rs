//! The best trial so far as a file.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::file_error::ResultFileError;
use super::observer::{Event, Observer};
use super::trial_record::TrialRecord;
use crate::replace_file::replace_file;
use crate::trial::TrialId;

/// Keeps the best trial so far, a JSON [`TrialRecord`], in a file for people and other programs.
#[derive(Debug)]
pub struct BestFile {
    path: PathBuf,
    /// The trial that the file holds.
    written: Option<TrialId>,
}

impl BestFile {
    /// A file that is written whenever there is a better trial than before.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            written: None,
        }
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
        let best = match event {
            Event::Resumed { history, .. } | Event::Finished { history } => history.best(),
            _ => None,
        };
        // With objectives, an earlier trial may become the best again when the best one is dominated.
        if let Some(best) = best
            && self.written != Some(best.id)
        {
            self.write(best)?;
            self.written = Some(best.id);
        }
        Ok(())
    }
}
