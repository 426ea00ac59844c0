//! How far a journal is sound, whatever the type of its genotypes.

use std::collections::HashSet;

use serde::de::IgnoredAny;

use super::attempt::EntryKind;
use super::entry::{RecordedEvent, parse};
use super::header::JournalHeader;
use crate::sealed_log::{LogReader, RecordError, SealedLine, Survey};
use crate::trial::TrialId;

/// How far a journal is sound.
pub(crate) struct JournalSurvey {
    pub(crate) lines: Survey,
    /// The finished trials of the sound lines.
    pub(crate) finished: u64,
    /// The trials that were asked for and didn't finish.
    pub(crate) unfinished: u64,
}

/// Reads a journal to its end or the first line that isn't sound.
pub(crate) fn survey(reader: LogReader) -> Result<JournalSurvey, RecordError> {
    let mut finished = 0;
    let mut in_flight = HashSet::new();
    let header = |reader: &mut LogReader| Ok(reader.header::<JournalHeader>()?.is_some());
    let lines = crate::sealed_log::survey(reader, header, |line| {
        finished += u64::from(check(line, &mut in_flight)?);
        Ok(())
    })?;
    Ok(JournalSurvey {
        lines,
        finished,
        unfinished: in_flight.len() as u64,
    })
}

/// Whether the line finishes a trial; the error says why it can't follow the lines before.
fn check(line: SealedLine<'_>, in_flight: &mut HashSet<TrialId>) -> Result<bool, String> {
    let entry = parse::<IgnoredAny>(line).map_err(|error| error.to_string())?;
    let trial = match entry.event {
        RecordedEvent::Ask { trial, .. } => {
            return match in_flight.insert(trial.id) {
                true => Ok(false),
                false => Err(format!("trial {} was asked for before", trial.id)),
            };
        }
        RecordedEvent::AttemptEnded(EntryKind::Retry, _) => return Ok(false),
        RecordedEvent::AttemptEnded(EntryKind::Tell, end) => end.trial,
    };
    match in_flight.remove(&trial) {
        true => Ok(true),
        false => Err(format!("trial {trial} is not in flight")),
    }
}
