//! A folder that records a run.

use std::error::Error;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{Event, Observer, TrialRecord};

const TRIALS: &str = "trials.jsonl";

/// Records a search in a folder: every finished trial as a line of `trials.jsonl` (a JSON
/// [`TrialRecord`]) as soon as it ends, and the best so far as `best.json`.
#[derive(Debug)]
pub struct RunFolder {
    path: PathBuf,
    trials: Option<File>,
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
    /// Makes the folder, with its parents, or takes an existing one that holds no run. Its files
    /// are made when the search begins.
    ///
    /// # Errors
    /// [`RunFolderError`] if it holds a run or can't be written.
    pub fn create(path: impl Into<PathBuf>) -> Result<Self, RunFolderError> {
        let path = path.into();
        let unwritable = |source| RunFolderError::Unwritable {
            path: path.clone(),
            source,
        };
        fs::create_dir_all(&path).map_err(unwritable)?;
        if path.join(TRIALS).exists() {
            return Err(RunFolderError::Occupied(path));
        }
        let probe = path.join("trials.jsonl.new");
        fs::write(&probe, "")
            .and_then(|()| fs::remove_file(&probe))
            .map_err(unwritable)?;
        Ok(Self { path, trials: None })
    }

    fn begin(&mut self) -> Result<(), RunFolderError> {
        // create_new: of two processes that begin at once, one is refused.
        let opened = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(self.path.join(TRIALS));
        match opened {
            Ok(trials) => self.trials = Some(trials),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(RunFolderError::Occupied(self.path.clone()));
            }
            Err(source) => {
                return Err(RunFolderError::Unwritable {
                    path: self.path.clone(),
                    source,
                });
            }
        }
        Ok(())
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn record<G: Serialize>(&mut self, record: &TrialRecord<G>) -> io::Result<()> {
        let mut line = serde_json::to_vec(record)?;
        line.push(b'\n');
        match &mut self.trials {
            Some(trials) => trials.write_all(&line),
            None => Err(io::Error::other("the search has not begun")),
        }
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
        let history = match event {
            Event::Began { .. } => return Ok(self.begin()?),
            Event::Finished { history } => history,
            _ => return Ok(()),
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
