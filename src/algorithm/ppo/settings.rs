//! The settings of PPO.

use serde::Serialize;

use crate::algorithm::AlgorithmError;
use crate::algorithm::policy_settings::{at_least_0, check, positive};

/// Set and documented by the methods of [`PpoBuilder`](super::PpoBuilder).
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct PpoSettings {
    pub(super) hidden_units: usize,
    pub(super) weight_range: f64,
    pub(super) learning_rate: f64,
    pub(super) batch: usize,
    pub(super) passes: usize,
    pub(super) clip: f64,
    pub(super) baseline_momentum: f64,
    pub(super) entropy_bonus: f64,
    pub(super) reward_scale: f64,
}

impl Default for PpoSettings {
    fn default() -> Self {
        Self {
            hidden_units: 100,
            weight_range: 0.1,
            learning_rate: 0.0008,
            batch: 20,
            passes: 4,
            clip: 0.2,
            baseline_momentum: 0.95,
            entropy_bonus: 1e-5,
            reward_scale: 1.0,
        }
    }
}

/// The most hidden units: more would take gigabytes.
const MOST_HIDDEN_UNITS: usize = 1 << 13;

impl PpoSettings {
    /// Returns the settings if all are in range.
    pub(super) fn checked(self) -> Result<Self, AlgorithmError> {
        for (setting, count) in [
            ("number of hidden units", self.hidden_units),
            ("number of trials in a batch", self.batch),
            ("number of passes", self.passes),
        ] {
            check(count > 0, setting, count as f64, "at least 1")?;
        }
        check(
            self.hidden_units <= MOST_HIDDEN_UNITS,
            "number of hidden units",
            self.hidden_units as f64,
            "at most 8192",
        )?;
        at_least_0("range of the weights", self.weight_range)?;
        positive("learning rate", self.learning_rate)?;
        check(
            self.clip > 0.0 && self.clip < 1.0,
            "clipping range",
            self.clip,
            "above 0 and below 1",
        )?;
        check(
            (0.0..1.0).contains(&self.baseline_momentum),
            "baseline momentum",
            self.baseline_momentum,
            "at least 0 and below 1",
        )?;
        at_least_0("entropy bonus", self.entropy_bonus)?;
        positive("reward scale", self.reward_scale)?;
        Ok(self)
    }
}
