//! The end of an attempt at a trial, and its line.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::search::TrialRecord;
use crate::search::outcome_json::{OutcomeFields, OutcomeStatus};
use crate::trial::{Metrics, Outcome, Trial, TrialId};

/// Whether an attempt that has ended is told to the algorithm, or retried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::search) enum EntryKind {
    Tell,
    Retry,
}

/// How an attempt at a trial ended.
#[derive(Debug)]
pub(in crate::search) struct AttemptEnd {
    pub(in crate::search) trial: TrialId,
    pub(in crate::search) worker: usize,
    /// Which attempt it was, from 1; 0 if the evaluation was reused.
    pub(in crate::search) attempt: u32,
    pub(in crate::search) reused: Option<TrialId>,
    pub(in crate::search) outcome: Outcome,
    /// The finite values that it reported, with their steps.
    pub(in crate::search) reports: Vec<(u64, f64)>,
    /// Its last step, if it reported values and said so.
    pub(in crate::search) last_step: Option<u64>,
    pub(in crate::search) duration: Duration,
}

impl AttemptEnd {
    /// The record of the trial, of which this was the last attempt.
    pub(in crate::search) fn into_record<G>(self, trial: Trial<G>) -> TrialRecord<G> {
        TrialRecord {
            id: trial.id,
            parent: trial.parent,
            mate: trial.mate,
            continues: trial.continues,
            genotype: trial.genotype,
            seed: trial.seed,
            fidelity: trial.fidelity,
            worker: self.worker,
            attempts: self.attempt,
            seconds: self.duration.as_secs_f64(),
            reused: self.reused,
            outcome: self.outcome,
        }
    }
}

#[derive(Serialize)]
pub(super) struct AttemptEndLine<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    tell: Option<TrialId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry: Option<TrialId>,
    worker: usize,
    attempt: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    reused: Option<TrialId>,
    status: OutcomeStatus,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    last_step: Option<u64>,
}

impl<'a> AttemptEndLine<'a> {
    pub(super) fn new(kind: EntryKind, end: &'a AttemptEnd) -> Self {
        let outcome = OutcomeFields::from(&end.outcome);
        let metrics = end.outcome.evaluation().map(|e| &e.metrics);
        Self {
            tell: (kind == EntryKind::Tell).then_some(end.trial),
            retry: (kind == EntryKind::Retry).then_some(end.trial),
            worker: end.worker,
            attempt: end.attempt,
            reused: end.reused,
            status: outcome.status,
            fitness: outcome.fitness,
            cost: outcome.cost,
            reason: outcome.reason,
            step: outcome.step,
            value: outcome.value,
            metrics: metrics.filter(|metrics| !metrics.is_empty()),
            reports: &end.reports,
            last_step: end.last_step,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OwnedAttemptEnd {
    tell: Option<TrialId>,
    retry: Option<TrialId>,
    worker: usize,
    attempt: u32,
    reused: Option<TrialId>,
    status: OutcomeStatus,
    fitness: Option<f64>,
    cost: Option<f64>,
    reason: Option<String>,
    step: Option<u64>,
    value: Option<f64>,
    #[serde(default)]
    metrics: Metrics,
    #[serde(default)]
    reports: Vec<(u64, f64)>,
    last_step: Option<u64>,
}

/// Parses the end of an attempt that took `duration`; the error says what is wrong with it.
pub(super) fn parse_attempt_end(
    content: &str,
    duration: Option<Duration>,
) -> Result<(EntryKind, AttemptEnd), String> {
    let line: OwnedAttemptEnd = serde_json::from_str(content).map_err(|error| error.to_string())?;
    let duration = duration.ok_or("the end of an attempt without its duration")?;
    Ok(line.into_end(duration)?)
}

impl OwnedAttemptEnd {
    fn into_end(self, duration: Duration) -> Result<(EntryKind, AttemptEnd), &'static str> {
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
        let end = AttemptEnd {
            trial,
            worker: self.worker,
            attempt: self.attempt,
            reused: self.reused,
            outcome: fields.outcome(self.metrics)?,
            reports: self.reports,
            last_step: self.last_step,
            duration,
        };
        Ok((kind, end))
    }
}
