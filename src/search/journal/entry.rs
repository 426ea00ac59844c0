//! Lines after the header: asks, tells and retries.

use std::path::Path;

use serde::de::DeserializeOwned;

use super::ask::{NoEntry, parse_ask};
use super::attempt::{AttemptEnd, EntryKind, parse_attempt_end};
use super::error::JournalError;
use super::times::{Now, split_times};
use crate::sealed_log::{LogReader, SealedLine};
use crate::trial::Trial;

/// A recorded entry.
pub(in crate::search) struct JournalEntry<G> {
    /// Its line, from 1.
    pub(in crate::search) line: u64,
    pub(in crate::search) now: Now,
    pub(in crate::search) event: RecordedEvent<G>,
}

/// What an entry records.
pub(in crate::search) enum RecordedEvent<G> {
    Ask { trial: Trial<G>, refused: u64 },
    AttemptEnded(EntryKind, AttemptEnd),
}

/// Reads the next entry: `None` at the end of the journal.
pub(super) fn next_entry<G: DeserializeOwned>(
    reader: &mut LogReader,
    path: &Path,
) -> Result<Option<JournalEntry<G>>, JournalError> {
    let Some(line) = reader.next_line()? else {
        return Ok(None);
    };
    let number = line.number;
    match parse(line) {
        Ok(entry) => Ok(Some(entry)),
        Err(NoEntry::Damaged(reason)) => Err(reader.damaged(reason).into()),
        Err(NoEntry::OtherGenotype(reason)) => Err(JournalError::OtherGenotype {
            path: path.to_owned(),
            line: number,
            reason,
        }),
    }
}

pub(super) fn parse<G: DeserializeOwned>(line: SealedLine<'_>) -> Result<JournalEntry<G>, NoEntry> {
    let (seconds, now) = split_times(line.times).ok_or("its times can't be read")?;
    let event = if line.content.starts_with(r#"{"ask":"#) {
        let (trial, refused) = parse_ask(line.content)?;
        RecordedEvent::Ask { trial, refused }
    } else {
        let (kind, end) = parse_attempt_end(line.content, seconds)?;
        RecordedEvent::AttemptEnded(kind, end)
    };
    Ok(JournalEntry {
        line: line.number,
        now,
        event,
    })
}
