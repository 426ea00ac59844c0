//! Reading a journal without a search.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::path::Path;

use serde::de::DeserializeOwned;

use super::attempt::EntryKind;
use super::entry::{RecordedEvent, next_entry};
use super::error::JournalError;
use super::header::{JOURNAL, JournalHeader};
use super::{FILE_NAME, Warning};
use crate::sealed_log::{LogReader, RecordError, open_read_only};
use crate::search::{History, TrialRecord};
use crate::trial::{Trial, TrialId};

/// The content of a journal.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Recorded<G> {
    /// What is searched and how.
    pub header: JournalHeader,
    /// Every finished trial, in the order of finishing.
    pub history: History<G>,
    /// The unfinished trials, in the order of asking.
    pub in_flight: Vec<Trial<G>>,
    /// Problems with the journal.
    pub warnings: Vec<Warning>,
}

impl<G> Recorded<G> {
    /// The completed trials whose scores compare ([`History::comparable`]), the fittest first, for a warm start.
    #[must_use]
    pub fn fittest(&self) -> Vec<&TrialRecord<G>> {
        let mut records: Vec<_> = self.history.comparable().collect();
        let fitness = |record: &TrialRecord<G>| record.fitness().unwrap_or(f64::NEG_INFINITY);
        records.sort_by(|left, right| fitness(right).total_cmp(&fitness(left)));
        records
    }
}

/// Reads the journal in a folder, even while its search runs: reading takes no lock, and a line that is being
/// written is left out with a warning.
///
/// # Errors
/// [`ReadError`] if there is no journal or it is empty, it is damaged, or its genotypes have another type
/// ([`JournalError::OtherGenotype`]). The error has all that was recorded before the damage.
pub fn read<G: DeserializeOwned>(folder: impl AsRef<Path>) -> Result<Recorded<G>, ReadError<G>> {
    let path = folder.as_ref().join(FILE_NAME);
    let mut reader = LogReader::new(&path, open_read_only(&path)?, &JOURNAL)?;
    let Some(header) = reader.header::<JournalHeader>()? else {
        return Err(JournalError::Empty(path).into());
    };
    let mut history = History::with_objectives(header.objectives());
    let mut in_flight = BTreeMap::new();
    let read = read_entries(&mut reader, &path, &mut history, &mut in_flight);
    let recorded = Recorded {
        header,
        history,
        in_flight: in_flight.into_values().collect(),
        warnings: reader.torn().map(Warning::from).into_iter().collect(),
    };
    match read {
        Ok(()) => Ok(recorded),
        Err(error) => Err(ReadError {
            error,
            sound: Some(Box::new(recorded)),
        }),
    }
}

fn read_entries<G: DeserializeOwned>(
    reader: &mut LogReader,
    path: &Path,
    history: &mut History<G>,
    in_flight: &mut BTreeMap<TrialId, Trial<G>>,
) -> Result<(), JournalError> {
    while let Some(entry) = next_entry::<G>(reader, path)? {
        match entry.event {
            RecordedEvent::Ask { trial, .. } => {
                in_flight.insert(trial.id, trial);
            }
            RecordedEvent::AttemptEnded(EntryKind::Retry, _) => {}
            RecordedEvent::AttemptEnded(EntryKind::Tell, end) => {
                let trial = in_flight.remove(&end.trial).ok_or_else(|| {
                    reader.damaged(format!("trial {} is not in flight", end.trial))
                })?;
                history.push(end.into_record(trial));
            }
        }
    }
    Ok(())
}

/// Why a journal can't be read to its end, with what was recorded before that.
#[non_exhaustive]
pub struct ReadError<G> {
    /// Why it can't be read further.
    pub error: JournalError,
    /// What the lines before record; `None` if not even the header can be read.
    pub sound: Option<Box<Recorded<G>>>,
}

impl<G> fmt::Debug for ReadError<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let finished = self.sound.as_ref().map(|sound| sound.history.len());
        f.debug_struct("ReadError")
            .field("error", &self.error)
            .field("sound_trials", &finished)
            .finish()
    }
}

impl<G> fmt::Display for ReadError<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl<G> Error for ReadError<G> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.error)
    }
}

impl<G> From<JournalError> for ReadError<G> {
    fn from(error: JournalError) -> Self {
        Self { error, sound: None }
    }
}

impl<G> From<RecordError> for ReadError<G> {
    fn from(error: RecordError) -> Self {
        JournalError::from(error).into()
    }
}

impl<G> From<ReadError<G>> for JournalError {
    fn from(error: ReadError<G>) -> Self {
        error.error
    }
}
