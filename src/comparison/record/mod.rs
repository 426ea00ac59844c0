//! The finished runs of a comparison in a file, from which an interrupted comparison resumes.
//!
//! The file `runs.jsonl` is only ever appended to: the settings that every run depends on, then a line of JSON
//! for every algorithm with its own settings, and for every run as it ends.
//!
//! ```text
//! {"comparison":"evonas","format":3,"crate":"0.1.0","benchmark":{…},"setup":{…},"check":"…",…}
//! {"algorithm":"aging","settings":{…},"check":"…",…}
//! {"algorithm":"aging","run":3,"result":{"seed":…,"evaluations":166,"incumbents":[…],…},"check":"…",…}
//! ```
//!
//! It is sealed like a search's journal ([`sealed_log`](crate::sealed_log)): the checksums of every run cover
//! the settings that it was run with. A last line that a power cut left incomplete
//! is dropped, and its run is repeated.

mod options;
mod settings;
mod survey;

pub use options::RunRecordOptions;
pub(crate) use settings::RUNS;
pub(super) use settings::RecordedSettings;
pub(crate) use survey::survey;

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{ComparisonError, Run};
use crate::sealed_log::{LockPolicy, LockedFile, LogReader, LogWriter, RecordError};
use settings::check_algorithm;

pub(crate) const FILE_NAME: &str = "runs.jsonl";

/// The files that [`Comparison::write_csv`](super::Comparison::write_csv) writes.
pub(super) const RESULTS: &str = "runs.csv";

/// Finished runs by their algorithm's name and their number.
pub(super) type FinishedRuns = HashMap<String, HashMap<u64, Run>>;

/// The record of a comparison's runs in a folder, locked against other processes while it lives.
///
/// A comparison with a record ([`ComparisonBuilder::record`](super::ComparisonBuilder::record)) adds each run
/// as it ends, and takes the recorded ones instead of running them again. It may have more runs or other
/// algorithms than the one that was recorded; benchmark, budget, seed, the version of evonas and the settings of
/// an algorithm that was recorded must be the same.
#[derive(Debug)]
pub struct RunRecord {
    path: PathBuf,
    writer: LogWriter,
    /// What was recorded before, until it is read.
    recorded: Option<LogReader>,
}

/// A line after the first: an algorithm that takes part, or one of its runs.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum RecordLine<'a> {
    Algorithm {
        algorithm: Cow<'a, str>,
        settings: Cow<'a, Value>,
    },
    Run {
        algorithm: Cow<'a, str>,
        run: u64,
        result: Cow<'a, Run>,
    },
}

impl RunRecord {
    /// Begins a record in a folder, which is created if necessary.
    ///
    /// # Errors
    /// [`ComparisonError`] if the folder already holds a comparison, or only its results; another
    /// process is using it; or it can't be written or locked.
    pub fn create(folder: impl AsRef<Path>) -> Result<Self, ComparisonError> {
        Self::options().create(folder)
    }

    /// Opens the record in a folder, or begins one.
    ///
    /// # Errors
    /// [`ComparisonError`] if the folder holds results without a record, another process is using it, it holds
    /// something else, or it can't be written or locked.
    pub fn open_or_create(folder: impl AsRef<Path>) -> Result<Self, ComparisonError> {
        Self::options().open_or_create(folder)
    }

    /// How to open a record, for a file system without locks.
    pub fn options() -> RunRecordOptions {
        RunRecordOptions::default()
    }

    fn lock(folder: &Path, policy: LockPolicy) -> Result<Self, ComparisonError> {
        let path = folder.join(FILE_NAME);
        let file = LockedFile::open(&path, policy)?;
        let reader = file.reader().map_err(|source| RecordError::Unwritable {
            path: path.clone(),
            source,
            recorded: false,
        })?;
        Ok(Self {
            recorded: Some(LogReader::new(&path, reader, &RUNS)?),
            writer: LogWriter::new(path.clone(), &RUNS, Box::new(file)),
            path,
        })
    }

    /// The record's file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes the settings and the algorithms, or compares them with the recorded ones; returns the recorded
    /// runs.
    pub(super) fn begin(
        &mut self,
        settings: &RecordedSettings,
        algorithms: &[(&str, Value)],
    ) -> Result<FinishedRuns, ComparisonError> {
        let mut runs = FinishedRuns::new();
        let Some(mut reader) = self.recorded.take() else {
            return Ok(runs);
        };
        let Some(recorded) = reader.header()? else {
            // Half a first line may be there.
            self.writer.resume(0, 0)?;
            self.writer.append(settings, &[])?;
            self.add_algorithms(algorithms, &runs)?;
            return Ok(runs);
        };
        settings.check(&recorded, &self.path)?;
        while let Some(line) = reader.next_line()? {
            let line = serde_json::from_str::<RecordLine<'_>>(line.content);
            match line.map_err(|reason| reader.damaged(reason))? {
                RecordLine::Algorithm {
                    algorithm,
                    settings,
                } => {
                    check_algorithm(&algorithm, &settings, algorithms, &self.path)?;
                    runs.entry(algorithm.into_owned()).or_default();
                }
                RecordLine::Run {
                    algorithm,
                    run,
                    result,
                } => {
                    let without = || reader.damaged(format!("'{algorithm}' has no settings"));
                    let runs = runs.get_mut(&*algorithm).ok_or_else(without)?;
                    if let Some(problem) = result.problem() {
                        return Err(reader.damaged(problem).into());
                    }
                    runs.insert(run, result.into_owned());
                }
            }
        }
        self.writer.resume(reader.chain(), reader.length())?;
        self.add_algorithms(algorithms, &runs)?;
        Ok(runs)
    }

    /// Records the algorithms that have no line yet.
    fn add_algorithms(
        &mut self,
        algorithms: &[(&str, Value)],
        recorded: &FinishedRuns,
    ) -> Result<(), ComparisonError> {
        for &(name, ref settings) in algorithms {
            if !recorded.contains_key(name) {
                let line = RecordLine::Algorithm {
                    algorithm: name.into(),
                    settings: Cow::Borrowed(settings),
                };
                self.writer.append(&line, &[])?;
            }
        }
        Ok(())
    }

    /// A run has ended.
    pub(super) fn add(
        &mut self,
        algorithm: &str,
        number: u64,
        run: &Run,
    ) -> Result<(), ComparisonError> {
        let line = RecordLine::Run {
            algorithm: algorithm.into(),
            run: number,
            result: Cow::Borrowed(run),
        };
        Ok(self.writer.append(&line, &[])?)
    }

    /// The comparison has ended.
    pub(super) fn finish(&mut self) -> Result<(), ComparisonError> {
        Ok(self.writer.finish()?)
    }
}
