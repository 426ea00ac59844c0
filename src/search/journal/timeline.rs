//! A recorded search with all that its journal says about time: for the report page.

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use serde::de::DeserializeOwned;

use super::attempt::{AttemptEnd, EntryKind};
use super::entry::{RecordedEvent, next_entry};
use super::header::{JOURNAL, JournalHeader};
use super::times::started;
use super::{FILE_NAME, JournalError};
use crate::sealed_log::{LogReader, open_read_only};
use crate::search::Warning;
use crate::trial::{Outcome, Trial, TrialId};

/// A recorded search with the times of its asks and attempts.
#[derive(Debug)]
pub(crate) struct Timeline<G> {
    pub(crate) header: JournalHeader,
    /// When the search began, since 1970 in UTC.
    pub(crate) started: Option<Duration>,
    /// Every trial, in the order of asking.
    pub(crate) trials: Vec<RecordedTrial<G>>,
    /// The positions of the finished trials, in the order of finishing.
    pub(crate) finished: Vec<usize>,
    pub(crate) warnings: Vec<Warning>,
    /// Why the journal can't be read further than this.
    pub(crate) damage: Option<JournalError>,
}

/// A trial with its attempts.
#[derive(Debug)]
pub(crate) struct RecordedTrial<G> {
    pub(crate) trial: Trial<G>,
    /// How many draws before it were refused.
    pub(crate) refused: u64,
    /// On the search's clock.
    pub(crate) asked: Duration,
    /// In order. If the trial has finished, the last one is how.
    pub(crate) attempts: Vec<RecordedAttempt>,
}

/// An attempt at a trial that has ended.
#[derive(Debug)]
pub(crate) struct RecordedAttempt {
    pub(crate) worker: usize,
    pub(crate) reused: Option<TrialId>,
    pub(crate) outcome: Outcome,
    /// Whether the trial was run again.
    pub(crate) retried: bool,
    /// The values that it reported, with their steps.
    pub(crate) reports: Vec<(u64, f64)>,
    pub(crate) last_step: Option<u64>,
    pub(crate) seconds: f64,
    /// When it was recorded, in seconds on the search's clock.
    pub(crate) at: f64,
}

impl<G> RecordedTrial<G> {
    /// The last attempt, if the trial has finished.
    pub(crate) fn end(&self) -> Option<&RecordedAttempt> {
        self.attempts.last().filter(|attempt| !attempt.retried)
    }
}

/// Reads the journal in a folder to its end or the first damage, as [`read`](super::read()) does: without a lock, and
/// without writing anything.
///
/// # Errors
/// If there is no journal, or not even its first line can be read.
pub(crate) fn timeline<G: DeserializeOwned>(folder: &Path) -> Result<Timeline<G>, JournalError> {
    let path = folder.join(FILE_NAME);
    let mut reader = LogReader::new(&path, open_read_only(&path)?, &JOURNAL)?;
    let Some((header, times)) = reader.header_with_times::<JournalHeader>()? else {
        return Err(JournalError::Empty(path));
    };
    let mut timeline = Timeline {
        header,
        started: started(&times),
        trials: Vec::new(),
        finished: Vec::new(),
        warnings: Vec::new(),
        damage: None,
    };
    timeline.damage = timeline.read(&mut reader, &path).err();
    timeline.warnings = reader.torn().map(Warning::from).into_iter().collect();
    Ok(timeline)
}

impl<G: DeserializeOwned> Timeline<G> {
    fn read(&mut self, reader: &mut LogReader, path: &Path) -> Result<(), JournalError> {
        let mut in_flight = HashMap::new();
        while let Some(entry) = next_entry::<G>(reader, path)? {
            match entry.event {
                RecordedEvent::Ask { trial, refused } => {
                    in_flight.insert(trial.id, self.trials.len());
                    self.trials.push(RecordedTrial {
                        trial,
                        refused,
                        asked: entry.now.at,
                        attempts: Vec::new(),
                    });
                }
                RecordedEvent::AttemptEnded(kind, end) => {
                    let place = match kind {
                        EntryKind::Retry => in_flight.get(&end.trial).copied(),
                        EntryKind::Tell => in_flight.remove(&end.trial),
                    };
                    let place = place.ok_or_else(|| {
                        reader.damaged(format!("trial {} is not in flight", end.trial))
                    })?;
                    if kind == EntryKind::Tell {
                        self.finished.push(place);
                    }
                    let attempt = RecordedAttempt::new(kind, end, entry.now.at);
                    self.trials[place].attempts.push(attempt);
                }
            }
        }
        Ok(())
    }
}

impl RecordedAttempt {
    fn new(kind: EntryKind, end: AttemptEnd, at: Duration) -> Self {
        Self {
            worker: end.worker,
            reused: end.reused,
            outcome: end.outcome,
            retried: kind == EntryKind::Retry,
            reports: end.reports,
            last_step: end.last_step,
            seconds: end.duration.as_secs_f64(),
            at: at.as_secs_f64(),
        }
    }
}
