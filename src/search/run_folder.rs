//! A folder that records a run.

use std::error::Error;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{Event, Observer, TrialRecord};

/// Records a search in a folder: every finished trial as a line of `trials.jsonl` (a JSON
/// [`TrialRecord`]) as soon as it ends, and the best so far as `best.json`.
#[derive(Debug)]
pub struct RunFolder {
    path: PathBuf,
    trials: File,
}

/// A run folder that can't be.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunFolderError {
    /// It holds a run already.
    #[error("{} already holds a run; choose another folder or remove it", .0.display())]
    Occupied(PathBuf),
    /// It can't be written.
    #[error("can't write {}: {source}; choose a folder that you may write to", path.display())]
    Unwritable {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl RunFolder {
    /// Makes the folder, with its parents, or takes an existing one that holds no run.
    ///
    /// # Errors
    /// [`RunFolderError`] if it holds a run or can't be written.
    pub fn create(path: impl Into<PathBuf>) -> Result<Self, RunFolderError> {
        let path = path.into();
        let unwritable = |path: &Path, source| RunFolderError::Unwritable {
            path: path.to_owned(),
            source,
        };
        fs::create_dir_all(&path).map_err(|source| unwritable(&path, source))?;
        let file = path.join("trials.jsonl");
        let trials = match OpenOptions::new().write(true).create_new(true).open(&file) {
            Ok(trials) => trials,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(RunFolderError::Occupied(path));
            }
            Err(source) => return Err(unwritable(&file, source)),
        };
        Ok(Self { path, trials })
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn record<G: Serialize>(&mut self, record: &TrialRecord<G>) -> io::Result<()> {
        let mut line = serde_json::to_vec(record)?;
        line.push(b'\n');
        self.trials.write_all(&line)
    }

    /// Replaces `best.json` as a whole, so that a reader never sees half of it.
    fn record_best<G: Serialize>(&self, record: &TrialRecord<G>) -> io::Result<()> {
        let new = self.path.join("best.json.new");
        fs::write(&new, serde_json::to_vec_pretty(record)?)?;
        fs::rename(new, self.path.join("best.json"))
    }
}

impl<G: Serialize> Observer<G> for RunFolder {
    fn observe(&mut self, event: &Event<'_, G>) -> Result<(), Box<dyn Error + Send + Sync>> {
        let Event::Finished { history } = event else {
            return Ok(());
        };
        let (Some(last), best) = (history.last(), history.best()) else {
            return Ok(());
        };
        let mut result = self.record(last);
        if result.is_ok() && best.is_some_and(|best| best.id == last.id) {
            result = self.record_best(last);
        }
        result.map_err(|source| RunFolderError::Unwritable {
            path: self.path.clone(),
            source,
        })?;
        Ok(())
    }
}
