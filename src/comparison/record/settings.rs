//! What every run of a comparison depends on.

use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::comparison::{Benchmark, ComparisonError, Setup};
use crate::description::{Difference, first_difference};
use crate::sealed_log::RecordKind;
use crate::space::{Mutation, SearchSpace};

/// The kind of record that the runs are.
pub(crate) static RUNS: RecordKind = RecordKind {
    magic: r#"{"comparison":"evonas","format":"#,
    format: 3,
    name: "a record of runs",
    noun: "record",
    entry: "run",
    task: "comparison",
};

/// The first line of a record. The number of runs, the algorithms and the threads are not part of it: no run
/// depends on them, except on its own algorithm, which has a line with its settings.
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
                return Err(other_comparison(path, difference.within(part)));
            }
        }
        Ok(())
    }
}

/// Refuses an algorithm that takes part and has a name that was recorded with other settings.
pub(super) fn check_algorithm(
    name: &str,
    recorded: &Value,
    algorithms: &[(&str, Value)],
    path: &Path,
) -> Result<(), ComparisonError> {
    let now = algorithms.iter().find(|(other, _)| *other == name);
    match now.and_then(|(_, now)| first_difference(recorded, now)) {
        Some(difference) => {
            let difference = difference.within(name).within("algorithms");
            Err(other_comparison(path, difference))
        }
        None => Ok(()),
    }
}

fn other_comparison(path: &Path, difference: Difference) -> ComparisonError {
    ComparisonError::OtherComparison {
        path: path.to_owned(),
        difference,
    }
}
