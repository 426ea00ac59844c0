//! What every run of a comparison depends on.

use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::RunRecordError;
use crate::comparison::{Benchmark, Setup};

/// The format that this version writes and reads.
pub(super) const FORMAT: u64 = 1;

/// How every record begins.
pub(super) const MAGIC: &str = r#"{"comparison":"evonas","format":"#;

/// The first line of a record. The number of runs, the algorithms and the threads are no part of it: no run
/// depends on them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Settings {
    /// `evonas`.
    comparison: String,
    pub(super) format: u64,
    /// Another version may draw other random numbers.
    #[serde(rename = "crate")]
    crate_version: String,
    benchmark: String,
    space: String,
    mutation: String,
    population: usize,
    sample: usize,
    budget: Duration,
    seed: u64,
}

impl Settings {
    pub(in crate::comparison) fn new<B: Benchmark>(benchmark: &B, setup: &Setup) -> Self {
        let overshooting = match benchmark.overshooting_counts() {
            true => "counts",
            false => "doesn't count",
        };
        Self {
            comparison: "evonas".to_owned(),
            format: FORMAT,
            crate_version: env!("CARGO_PKG_VERSION").to_owned(),
            benchmark: format!(
                "{}; reward scale {:?}; what overshoots {overshooting}",
                benchmark.describe(),
                benchmark.reward_scale()
            ),
            space: benchmark.space().describe(),
            mutation: benchmark.mutation().describe(),
            population: setup.population,
            sample: setup.sample,
            budget: setup.budget,
            seed: setup.seed,
        }
    }

    /// That the recorded settings are these.
    pub(super) fn check(&self, recorded: &Self, path: &Path) -> Result<(), RunRecordError> {
        let quoted = |text: &str| format!("'{text}'");
        type Part<'a> = (&'static str, &'a dyn Fn(&Settings) -> String);
        let parts: [Part<'_>; 8] = [
            ("version of evonas", &|of| of.crate_version.clone()),
            ("benchmark", &|of| quoted(&of.benchmark)),
            ("space", &|of| quoted(&of.space)),
            ("mutation", &|of| quoted(&of.mutation)),
            ("population", &|of| of.population.to_string()),
            ("sample", &|of| of.sample.to_string()),
            ("budget", &|of| format!("{} s", of.budget.as_secs_f64())),
            ("seed", &|of| of.seed.to_string()),
        ];
        for (what, part) in parts {
            let (recorded, now) = (part(recorded), part(self));
            if recorded != now {
                return Err(RunRecordError::OtherComparison {
                    path: path.to_owned(),
                    what,
                    recorded,
                    now,
                });
            }
        }
        Ok(())
    }
}
