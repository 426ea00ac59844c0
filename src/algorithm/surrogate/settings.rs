//! The settings of a surrogate search.

use serde::Serialize;

use crate::algorithm::AlgorithmError;
use crate::algorithm::policy_settings::{at_least_0, check};

#[derive(Clone, Debug, Serialize)]
pub(super) struct SurrogateSettings {
    pub(super) initial_trials: usize,
    pub(super) parents: usize,
    pub(super) candidates: usize,
    pub(super) trees: usize,
    pub(super) exploration: f64,
}

impl Default for SurrogateSettings {
    fn default() -> Self {
        Self {
            initial_trials: 10,
            parents: 10,
            candidates: 100,
            trees: 20,
            exploration: 1.0,
        }
    }
}

impl SurrogateSettings {
    pub(super) fn checked(self) -> Result<Self, AlgorithmError> {
        for (setting, value) in [
            ("number of random trials", self.initial_trials),
            ("number of parents", self.parents),
            ("number of candidates", self.candidates),
            ("number of trees", self.trees),
        ] {
            check(value > 0, setting, value as f64, "at least 1")?;
        }
        at_least_0("exploration", self.exploration)?;
        Ok(self)
    }
}
