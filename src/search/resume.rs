//! Bringing a search to where its journal ends.

use std::fmt::Debug;
use std::path::PathBuf;

use super::duplicates::Known;
use super::guarded;
use super::journal::{AttemptEnd, EntryKind, JournalEntry, JournalError, RecordedEvent};
use super::running::{InFlight, Running};
use super::{Search, SearchError};
use crate::algorithm::Algorithm;
use crate::executor::Executor;
use crate::space::Genotype;
use crate::stopper::SharedStopper;
use crate::trial::{Trial, TrialId};

impl<G: Genotype, A: Algorithm<G>, X: Executor<G>> Search<G, A, X> {
    /// Replays the journal through the algorithm; false if there is nothing to replay.
    pub(super) fn resume(&mut self, running: &mut Running<G>) -> Result<bool, SearchError> {
        let Some(journal) = &mut self.journal else {
            return Ok(false);
        };
        let resumed = journal.begin(self.algorithm.describe())?;
        let mut replay = Replay {
            algorithm: &mut self.algorithm,
            stopper: self.stopper.as_ref(),
            duplicates: self.duplicates.as_deref_mut(),
            path: journal.path().to_owned(),
            running: &mut *running,
        };
        let mut now = None;
        journal.replay(&mut |entry| {
            now = Some(entry.now);
            replay.entry(entry)
        })?;
        running.waiting.extend(running.in_flight.keys());
        running.waiting.make_contiguous().sort_unstable();
        running.warnings.extend_from_slice(journal.warnings());
        if let Some(stopper) = &self.stopper {
            // It is in the warnings that observers hear of when the search is resumed.
            let _ = running.left_out(stopper);
        }
        if let Some(now) = now {
            match self.executor.clock() {
                Some(_) => {
                    self.executor.set_clock(now.at);
                    running.before = now.real.unwrap_or_default();
                }
                None => running.before = now.at,
            }
        }
        Ok(resumed)
    }
}

/// Feeds recorded entries to all that learns from them.
struct Replay<'a, G, A> {
    algorithm: &'a mut A,
    stopper: Option<&'a SharedStopper>,
    duplicates: Option<&'a mut (dyn Known<G> + 'static)>,
    path: PathBuf,
    running: &'a mut Running<G>,
}

impl<G: Genotype, A: Algorithm<G>> Replay<'_, G, A> {
    fn entry(&mut self, entry: JournalEntry<G>) -> Result<(), SearchError> {
        let (line, at) = (entry.line, entry.now.at);
        match entry.event {
            RecordedEvent::Ask { trial, refused } => {
                self.ask(line, &trial, refused)?;
                let known = match &mut self.duplicates {
                    Some(duplicates) => duplicates.asked(&trial.genotype, &self.running.history)?,
                    None => None,
                };
                self.running.asked += 1;
                self.running
                    .in_flight
                    .insert(trial.id, InFlight::new(trial, at, known));
            }
            RecordedEvent::AttemptEnded(kind, end) => {
                self.judge(&end);
                match kind {
                    EntryKind::Tell => self.tell(line, end)?,
                    EntryKind::Retry => {
                        let flight = self
                            .running
                            .in_flight
                            .get_mut(&end.trial)
                            .ok_or_else(|| not_in_flight(&self.path, line, end.trial))?;
                        flight.attempt = end.attempt + 1;
                        flight.begins = at;
                    }
                }
            }
        }
        Ok(())
    }

    /// Has the algorithm ask, and compares.
    fn ask(&mut self, line: u64, recorded: &Trial<G>, refused: u64) -> Result<(), SearchError> {
        for _ in 0..refused {
            let withdrawn = guarded::ask(self.algorithm)?.id;
            guarded::withdraw(self.algorithm, withdrawn).map_err(|error| self.at(line, error))?;
        }
        let asked = guarded::ask(self.algorithm)?;
        let differ = guarded::guarded("a genotype, compared with its record,", || {
            (asked != *recorded).then(|| difference(recorded, &asked))
        })?;
        let Some((what, recorded_as, now)) = differ else {
            return Ok(());
        };
        let path = self.path.clone();
        let trial = recorded.id;
        Err(SearchError::Journal(JournalError::OtherTrial {
            path,
            line,
            trial,
            what,
            recorded: recorded_as,
            now,
        }))
    }

    fn tell(&mut self, line: u64, end: AttemptEnd) -> Result<(), SearchError> {
        let flight = self
            .running
            .in_flight
            .remove(&end.trial)
            .ok_or_else(|| not_in_flight(&self.path, line, end.trial))?;
        guarded::tell(self.algorithm, end.trial, &end.outcome)
            .map_err(|error| self.at(line, error))?;
        let record = end.into_record(flight.trial);
        if let Some(duplicates) = &mut self.duplicates {
            duplicates.ended(&record, self.running.history.len())?;
        }
        self.running.history.push(record);
        Ok(())
    }

    /// Names the line, where the algorithm refuses what it says.
    fn at(&self, line: u64, error: SearchError) -> SearchError {
        match error {
            SearchError::Tell(source) => SearchError::Journal(JournalError::Tell {
                path: self.path.clone(),
                line,
                source,
            }),
            other => other,
        }
    }

    /// Shows the stopper what it saw then; what it decided is in the outcomes.
    fn judge(&self, end: &AttemptEnd) {
        if let Some(stopper) = self.stopper
            && end.reused.is_none()
        {
            for &(step, value) in &end.reports {
                let _ = stopper.reported(end.trial, step, value);
            }
            stopper.ended(end.trial, &end.outcome);
        }
    }
}

fn not_in_flight(path: &std::path::Path, line: u64, trial: TrialId) -> JournalError {
    JournalError::Damaged {
        path: path.to_owned(),
        line,
        reason: format!("trial {trial} is not in flight"),
    }
}

/// The first thing in which two trials differ, with what it is in either.
fn difference<G: Debug + PartialEq>(
    recorded: &Trial<G>,
    asked: &Trial<G>,
) -> (&'static str, String, String) {
    let parent = |parent: Option<TrialId>| parent.map_or("none".to_owned(), |id| id.to_string());
    if recorded.id != asked.id {
        ("number", recorded.id.to_string(), asked.id.to_string())
    } else if recorded.parent != asked.parent {
        ("parent", parent(recorded.parent), parent(asked.parent))
    } else if recorded.seed != asked.seed {
        ("seed", recorded.seed.to_string(), asked.seed.to_string())
    } else {
        let text = |genotype: &G| format!("{genotype:?}");
        ("genotype", text(&recorded.genotype), text(&asked.genotype))
    }
}
