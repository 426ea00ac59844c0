//! The journal: the only record of a search, from which it resumes.
//!
//! The file `journal.jsonl` is only ever appended to: a header that says what is searched and how, then a
//! line of JSON for every ask, every tell and every attempt that will be retried.
//!
//! ```text
//! {"journal":"evonas","format":3,"crate":"0.1.0","seed":0,"space":{…},"algorithm":{…},"evaluator":{…},…}
//! {"ask":0,"seed":11091344671253066420,"genotype":[true,false],"check":"8c736521","at":0.000210000,…}
//! {"tell":0,"worker":0,"attempt":1,"status":"completed","fitness":1.0,"check":"…","seconds":0.1,"at":0.2,…}
//! ```
//!
//! An `ask` has the `parent`, the `mate` (the second parent), the trial that it `continues` and the `fidelity`, if there
//! are any, and how many draws before it were `refused`. A `tell` has the metrics, the `reports` (step and value) with the
//! `last_step` if it is known, and, where they apply, a `cost`, a `reason`, or the trial whose evaluation was
//! `reused`. A `retry` looks like the `tell` of an attempt that doesn't count. `at` is the search's clock in
//! seconds, `real` the real time if that clock is a virtual one, `seconds` how long the attempt took.
//!
//! Everything that doesn't depend on time comes before `check`: the CRC-32, in hexadecimal, of that part of
//! this line and all lines before it. `time_check` ends the line and covers the rest of it. So any change to
//! any line shows, and two journals of the same serial search are equal up to each `check`.
//!
//! A line is written before it counts: a trial runs only after its ask is on record, and observers see an
//! outcome only after its tell is on record. An ask is read back before it is written: a genotype that JSON
//! would change (an infinite float becomes `null`) ends the search there. A last line that a power cut left
//! incomplete, or with zeros in it, is dropped. Any other damage is an error, which [`read()`] returns together with
//! all that is sound before it, and after which [`records::repair`](crate::records::repair) cuts the journal off.

mod ask;
mod attempt;
mod entry;
mod error;
mod header;
mod options;
mod read;
mod read_ahead;
mod recording;
mod survey;
#[cfg(feature = "report")]
mod timeline;
mod times;
mod what_if;

#[cfg(test)]
mod tests;

pub use super::Warning;
pub use crate::sealed_log::{LockPolicy, RecordError, RecordKind, SyncPolicy};
pub use error::JournalError;
pub use header::JournalHeader;
pub use options::JournalOptions;
pub use read::{ReadError, Recorded, read};
pub use what_if::{Divergence, DivergenceReason, Replayed, Steps, WhatIf};

pub(super) use attempt::{AttemptEnd, EntryKind};
pub(super) use entry::{JournalEntry, RecordedEvent};
pub(crate) use header::JOURNAL;
pub(super) use recording::SearchJournal;
pub(crate) use survey::survey;
#[cfg(feature = "report")]
pub(crate) use timeline::{RecordedAttempt, RecordedTrial, Timeline, timeline};
pub(super) use times::Now;

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::sealed_log::{LockedFile, LogReader, LogWriter};

pub(crate) const FILE_NAME: &str = "journal.jsonl";

/// The journal of a search in a folder, locked against other processes while it lives.
///
/// ```
/// use evonas::prelude::*;
/// # let ones = |bits: &Vec<bool>, _: &Context<'_>| Ok(Evaluation::new(f64::from(bits[0])));
/// # let scratch = tempfile::tempdir()?;
/// # let folder = scratch.path();
///
/// // The second search resumes the first.
/// for trials in [10, 30] {
///     let random = RandomSearch::new(BitsSpace { length: 8 }, 1);
///     let journal = Journal::open_or_create(folder)?.evaluator("the first bit");
///     assert_eq!(journal.is_resumed(), trials == 30);
///     let search = Search::new(random, Serial::new(ones), Budget::trials(trials));
///     let result = search.journal(journal).run()?;
///     assert_eq!(result.history.len() as u64, trials);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    evaluator: Value,
    writer: LogWriter,
    /// What was recorded before and is still to be replayed.
    recorded: Option<(JournalHeader, LogReader)>,
    warnings: Vec<Warning>,
    lock: JournalLock,
}

/// Keeps other processes from using a journal ([`Journal::lock`]) until it and its clones are dropped.
#[derive(Clone, Debug)]
pub struct JournalLock {
    /// `None` in tests without a file.
    _file: Option<LockedFile>,
}

impl Journal {
    /// Begins a journal in a folder, which is created if necessary.
    ///
    /// # Errors
    /// [`JournalError`] if the folder holds a journal already, another process is using it, or it can't
    /// be written or locked.
    pub fn create(folder: impl AsRef<Path>) -> Result<Self, JournalError> {
        Self::options().create(folder)
    }

    /// Opens the journal in a folder, to resume its search.
    ///
    /// # Errors
    /// [`JournalError`] if there is none, another process is using it, its first line is not the header
    /// of a journal, or it can't be written or locked.
    pub fn open(folder: impl AsRef<Path>) -> Result<Self, JournalError> {
        Self::options().open(folder)
    }

    /// Opens the journal in a folder, or begins one.
    ///
    /// # Errors
    /// [`JournalError`] as for [`Journal::create`] and [`Journal::open`].
    pub fn open_or_create(folder: impl AsRef<Path>) -> Result<Self, JournalError> {
        Self::options().open_or_create(folder)
    }

    /// How to open a journal, for a file system without locks.
    pub fn options() -> JournalOptions {
        JournalOptions::default()
    }

    fn of(path: PathBuf, policy: LockPolicy) -> Result<Self, JournalError> {
        let file = LockedFile::open(&path, policy)?;
        let reader = file.reader().map_err(|source| RecordError::Unwritable {
            path: path.clone(),
            source,
            recorded: false,
        })?;
        let mut reader = LogReader::new(&path, reader, &JOURNAL)?;
        let header = reader.header()?;
        Ok(Self {
            lock: JournalLock {
                _file: Some(file.clone()),
            },
            warnings: reader.torn().map(Warning::from).into_iter().collect(),
            recorded: header.map(|header| (header, reader)),
            writer: LogWriter::new(path.clone(), &JOURNAL, Box::new(file)),
            evaluator: Value::Null,
            path,
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

    /// Keeps the journal locked after its search, which otherwise lets go of it when it ends: for work that no
    /// other process must do on the same folder meanwhile, such as training what was found.
    ///
    /// ```
    /// use evonas::prelude::*;
    /// # let ones = |bits: &Vec<bool>, _: &Context<'_>| Ok(Evaluation::new(f64::from(bits[0])));
    /// # let random = || RandomSearch::new(BitsSpace { length: 8 }, 1);
    /// # let scratch = tempfile::tempdir()?;
    /// # let folder = scratch.path();
    ///
    /// let journal = Journal::create(folder)?;
    /// let lock = journal.lock();
    /// let search = Search::new(random(), Serial::new(ones), Budget::trials(9)).journal(journal);
    /// let result = search.run()?;
    /// assert!(Journal::open(folder).is_err());
    /// // Use the result.
    /// drop(lock);
    /// assert!(Journal::open(folder).is_ok());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn lock(&self) -> JournalLock {
        self.lock.clone()
    }

    /// The journal's file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether there is a search to resume.
    #[must_use]
    pub const fn is_resumed(&self) -> bool {
        self.recorded.is_some()
    }

    /// The header of the recorded search, if there is one.
    #[must_use]
    pub fn header(&self) -> Option<&JournalHeader> {
        self.recorded.as_ref().map(|(header, _)| header)
    }

    #[cfg(test)]
    fn on(storage: Box<dyn crate::sealed_log::Storage>) -> Self {
        let path = PathBuf::from("test");
        Self {
            writer: LogWriter::new(path.clone(), &JOURNAL, storage),
            path,
            evaluator: Value::Null,
            recorded: None,
            warnings: Vec::new(),
            lock: JournalLock { _file: None },
        }
    }
}
