//! What every run of a comparison depends on.

use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::comparison::{Benchmark, ComparisonError, Setup};
use crate::description::first_difference;
use crate::sealed_log::RecordKind;

/// The kind of record that the runs are.
pub(super) static RUNS: RecordKind = RecordKind {
    magic: r#"{"comparison":"evonas","format":"#,
    format: 2,
    name: "a record of runs",
    noun: "record",
    entry: "run",
    task: "comparison",
};

/// The first line of a record. The number of runs, the algorithms and the threads are not part of it: no run
/// depends on them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct RecordedSettings {
    /// `evonas`.
    comparison: String,
    format: u64,
    /// Another version may draw other random numbers.
    #[serde(rename = "crate")]
    crate_version: String,
    benchmark: Value,
    setup: Value,
}

impl RecordedSettings {
    pub(in crate::comparison) fn new<B: Benchmark>(benchmark: &B, setup: &Setup) -> Self {
        Self {
            comparison: "evonas".to_owned(),
            format: RUNS.format,
            crate_version: env!("CARGO_PKG_VERSION").to_owned(),
            benchmark: json!({
                "evaluations": benchmark.describe(),
                "space": benchmark.space().describe(),
                "mutation": benchmark.mutation().describe(),
                "reward_scale": benchmark.reward_scale(),
                "overshooting_counts": benchmark.overshooting_counts(),
            }),
            setup: json!({
                "seed": setup.seed,
                "population": setup.population,
                "sample": setup.sample,
                "budget_seconds": setup.budget.as_secs_f64(),
            }),
        }
    }

    /// Refuses a record of runs with other settings.
    pub(super) fn check(&self, recorded: &Self, path: &Path) -> Result<(), ComparisonError> {
        let parts = |settings: &Self| {
            [
                ("crate", Value::from(settings.crate_version.as_str())),
                ("benchmark", settings.benchmark.clone()),
                ("setup", settings.setup.clone()),
            ]
        };
        for ((part, recorded), (_, now)) in parts(recorded).into_iter().zip(parts(self)) {
            if let Some(difference) = first_difference(&recorded, &now) {
                return Err(ComparisonError::OtherComparison {
                    path: path.to_owned(),
                    difference: difference.within(part),
                });
            }
        }
        Ok(())
    }
}
