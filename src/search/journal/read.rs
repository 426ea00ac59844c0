//! Reading a journal without a search.

use std::collections::BTreeMap;
use std::path::Path;

use serde::de::DeserializeOwned;

use super::attempt::EntryKind;
use super::entry::{RecordedEvent, next_entry};
use super::error::JournalError;
use super::header::{JOURNAL, JournalHeader};
use super::{FILE_NAME, Warning};
use crate::sealed_log::{LogReader, open_read_only};
use crate::search::{History, TrialRecord};
use crate::trial::Trial;

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
    /// The completed trials, the fittest first, for a warm start.
    #[must_use]
    pub fn fittest(&self) -> Vec<&TrialRecord<G>> {
        let mut records: Vec<_> = self
            .history
            .records()
            .iter()
            .filter(|record| record.fitness().is_some())
            .collect();
        let fitness = |record: &TrialRecord<G>| record.fitness().unwrap_or(f64::NEG_INFINITY);
        records.sort_by(|left, right| fitness(right).total_cmp(&fitness(left)));
        records
    }
}

/// Reads the journal in a folder, even while its search runs: reading takes no lock, and a line that is being
/// written is left out with a warning.
///
/// # Errors
/// [`JournalError`] if there is no journal or it is empty, it is damaged, or its genotypes have another
/// type ([`JournalError::OtherGenotype`]).
pub fn read<G: DeserializeOwned>(folder: impl AsRef<Path>) -> Result<Recorded<G>, JournalError> {
    let path = folder.as_ref().join(FILE_NAME);
    let mut reader = LogReader::new(&path, open_read_only(&path)?, &JOURNAL)?;
    let Some(header) = reader.header::<JournalHeader>()? else {
        return Err(JournalError::Empty(path));
    };
    let mut history = History::with_objectives(header.objectives());
    let mut in_flight = BTreeMap::new();
    while let Some(entry) = next_entry::<G>(&mut reader, &path)? {
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
    Ok(Recorded {
        header,
        history,
        in_flight: in_flight.into_values().collect(),
        warnings: reader.torn().map(Warning::from).into_iter().collect(),
    })
}
