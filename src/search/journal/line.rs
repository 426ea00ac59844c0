//! Asks, tells and retries as lines of JSON.

use std::fmt::Debug;
use std::time::Duration;

use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};

use crate::search::TrialRecord;
use crate::search::outcome_json::{OutcomeFields, Status};
use crate::trial::{Metrics, Outcome, Trial, TrialId};

/// A recorded entry.
pub(crate) struct Entry<G> {
    /// Its line, from 1.
    pub(crate) line: u64,
    pub(crate) now: Now,
    pub(crate) event: Recording<G>,
}

pub(crate) enum Recording<G> {
    Ask { trial: Trial<G>, refused: u64 },
    Ended(EntryKind, Ending),
}

/// The time, as a line has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Now {
    /// On the search's clock.
    pub(crate) at: Duration,
    /// In real time since the search began, where its clock has another.
    pub(crate) real: Option<Duration>,
}

/// What becomes of an attempt that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EntryKind {
    Tell,
    Retry,
}

/// How an attempt at a trial ended.
#[derive(Debug)]
pub(crate) struct Ending {
    pub(crate) trial: TrialId,
    pub(crate) worker: usize,
    /// Which attempt it was, from 1; 0 if the evaluation was reused.
    pub(crate) attempt: u32,
    pub(crate) reused: Option<TrialId>,
    pub(crate) outcome: Outcome,
    /// The finite values that it reported, with their steps.
    pub(crate) reports: Vec<(u64, f64)>,
    pub(crate) duration: Duration,
}

impl Ending {
    /// The record of the trial that ended so.
    pub(crate) fn record<G>(self, trial: Trial<G>) -> TrialRecord<G> {
        TrialRecord {
            id: trial.id,
            parent: trial.parent,
            genotype: trial.genotype,
            seed: trial.seed,
            worker: self.worker,
            attempts: self.attempt,
            seconds: self.duration.as_secs_f64(),
            reused: self.reused,
            outcome: self.outcome,
        }
    }
}

#[derive(Serialize)]
pub(super) struct AskLine<'a, G> {
    ask: TrialId,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<TrialId>,
    seed: u64,
    #[serde(skip_serializing_if = "is_zero")]
    refused: u64,
    genotype: &'a G,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
const fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl<'a, G> AskLine<'a, G> {
    pub(super) const fn new(trial: &'a Trial<G>, refused: u64) -> Self {
        Self {
            ask: trial.id,
            parent: trial.parent,
            seed: trial.seed,
            refused,
            genotype: &trial.genotype,
        }
    }
}

#[derive(Serialize)]
pub(super) struct EndingLine<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    tell: Option<TrialId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry: Option<TrialId>,
    worker: usize,
    attempt: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    reused: Option<TrialId>,
    status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    fitness: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cost: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metrics: Option<&'a Metrics>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    reports: &'a [(u64, f64)],
}

impl<'a> EndingLine<'a> {
    pub(super) fn new(kind: EntryKind, ending: &'a Ending) -> Self {
        let outcome = OutcomeFields::from(&ending.outcome);
        let metrics = ending.outcome.evaluation().map(|e| &e.metrics);
        Self {
            tell: (kind == EntryKind::Tell).then_some(ending.trial),
            retry: (kind == EntryKind::Retry).then_some(ending.trial),
            worker: ending.worker,
            attempt: ending.attempt,
            reused: ending.reused,
            status: outcome.status,
            fitness: outcome.fitness,
            cost: outcome.cost,
            reason: outcome.reason,
            step: outcome.step,
            value: outcome.value,
            metrics: metrics.filter(|metrics| !metrics.is_empty()),
            reports: &ending.reports,
        }
    }
}

#[derive(Deserialize)]
#[serde(bound = "G: Deserialize<'de>", deny_unknown_fields)]
struct OwnedAsk<G> {
    ask: TrialId,
    parent: Option<TrialId>,
    seed: u64,
    #[serde(default)]
    refused: u64,
    genotype: G,
}

/// Whether the JSON of an ask gives its trial back; if not, what it gives.
pub(super) fn check_ask<G>(json: &[u8], trial: &Trial<G>) -> Result<(), String>
where
    G: DeserializeOwned + PartialEq + Debug,
{
    let ask: OwnedAsk<G> = serde_json::from_slice(json).map_err(|error| error.to_string())?;
    if ask.genotype == trial.genotype {
        Ok(())
    } else {
        Err(format!("it reads back as {:?}", ask.genotype))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OwnedEnding {
    tell: Option<TrialId>,
    retry: Option<TrialId>,
    worker: usize,
    attempt: u32,
    reused: Option<TrialId>,
    status: Status,
    fitness: Option<f64>,
    cost: Option<f64>,
    reason: Option<String>,
    step: Option<u64>,
    value: Option<f64>,
    #[serde(default)]
    metrics: Metrics,
    #[serde(default)]
    reports: Vec<(u64, f64)>,
}

/// Why a line whose checksums are right is no entry.
pub(super) enum NoEntry {
    /// It is not as a journal's writer writes it.
    Damaged(String),
    /// Its genotype is none of the type that is asked for.
    OtherGenotype(String),
}

impl From<String> for NoEntry {
    fn from(reason: String) -> Self {
        Self::Damaged(reason)
    }
}

impl From<&str> for NoEntry {
    fn from(reason: &str) -> Self {
        Self::Damaged(reason.to_owned())
    }
}

/// An ask; what is wrong with it but for its genotype is damage.
fn parse_ask<G: DeserializeOwned>(content: &str) -> Result<OwnedAsk<G>, NoEntry> {
    serde_json::from_str(content).map_err(|error| {
        match serde_json::from_str::<OwnedAsk<IgnoredAny>>(content) {
            Ok(_) => NoEntry::OtherGenotype(error.to_string()),
            Err(damage) => NoEntry::Damaged(damage.to_string()),
        }
    })
}

/// Line `number` of a journal: its content, a JSON object, and its times.
pub(super) fn parse<G: DeserializeOwned>(
    number: u64,
    content: &str,
    times: &str,
) -> Result<Entry<G>, NoEntry> {
    let (seconds, now) = split_times(times).ok_or("its times can't be read")?;
    let event = if content.starts_with(r#"{"ask":"#) {
        let line: OwnedAsk<G> = parse_ask(content)?;
        Recording::Ask {
            trial: Trial {
                id: line.ask,
                parent: line.parent,
                seed: line.seed,
                genotype: line.genotype,
            },
            refused: line.refused,
        }
    } else {
        let line: OwnedEnding = serde_json::from_str(content).map_err(|error| error.to_string())?;
        let duration = seconds.ok_or("the end of an attempt without its duration")?;
        line.ended(duration)?
    };
    Ok(Entry {
        line: number,
        now,
        event,
    })
}

impl OwnedEnding {
    fn ended<G>(self, duration: Duration) -> Result<Recording<G>, &'static str> {
        let (kind, trial) = match (self.tell, self.retry) {
            (Some(trial), None) => (EntryKind::Tell, trial),
            (None, Some(trial)) => (EntryKind::Retry, trial),
            _ => return Err("it is neither an ask, a tell nor a retry"),
        };
        let fields = OutcomeFields {
            status: self.status,
            fitness: self.fitness,
            cost: self.cost,
            reason: self.reason,
            step: self.step,
            value: self.value,
        };
        let ending = Ending {
            trial,
            worker: self.worker,
            attempt: self.attempt,
            reused: self.reused,
            outcome: fields.outcome(self.metrics)?,
            reports: self.reports,
            duration,
        };
        Ok(Recording::Ended(kind, ending))
    }
}

/// How long an attempt took, if the line is about one, and when the line was written. Read by hand,
/// since through a float they would not be exact.
fn split_times(text: &str) -> Option<(Option<Duration>, Now)> {
    let (seconds, text) = match text.strip_prefix(",\"seconds\":") {
        Some(text) => {
            let (seconds, text) = text.split_once(',')?;
            (Some(time(seconds)?), text)
        }
        None => (None, text.strip_prefix(',')?),
    };
    let text = text.strip_prefix("\"at\":")?;
    let (at, real) = match text.split_once(',') {
        Some((at, real)) => (at, Some(time(real.strip_prefix("\"real\":")?)?)),
        None => (text, None),
    };
    let at = time(at)?;
    Some((seconds, Now { at, real }))
}

/// Seconds with nine digits of a second, as a journal's writer writes them.
fn time(text: &str) -> Option<Duration> {
    let (seconds, nanoseconds) = text.split_at_checked(text.len().checked_sub(10)?)?;
    let nanoseconds = nanoseconds.strip_prefix('.')?;
    Some(Duration::new(
        seconds.parse().ok()?,
        nanoseconds.parse().ok()?,
    ))
}
