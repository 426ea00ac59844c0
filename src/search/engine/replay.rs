//! Replaying a journal to restore an engine's state.

use std::fmt::Debug;
use std::path::PathBuf;

use super::Engine;
use super::in_flight::TrialInFlight;
use crate::algorithm::Algorithm;
use crate::description;
use crate::evaluator::StopSignal;
use crate::excerpt::passage;
use crate::executor::Executor;
use crate::search::Duplicates;
use crate::search::error::SearchError;
use crate::search::guarded;
use crate::search::journal::{
    AttemptEnd, EntryKind, JournalEntry, JournalError, RecordError, RecordedEvent,
};
use crate::space::Genotype;
use crate::trial::{Fidelity, Trial, TrialId};

/// How many entries are replayed between two looks at the stop signal.
const BETWEEN_LOOKS: u64 = 64;

/// The line that is replayed, for errors, and what may end the replay before it is through.
struct Position {
    path: PathBuf,
    line: u64,
    stop: StopSignal,
    /// The stages of the signal that were set when the replay began.
    stages_before: (bool, bool),
}

impl Position {
    fn check_goes_on(&self) -> Result<(), SearchError> {
        match stages(&self.stop) == self.stages_before {
            true => Ok(()),
            false => Err(SearchError::StoppedInReplay),
        }
    }

    fn not_in_flight(&self, trial: TrialId) -> SearchError {
        self.damaged(format!("trial {trial} is not in flight"))
    }

    fn damaged(&self, reason: String) -> SearchError {
        let damaged = RecordError::Damaged {
            path: self.path.clone(),
            line: self.line,
            reason,
        };
        SearchError::Journal(damaged.into())
    }

    /// Adds the line to the error if the algorithm refused its outcome.
    fn of(&self, error: SearchError) -> SearchError {
        match error {
            SearchError::Tell(source) => SearchError::Journal(JournalError::Tell {
                path: self.path.clone(),
                line: self.line,
                source,
            }),
            other => other,
        }
    }
}

impl<G: Genotype, A: Algorithm<G>, X: Executor<G>> Engine<G, A, X> {
    /// Replays the journal through the algorithm, the stopper and the memory of duplicates; false if there
    /// is nothing to replay.
    ///
    /// A stop signal that is set meanwhile ends the replay with an error: nothing is lost, and a part of the history
    /// would pass for the whole. One that was set before is for what comes after the replay.
    pub(super) fn resume(&mut self) -> Result<bool, SearchError> {
        // It is taken out while it drives the rest of the engine.
        let Some(mut journal) = self.settings.journal.take() else {
            return Ok(false);
        };
        let duplicates = self.settings.duplicates.as_ref();
        let resumed = journal.begin(
            self.ledger.algorithm().seed(),
            self.ledger.algorithm().describe(),
            duplicates.map_or(Duplicates::Allow, |duplicates| duplicates.policy()),
        )?;
        let mut position = Position {
            path: journal.path().to_owned(),
            line: 0,
            stages_before: stages(&self.settings.stop),
            stop: self.settings.stop.clone(),
        };
        let mut now = None;
        journal.replay(&mut |entry: JournalEntry<G>| {
            now = Some(entry.now);
            position.line = entry.line;
            if position.line.is_multiple_of(BETWEEN_LOOKS) {
                position.check_goes_on()?;
            }
            self.replay(entry, &position)
        })?;
        self.in_flight.all_wait();
        self.warnings.extend_from_slice(journal.warnings());
        self.settings.journal = Some(journal);
        // Observers receive it with the other warnings when the search is resumed.
        let _ = self.stopper_failure();
        if let Some(now) = now {
            match self.executor.clock() {
                Some(_) => {
                    self.executor.set_clock(now.at);
                    self.clock.resume(now.real.unwrap_or_default());
                }
                None => self.clock.resume(now.at),
            }
        }
        Ok(resumed)
    }

    fn replay(&mut self, entry: JournalEntry<G>, position: &Position) -> Result<(), SearchError> {
        let at = entry.now.at;
        match entry.event {
            RecordedEvent::Ask { trial, refused } => {
                self.replay_ask(&trial, refused, position)?;
                let reusable = match &mut self.settings.duplicates {
                    Some(duplicates) => duplicates.asked(&trial, &self.history)?,
                    None => None,
                };
                self.in_flight
                    .insert(TrialInFlight::new(trial.id, at, reusable));
                Ok(())
            }
            RecordedEvent::AttemptEnded(EntryKind::Tell, end) => {
                self.replay_for_stopper(&end);
                self.replay_tell(end, position)
            }
            RecordedEvent::AttemptEnded(EntryKind::Retry, end) => {
                self.replay_for_stopper(&end);
                let flight = self
                    .in_flight
                    .get_mut(end.trial)
                    .ok_or_else(|| position.not_in_flight(end.trial))?;
                flight.attempt = end.attempt.checked_add(1).ok_or_else(|| {
                    position.damaged(format!("no attempt comes after number {}", end.attempt))
                })?;
                flight.begins = at;
                Ok(())
            }
        }
    }

    /// Asks the algorithm for the recorded trial, and compares the two.
    fn replay_ask(
        &mut self,
        recorded: &Trial<G>,
        refused: u64,
        position: &Position,
    ) -> Result<(), SearchError> {
        for _ in 0..refused {
            position.check_goes_on()?;
            let draw = guarded::ask_in_place(&mut self.ledger)?;
            let withdrawn = draw.id;
            // The record doesn't say why. What a constraint refused was never asked for.
            if let Some(duplicates) = &self.settings.duplicates
                && matches!(duplicates.policy(), Duplicates::Redraw(_))
                && duplicates.is_known(draw)?
            {
                self.redrawn += 1;
            }
            guarded::withdraw(&mut self.ledger, withdrawn).map_err(|error| position.of(error))?;
        }
        let asked = guarded::ask_in_place(&mut self.ledger)?;
        let differ = guarded::guarded("comparing a genotype with its record", || {
            (asked != recorded).then(|| difference(recorded, asked))
        })?;
        match differ {
            None => Ok(()),
            Some((what, recorded_as, now)) => Err(SearchError::Journal(JournalError::OtherTrial {
                path: position.path.clone(),
                line: position.line,
                trial: recorded.id,
                what,
                recorded: recorded_as,
                now,
            })),
        }
    }

    fn replay_tell(&mut self, end: AttemptEnd, position: &Position) -> Result<(), SearchError> {
        self.in_flight
            .remove(end.trial)
            .ok_or_else(|| position.not_in_flight(end.trial))?;
        let trial = guarded::tell(&mut self.ledger, end.trial, &end.outcome)
            .map_err(|error| position.of(error))?;
        let record = end.into_record(trial);
        if let Some(duplicates) = &mut self.settings.duplicates {
            duplicates.ended(&record, self.history.len())?;
        }
        self.history.push(record);
        self.settings.end_conditions.are_met(&self.history)?;
        Ok(())
    }

    /// Shows the stopper what it saw then; what it decided is in the outcomes.
    fn replay_for_stopper(&self, end: &AttemptEnd) {
        if let Some(stopper) = &self.settings.stopper
            && end.reused.is_none()
        {
            for &(step, value) in &end.reports {
                let _ = stopper.reported(end.trial, step, value);
            }
            stopper.ended(end.trial, &end.outcome);
        }
    }
}

/// Which stages of the signal are set.
fn stages(stop: &StopSignal) -> (bool, bool) {
    (stop.is_finishing(), stop.is_set())
}

/// The first thing in which two trials differ, with its recorded and present form.
fn difference<G: Debug + PartialEq>(
    recorded: &Trial<G>,
    asked: &Trial<G>,
) -> (&'static str, String, String) {
    let parent = |parent: Option<TrialId>| parent.map_or("none".to_owned(), |id| id.to_string());
    if recorded.id != asked.id {
        ("number", recorded.id.to_string(), asked.id.to_string())
    } else if recorded.parent != asked.parent {
        ("parent", parent(recorded.parent), parent(asked.parent))
    } else if recorded.mate != asked.mate {
        ("mate", parent(recorded.mate), parent(asked.mate))
    } else if recorded.continues != asked.continues {
        let (then, now) = (parent(recorded.continues), parent(asked.continues));
        ("trial continued by", then, now)
    } else if recorded.seed != asked.seed {
        ("seed", recorded.seed.to_string(), asked.seed.to_string())
    } else if recorded.fidelity != asked.fidelity {
        let text = |fidelity: &Fidelity| description::of(fidelity).to_string();
        ("fidelity", text(&recorded.fidelity), text(&asked.fidelity))
    } else {
        let text = |genotype: &G| format!("{genotype:?}");
        let (recorded, now) = (text(&recorded.genotype), text(&asked.genotype));
        let from = start_of_difference(&recorded, &now);
        let part = |text: &str| match from {
            0 => passage(text).to_string(),
            _ => format!("…{}", passage(&text[from..])),
        };
        ("genotype", part(&recorded), part(&now))
    }
}

/// Where to begin to show two long texts so that their first difference is seen, in bytes: 0 if that is near the
/// beginning.
fn start_of_difference(left: &str, right: &str) -> usize {
    /// Characters that are shown before it.
    const BEFORE: usize = 200;

    let mut characters = left.char_indices().zip(right.chars());
    let differs = characters.find(|((_, left), right)| left != right);
    let place = differs.map_or(left.len().min(right.len()), |((place, _), _)| place);
    let before = left[..place].char_indices().rev().nth(BEFORE);
    before.map_or(0, |(place, _)| place)
}
