//! The JSON of a trial record: one flat object.

use std::collections::BTreeMap;

use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::TrialRecord;
use super::outcome_json::{OutcomeFields, OutcomeStatus};
use crate::trial::{Fidelity, TrialId};

#[derive(Serialize)]
struct RecordLine<'a, G> {
    id: TrialId,
    parent: Option<TrialId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mate: Option<TrialId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    continues: Option<TrialId>,
    genotype: &'a G,
    seed: u64,
    #[serde(skip_serializing_if = "Fidelity::is_full")]
    fidelity: &'a Fidelity,
    worker: usize,
    attempts: u32,
    seconds: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    reused: Option<TrialId>,
    status: OutcomeStatus,
    fitness: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cost: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<f64>,
    #[serde(flatten)]
    metrics: BTreeMap<&'a str, Value>,
}

#[derive(Deserialize)]
#[serde(bound = "G: DeserializeOwned")]
struct OwnedRecord<G> {
    id: TrialId,
    parent: Option<TrialId>,
    #[serde(default)]
    mate: Option<TrialId>,
    #[serde(default)]
    continues: Option<TrialId>,
    genotype: G,
    seed: u64,
    #[serde(default)]
    fidelity: Fidelity,
    worker: usize,
    attempts: u32,
    seconds: f64,
    #[serde(default)]
    reused: Option<TrialId>,
    status: OutcomeStatus,
    fitness: Option<f64>,
    #[serde(default)]
    cost: Option<f64>,
    #[serde(default)]
    reason: Option<String>,
    #[serde(default)]
    step: Option<u64>,
    #[serde(default)]
    value: Option<f64>,
    #[serde(flatten)]
    metrics: BTreeMap<String, Value>,
}

/// A number; a whole one is written without a fraction, so that counts read as such, except minus zero.
fn number(value: f64) -> Value {
    let minus_zero = value == 0.0 && value.is_sign_negative();
    if value.fract() == 0.0 && value.abs() < 2_f64.powi(53) && !minus_zero {
        Value::from(value as i64)
    } else {
        Value::from(value)
    }
}

impl<G: Serialize> Serialize for TrialRecord<G> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let outcome = OutcomeFields::from(&self.outcome);
        RecordLine {
            id: self.id,
            parent: self.parent,
            mate: self.mate,
            continues: self.continues,
            genotype: &self.genotype,
            seed: self.seed,
            fidelity: &self.fidelity,
            worker: self.worker,
            attempts: self.attempts,
            seconds: self.seconds,
            reused: self.reused,
            status: outcome.status,
            fitness: outcome.fitness,
            cost: outcome.cost,
            reason: outcome.reason,
            step: outcome.step,
            value: outcome.value,
            metrics: self
                .outcome
                .evaluation()
                .into_iter()
                .flat_map(|evaluation| evaluation.metrics.iter())
                .map(|(name, value)| (name, number(value)))
                .collect(),
        }
        .serialize(serializer)
    }
}

impl<'de, G: DeserializeOwned> Deserialize<'de> for TrialRecord<G> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let line = OwnedRecord::<G>::deserialize(deserializer)?;
        let fields = OutcomeFields {
            status: line.status,
            fitness: line.fitness,
            cost: line.cost,
            reason: line.reason,
            step: line.step,
            value: line.value,
        };
        let metrics = line
            .metrics
            .into_iter()
            .filter_map(|(name, value)| Some((name, value.as_f64()?)))
            .collect();
        Ok(Self {
            id: line.id,
            parent: line.parent,
            mate: line.mate,
            continues: line.continues,
            genotype: line.genotype,
            seed: line.seed,
            fidelity: line.fidelity,
            worker: line.worker,
            attempts: line.attempts,
            seconds: line.seconds,
            reused: line.reused,
            outcome: fields.outcome(metrics).map_err(D::Error::custom)?,
        })
    }
}
