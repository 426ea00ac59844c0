//! The journal: the one record of a search, and what it is resumed from.
//!
//! A file `journal.jsonl` to which lines of JSON are only ever appended: a header that says what is
//! searched and how, then a line for every ask, every tell and every attempt that will be retried.
//!
//! ```text
//! {"journal":"evonas","format":2,"crate":"0.1.0","seed":0,"space":{…},"algorithm":{…},"evaluator":{…},…}
//! {"ask":0,"seed":11091344671253066420,"genotype":[true,false],"check":"8c736521","at":0.000210000,…}
//! {"tell":0,"worker":0,"attempt":1,"status":"completed","fitness":1.0,"check":"…","seconds":0.1,"at":0.2,…}
//! ```
//!
//! An `ask` has the `parent` where there is one, and how many draws before it were `refused`; a
//! `tell` has the metrics, the `reports` (step and value), and where it applies a `cost`, a
//! `reason`, or the trial whose evaluation was `reused`; a `retry` looks like the `tell` of an
//! attempt that doesn't count. `at` is the search's clock in seconds, `real` the real time where that
//! clock is a virtual one, `seconds` how long the attempt took.
//!
//! All that does not depend on time comes before `check`: the CRC-32, in hexadecimal, of that part of
//! this line and all lines before it. `time_check` ends the line and covers the rest of it. So any
//! change to any line shows, and two journals of the same serial search are equal up to each `check`.
//!
//! A line counts when it is written: a trial runs after its ask is, and observers hear of an outcome
//! after its tell is. An ask is read back before it is written: a genotype that JSON would change
//! (an infinite float becomes `null`) ends the search there. A line that a power cut left without its end is dropped.

mod error;
mod header;
mod line;
mod lines;
mod read;
mod read_ahead;
pub(crate) mod seal;
mod writer;

#[cfg(test)]
mod tests;

pub use super::Warning;
pub use error::JournalError;
pub use header::Header;
pub use read::{Recorded, read};
pub use writer::{SyncPolicy, UnknownSyncPolicy};

pub(super) use line::{Ending, Entry, EntryKind, Now, Recording};

use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::SearchError;
use crate::algorithm::AlgorithmDescription;
use crate::space::Genotype;
use crate::trial::Trial;
use lines::Lines;
use read_ahead::read_ahead;
use writer::Writer;

const FILE_NAME: &str = "journal.jsonl";

/// The journal of a search in a folder, locked against other processes while it lives.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    evaluator: Value,
    writer: Writer,
    /// What was recorded before and is still to be replayed.
    recorded: Option<Lines>,
    warnings: Vec<Warning>,
}

impl Journal {
    /// Begins a journal in a folder, which is made with its parents if need be.
    ///
    /// # Errors
    /// [`JournalError`] if the folder holds a journal already, another process has it, or it can't
    /// be written.
    pub fn create(folder: impl AsRef<Path>) -> Result<Self, JournalError> {
        let journal = Self::open_or_create(folder)?;
        match &journal.recorded {
            Some(_) => Err(JournalError::Occupied(journal.path)),
            None => Ok(journal),
        }
    }

    /// Goes on with the journal in a folder.
    ///
    /// # Errors
    /// [`JournalError`] if there is none, another process has it, its first line is not the header
    /// of a journal, or it can't be written.
    pub fn open(folder: impl AsRef<Path>) -> Result<Self, JournalError> {
        let path = folder.as_ref().join(FILE_NAME);
        if path.exists() {
            Self::lock(path)
        } else {
            Err(JournalError::Missing(path))
        }
    }

    /// Goes on with the journal in a folder, or begins one.
    ///
    /// # Errors
    /// [`JournalError`] as for [`Journal::create`] and [`Journal::open`].
    pub fn open_or_create(folder: impl AsRef<Path>) -> Result<Self, JournalError> {
        let folder = folder.as_ref();
        fs::create_dir_all(folder).map_err(|source| JournalError::Unwritable {
            path: folder.to_owned(),
            source,
        })?;
        Self::lock(folder.join(FILE_NAME))
    }

    fn lock(path: PathBuf) -> Result<Self, JournalError> {
        let unwritable = |source| JournalError::Unwritable {
            path: path.clone(),
            source,
        };
        let file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .open(&path)
            .map_err(unwritable)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(JournalError::InUse(path)),
            Err(TryLockError::Error(source)) => return Err(unwritable(source)),
        }
        let lines = Lines::open(&path, file.try_clone().map_err(unwritable)?)?;
        let mut warnings = Vec::new();
        let recorded = match lines {
            Ok(lines) => Some(lines),
            Err(torn) => {
                warnings.extend(torn);
                None
            }
        };
        Ok(Self {
            writer: Writer::new(path.clone(), Box::new(file)),
            path,
            evaluator: Value::Null,
            recorded,
            warnings,
        })
    }

    /// Describes the evaluator: its settings as JSON ([`description::of`](crate::description::of)), or a
    /// text. A resumed search must have the same.
    #[must_use]
    pub fn evaluator(mut self, description: impl Into<Value>) -> Self {
        self.evaluator = description.into();
        self
    }

    /// When lines are forced to the disk itself ([`SyncPolicy::Never`] by default).
    #[must_use]
    pub fn sync(mut self, policy: SyncPolicy) -> Self {
        self.writer.policy = policy;
        self
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether there is something to resume.
    #[must_use]
    pub const fn is_resumed(&self) -> bool {
        self.recorded.is_some()
    }

    /// The header of the search that is resumed, if there is one.
    #[must_use]
    pub fn header(&self) -> Option<&Header> {
        self.recorded.as_ref().map(Lines::header)
    }

    #[cfg(test)]
    fn on(storage: Box<dyn writer::Storage>) -> Self {
        let path = PathBuf::from("test");
        Self {
            writer: Writer::new(path.clone(), storage),
            path,
            evaluator: Value::Null,
            recorded: None,
            warnings: Vec::new(),
        }
    }
}

/// Takes a recorded entry.
pub(super) type Replayed<'a, G> = dyn FnMut(Entry<G>) -> Result<(), SearchError> + 'a;

/// What the search loop needs of a journal, whatever the genotype.
pub(super) trait Log<G> {
    /// Writes the header, or compares it with the recorded one; true if there is one.
    fn begin(&mut self, description: AlgorithmDescription) -> Result<bool, JournalError>;

    /// Hands over every recorded entry; then the journal is ready to be written.
    fn replay(&mut self, each: &mut Replayed<'_, G>) -> Result<(), SearchError>;

    fn warnings(&self) -> &[Warning];

    /// A trial was asked for, after so many draws were refused.
    fn asked(&mut self, trial: &Trial<G>, refused: u64, now: Now) -> Result<(), JournalError>;

    /// An attempt at a trial has ended, to be told or retried.
    fn ended(&mut self, kind: EntryKind, ending: &Ending, now: Now) -> Result<(), JournalError>;

    /// The search has ended.
    fn finish(&mut self) -> Result<(), JournalError>;

    fn path(&self) -> &Path;
}

impl<G: Genotype + Serialize + DeserializeOwned> Log<G> for Journal {
    fn begin(&mut self, description: AlgorithmDescription) -> Result<bool, JournalError> {
        let header = Header::new(description, self.evaluator.clone());
        if let Some(lines) = &self.recorded {
            lines.header().check(&header, &self.path)?;
            return Ok(true);
        }
        let started = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
        // A torn header may stand there.
        self.writer.go_on(0, 0)?;
        self.writer.append(&header, &[("started", Some(started))])?;
        self.writer.sync_folder();
        Ok(false)
    }

    fn replay(&mut self, each: &mut Replayed<'_, G>) -> Result<(), SearchError> {
        let Some(lines) = &mut self.recorded else {
            return Ok(());
        };
        read_ahead(lines, each)?;
        self.writer.go_on(lines.chain(), lines.length())?;
        self.warnings.extend(lines.torn());
        self.recorded = None;
        Ok(())
    }

    fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    fn asked(&mut self, trial: &Trial<G>, refused: u64, now: Now) -> Result<(), JournalError> {
        let ask = line::AskLine::new(trial, refused);
        let times = [("at", Some(now.at)), ("real", now.real)];
        self.writer.append_if(&ask, &times, |json| {
            line::check_ask(json, trial).map_err(|reason| JournalError::ChangedByJson {
                trial: trial.id,
                genotype: format!("{:?}", trial.genotype),
                reason,
            })
        })
    }

    fn ended(&mut self, kind: EntryKind, ending: &Ending, now: Now) -> Result<(), JournalError> {
        let times = [
            ("seconds", Some(ending.duration)),
            ("at", Some(now.at)),
            ("real", now.real),
        ];
        self.writer
            .append(&line::EndingLine::new(kind, ending), &times)
    }

    fn finish(&mut self) -> Result<(), JournalError> {
        self.writer.finish()
    }

    fn path(&self) -> &Path {
        &self.path
    }
}

/// Opens a journal for reading alone; it may be in use.
fn open_read_only(path: &Path) -> Result<File, JournalError> {
    File::open(path).map_err(|source| match source.kind() {
        std::io::ErrorKind::NotFound => JournalError::Missing(path.to_owned()),
        _ => JournalError::Unreadable {
            path: path.to_owned(),
            source,
        },
    })
}
