//! A file with a line for every finished trial.

use std::error::Error;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::file_error::ResultFileError;
use super::observer::{Event, Observer};
use super::trial_record::TrialRecord;

/// Keeps every finished trial, a JSON [`TrialRecord`], as a line of a file for people and other programs.
///
/// A search resumes from its [`Journal`](super::Journal), never from this file, which is rewritten whenever a
/// search begins or resumes.
#[derive(Debug)]
pub struct TrialsFile {
    path: PathBuf,
    file: Option<BufWriter<File>>,
}

impl TrialsFile {
    /// A file that is created when the search begins.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            file: None,
        }
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn write<G: Serialize>(&mut self, records: &[TrialRecord<G>]) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            None => self.file.insert(BufWriter::new(File::create(&self.path)?)),
        };
        for record in records {
            serde_json::to_writer(&mut *file, record)?;
            file.write_all(b"\n")?;
        }
        file.flush()
    }
}

impl<G: Serialize> Observer<G> for TrialsFile {
    fn observe(&mut self, event: &Event<'_, G>) -> Result<(), Box<dyn Error + Send + Sync>> {
        let written = match event {
            Event::Began { .. } => self.write::<G>(&[]),
            Event::Resumed { history, .. } => {
                self.file = None;
                self.write(history.records())
            }
            Event::Finished { history } => {
                let records = history.records();
                self.write(&records[records.len().saturating_sub(1)..])
            }
            _ => Ok(()),
        };
        Ok(written.map_err(|source| ResultFileError::new(&self.path, source))?)
    }
}
