//! What the search loop needs of a journal.

use std::path::Path;
use std::time::SystemTime;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::ask::{AskLine, check_ask};
use super::attempt::AttemptEndLine;
use super::read_ahead::{TakeEntry, read_ahead};
use super::{AttemptEnd, EntryKind, Journal, JournalError, JournalHeader, Now};
use crate::algorithm::AlgorithmDescription;
use crate::excerpt::passage;
use crate::search::{Duplicates, SearchError, Warning};
use crate::space::Genotype;
use crate::trial::Trial;

/// A journal of any type of genotype.
pub(in crate::search) trait SearchJournal<G> {
    /// Writes the header, or compares it with the recorded one; true if there is one.
    fn begin(
        &mut self,
        seed: u64,
        description: AlgorithmDescription,
        duplicates: Duplicates,
    ) -> Result<bool, JournalError>;

    /// Hands over every recorded entry. After that the journal can be written.
    fn replay(&mut self, each: &mut TakeEntry<'_, G>) -> Result<(), SearchError>;

    fn warnings(&self) -> &[Warning];

    /// Records that a trial was asked for after `refused` draws were refused.
    fn asked(&mut self, trial: &Trial<G>, refused: u64, now: Now) -> Result<(), JournalError>;

    /// Records the end of an attempt, which is told or retried.
    fn ended(&mut self, kind: EntryKind, end: &AttemptEnd, now: Now) -> Result<(), JournalError>;

    /// The search has ended.
    fn finish(&mut self) -> Result<(), JournalError>;

    fn path(&self) -> &Path;
}

impl<G: Genotype + Serialize + DeserializeOwned> SearchJournal<G> for Journal {
    fn begin(
        &mut self,
        seed: u64,
        description: AlgorithmDescription,
        duplicates: Duplicates,
    ) -> Result<bool, JournalError> {
        let header = JournalHeader::new(seed, description, self.evaluator.clone(), duplicates);
        if let Some((recorded, _)) = &self.recorded {
            recorded.check(&header, &self.path)?;
            return Ok(true);
        }
        let started = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
        // Half a header may be there.
        self.writer.resume(0, 0)?;
        self.writer.append(&header, &[("started", Some(started))])?;
        self.writer.sync_folder();
        Ok(false)
    }

    fn replay(&mut self, each: &mut TakeEntry<'_, G>) -> Result<(), SearchError> {
        let Some((_, reader)) = &mut self.recorded else {
            return Ok(());
        };
        read_ahead(reader, &self.path, each)?;
        self.writer
            .resume(reader.chain(), reader.length())
            .map_err(JournalError::from)?;
        self.warnings.extend(reader.torn().map(Warning::from));
        self.recorded = None;
        Ok(())
    }

    fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    fn asked(&mut self, trial: &Trial<G>, refused: u64, now: Now) -> Result<(), JournalError> {
        let times = [("at", Some(now.at)), ("real", now.real)];
        self.writer
            .append_if(&AskLine::new(trial, refused), &times, |json| {
                check_ask(json, trial).map_err(|reason| JournalError::ChangedByJson {
                    trial: trial.id,
                    genotype: passage(&format!("{:?}", trial.genotype)).to_string(),
                    reason,
                })
            })
    }

    fn ended(&mut self, kind: EntryKind, end: &AttemptEnd, now: Now) -> Result<(), JournalError> {
        let times = [
            ("seconds", Some(end.duration)),
            ("at", Some(now.at)),
            ("real", now.real),
        ];
        Ok(self
            .writer
            .append(&AttemptEndLine::new(kind, end), &times)?)
    }

    fn finish(&mut self) -> Result<(), JournalError> {
        Ok(self.writer.finish()?)
    }

    fn path(&self) -> &Path {
        &self.path
    }
}
