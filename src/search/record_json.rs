//! The JSON of a trial record: one flat object.

use std::collections::BTreeMap;

use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::TrialRecord;
use crate::trial::{Evaluation, Outcome, TrialId};

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    Completed,
    Infeasible,
    Failed,
    TimedOut,
    OutOfMemory,
    Lost,
}

#[derive(Serialize)]
struct Line<'a, G> {
    id: TrialId,
    parent: Option<TrialId>,
    genotype: &'a G,
    seed: u64,
    worker: usize,
    seconds: f64,
    status: Status,
    fitness: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(flatten)]
    metrics: BTreeMap<&'a str, Value>,
}

#[derive(Deserialize)]
#[serde(bound = "G: DeserializeOwned")]
struct OwnedLine<G> {
    id: TrialId,
    parent: Option<TrialId>,
    genotype: G,
    seed: u64,
    worker: usize,
    seconds: f64,
    status: Status,
    fitness: Option<f64>,
    #[serde(default)]
    reason: String,
    #[serde(flatten)]
    metrics: BTreeMap<String, Value>,
}

/// A whole number without a fraction, so that a count reads as one.
fn number(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() < 2_f64.powi(53) {
        Value::from(value as i64)
    } else {
        Value::from(value)
    }
}

impl<G: Serialize> Serialize for TrialRecord<G> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (status, reason) = match &self.outcome {
            Outcome::Completed(_) => (Status::Completed, None),
            Outcome::Infeasible { reason } => (Status::Infeasible, Some(reason.as_str())),
            Outcome::Failed { reason } => (Status::Failed, Some(reason.as_str())),
            Outcome::TimedOut => (Status::TimedOut, None),
            Outcome::OutOfMemory { reason } => (Status::OutOfMemory, Some(reason.as_str())),
            Outcome::Lost => (Status::Lost, None),
        };
        Line {
            id: self.id,
            parent: self.parent,
            genotype: &self.genotype,
            seed: self.seed,
            worker: self.worker,
            seconds: self.seconds,
            status,
            fitness: self.fitness(),
            reason,
            metrics: self
                .outcome
                .evaluation()
                .into_iter()
                .flat_map(|evaluation| &evaluation.metrics)
                .map(|(name, &value)| (name.as_str(), number(value)))
                .collect(),
        }
        .serialize(serializer)
    }
}

impl<'de, G: DeserializeOwned> Deserialize<'de> for TrialRecord<G> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let line = OwnedLine::<G>::deserialize(deserializer)?;
        let reason = line.reason;
        let outcome = match line.status {
            Status::Completed => Outcome::Completed(Evaluation {
                fitness: line
                    .fitness
                    .ok_or_else(|| D::Error::custom("a completed trial needs a fitness"))?,
                metrics: line
                    .metrics
                    .into_iter()
                    .filter_map(|(name, value)| Some((name, value.as_f64()?)))
                    .collect(),
            }),
            Status::Infeasible => Outcome::Infeasible { reason },
            Status::Failed => Outcome::Failed { reason },
            Status::TimedOut => Outcome::TimedOut,
            Status::OutOfMemory => Outcome::OutOfMemory { reason },
            Status::Lost => Outcome::Lost,
        };
        Ok(Self {
            id: line.id,
            parent: line.parent,
            genotype: line.genotype,
            seed: line.seed,
            worker: line.worker,
            seconds: line.seconds,
            outcome,
        })
    }
}
