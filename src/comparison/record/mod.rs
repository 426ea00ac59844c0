//! The finished runs of a comparison in a file, which an interrupted comparison goes on with.
//!
//! A file `runs.jsonl` to which lines of JSON are only ever appended: the settings that every run depends on,
//! then a line for every run as it ends.
//!
//! ```text
//! {"comparison":"evonas","format":2,"crate":"0.1.0","benchmark":{…},"setup":{…},"check":"…",…}
//! {"algorithm":"aging","run":3,"result":{"seed":…,"evaluations":166,"incumbents":[…],…},"check":"…",…}
//! ```
//!
//! A line ends with the checksums of a journal's ([`seal`]), which go on from line to line: every run is
//! sealed with the settings that it was run by. A last line without its end, which a power cut leaves, is
//! dropped, and its run is run again.

mod error;
mod lines;
mod settings;

pub use error::RunRecordError;
pub(super) use settings::Settings;

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{Contender, Run};
use crate::search::journal::seal::seal;
use lines::Lines;

const FILE_NAME: &str = "runs.jsonl";

/// What [`Comparison::write_csv`](super::Comparison::write_csv) leaves in its folder.
pub(super) const RESULTS: &str = "runs.csv";

/// Finished runs by algorithm and number.
pub(super) type FinishedRuns = HashMap<(Contender, u64), Run>;

/// The record of a comparison's runs in a folder, locked against other processes while it lives.
///
/// A comparison with a record ([`ComparisonBuilder::record`](super::ComparisonBuilder::record)) adds each run
/// as it ends, and takes those that are there instead of running them again. It may have more runs or other
/// algorithms than the one that was recorded; benchmark, population, sample, budget, seed and the version of
/// evonas must be the same.
#[derive(Debug)]
pub struct RunRecord {
    path: PathBuf,
    file: File,
    /// The checksum to go on from, and how many bytes of the file count.
    chain: u32,
    length: u64,
}

/// The line of a run.
#[derive(Debug, Serialize, Deserialize)]
struct Line<R> {
    algorithm: String,
    run: u64,
    result: R,
}

/// Whether there is a record with something in it.
fn holds_record(folder: &Path) -> bool {
    fs::metadata(folder.join(FILE_NAME)).is_ok_and(|file| file.len() > 0)
}

impl RunRecord {
    /// Begins a record in a folder, which is made with its parents if need be.
    ///
    /// # Errors
    /// [`RunRecordError`] if the folder holds a comparison already, recorded or only its results; another
    /// process has it; or it can't be written.
    pub fn create(folder: impl AsRef<Path>) -> Result<Self, RunRecordError> {
        let folder = folder.as_ref();
        match holds_record(folder) || folder.join(RESULTS).exists() {
            true => Err(RunRecordError::Occupied(folder.to_owned())),
            false => Self::lock(folder),
        }
    }

    /// Goes on with the record in a folder, or begins one.
    ///
    /// # Errors
    /// [`RunRecordError`] if the folder holds results without a record, another process has it, or it
    /// can't be written.
    pub fn open_or_create(folder: impl AsRef<Path>) -> Result<Self, RunRecordError> {
        let folder = folder.as_ref();
        match !holds_record(folder) && folder.join(RESULTS).exists() {
            true => Err(RunRecordError::NoRecord(folder.to_owned())),
            false => Self::lock(folder),
        }
    }

    fn lock(folder: &Path) -> Result<Self, RunRecordError> {
        let path = folder.join(FILE_NAME);
        let unwritable = |path: &Path, source| RunRecordError::Unwritable {
            path: path.to_owned(),
            source,
        };
        fs::create_dir_all(folder).map_err(|source| unwritable(folder, source))?;
        let file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .open(&path)
            .map_err(|source| unwritable(&path, source))?;
        match file.try_lock() {
            Ok(()) => Ok(Self {
                path,
                file,
                chain: 0,
                length: 0,
            }),
            Err(TryLockError::WouldBlock) => Err(RunRecordError::InUse(path)),
            Err(TryLockError::Error(source)) => Err(unwritable(&path, source)),
        }
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes the settings, or compares them with the recorded ones; the runs that were recorded.
    pub(super) fn begin(&mut self, settings: &Settings) -> Result<FinishedRuns, RunRecordError> {
        let mut lines = Lines::read(&self.path, &self.file)?;
        let Some(recorded) = lines.settings()? else {
            // A first line without its end may stand there.
            self.set_length()?;
            self.append(settings)?;
            return Ok(FinishedRuns::new());
        };
        settings.check(&recorded, &self.path)?;
        let mut runs = FinishedRuns::new();
        while let Some(Line {
            algorithm,
            run,
            result,
        }) = lines.next_line()?
        {
            let contender: Contender = algorithm.parse().map_err(|reason| lines.damaged(reason))?;
            runs.insert((contender, run), result);
        }
        (self.chain, self.length) = lines.end();
        self.set_length()?;
        Ok(runs)
    }

    /// A run has ended.
    pub(super) fn add(
        &mut self,
        contender: Contender,
        number: u64,
        run: &Run,
    ) -> Result<(), RunRecordError> {
        self.append(&Line {
            algorithm: contender.name().to_owned(),
            run: number,
            result: run,
        })
    }

    fn append(&mut self, content: &impl Serialize) -> Result<(), RunRecordError> {
        let written = serde_json::to_vec(content)
            .map_err(Into::into)
            .and_then(|mut line| {
                // The closing brace comes at the end.
                line.pop();
                let chain = seal(&mut line, self.chain, |_| Ok(()))?;
                self.file.write_all(&line)?;
                Ok((chain, line.len() as u64))
            });
        match written {
            Ok((chain, length)) => {
                self.chain = chain;
                self.length += length;
                Ok(())
            }
            Err(source) => {
                // Half a line may stand there. If it can't be taken back, reading drops it.
                let _ = self.file.set_len(self.length);
                Err(self.unwritable(source))
            }
        }
    }

    /// Drops what stands behind the lines that count.
    fn set_length(&self) -> Result<(), RunRecordError> {
        self.file
            .set_len(self.length)
            .map_err(|source| self.unwritable(source))
    }

    fn unwritable(&self, source: std::io::Error) -> RunRecordError {
        RunRecordError::Unwritable {
            path: self.path.clone(),
            source,
        }
    }
}
