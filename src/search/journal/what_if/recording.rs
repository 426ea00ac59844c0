//! A recorded search: its steps, and the evaluations of its trials.

use std::collections::{HashMap, VecDeque};
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::description;
use crate::sealed_log::{LogReader, open_read_only};
use crate::search::journal::attempt::{AttemptEnd, EntryKind};
use crate::search::journal::entry::{RecordedEvent, next_entry};
use crate::search::journal::header::{JOURNAL, JournalHeader};
use crate::search::journal::{FILE_NAME, JournalError};
use crate::trial::{Trial, TrialId};

/// A step of the recorded search.
pub(super) enum RecordedStep {
    Ask { refused: u64 },
    Tell(TrialId),
}

/// A recorded search: its steps in order, and how its trials ended.
pub(super) struct Recording<G> {
    pub(super) steps: Vec<RecordedStep>,
    pub(super) ended: Vec<(Trial<G>, AttemptEnd)>,
}

impl<G: DeserializeOwned> Recording<G> {
    pub(super) fn read(folder: &Path) -> Result<Self, JournalError> {
        let path = folder.join(FILE_NAME);
        let mut reader = LogReader::new(&path, open_read_only(&path)?, &JOURNAL)?;
        if reader.header::<JournalHeader>()?.is_none() {
            return Err(JournalError::Empty(path));
        }
        let mut in_flight = HashMap::new();
        let (mut steps, mut ended) = (Vec::new(), Vec::new());
        while let Some(entry) = next_entry::<G>(&mut reader, &path)? {
            match entry.event {
                RecordedEvent::Ask { trial, refused } => {
                    steps.push(RecordedStep::Ask { refused });
                    in_flight.insert(trial.id, trial);
                }
                RecordedEvent::AttemptEnded(EntryKind::Retry, _) => {}
                RecordedEvent::AttemptEnded(EntryKind::Tell, end) => {
                    let trial = in_flight.remove(&end.trial).ok_or_else(|| {
                        reader.damaged(format!("trial {} is not in flight", end.trial))
                    })?;
                    steps.push(RecordedStep::Tell(end.trial));
                    ended.push((trial, end));
                }
            }
        }
        Ok(Self { steps, ended })
    }
}

/// The recorded evaluations that aren't used yet, by the JSON of their genotypes and fidelities. A value is the
/// trial's position among those that ended.
pub(super) struct Evaluations(HashMap<Value, VecDeque<usize>>);

impl Evaluations {
    pub(super) fn new<G: Serialize>(ended: &[(Trial<G>, AttemptEnd)]) -> Self {
        let mut places: HashMap<_, VecDeque<_>> = HashMap::new();
        for (place, (trial, _)) in ended.iter().enumerate() {
            let of_genotype = places.entry(key(trial)).or_default();
            of_genotype.push_back(place);
        }
        Self(places)
    }

    /// Takes the evaluation of a trial: that of the same number, or the first one.
    pub(super) fn take<G: Serialize>(
        &mut self,
        trial: &Trial<G>,
        ended: &[(Trial<G>, AttemptEnd)],
    ) -> Option<usize> {
        let places = self.0.get_mut(&key(trial))?;
        let same = places
            .iter()
            .position(|&place| ended[place].0.id == trial.id);
        places.remove(same.unwrap_or(0))
    }
}

fn key<G: Serialize>(trial: &Trial<G>) -> Value {
    description::of(&(&trial.genotype, &trial.fidelity))
}
