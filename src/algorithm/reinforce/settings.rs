//! The settings of REINFORCE.

use serde::Serialize;

use crate::algorithm::AlgorithmError;
use crate::algorithm::policy_settings::{at_least_0, check, positive};

/// Set and documented by the methods of [`ReinforceBuilder`](super::ReinforceBuilder).
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct ReinforceSettings {
    pub(super) learning_rate: f64,
    pub(super) baseline_momentum: f64,
    pub(super) logit_deviation: f64,
    pub(super) entropy_bonus: f64,
    pub(super) reward_scale: f64,
}

impl Default for ReinforceSettings {
    fn default() -> Self {
        Self {
            learning_rate: 0.01,
            baseline_momentum: 0.9,
            logit_deviation: 1e-3,
            entropy_bonus: 0.0,
            reward_scale: 1.0,
        }
    }
}

impl ReinforceSettings {
    /// Returns the settings if all are in range.
    pub(super) fn checked(self) -> Result<Self, AlgorithmError> {
        positive("learning rate", self.learning_rate)?;
        check(
            (0.0..1.0).contains(&self.baseline_momentum),
            "baseline momentum",
            self.baseline_momentum,
            "at least 0 and below 1",
        )?;
        at_least_0("deviation of the logits", self.logit_deviation)?;
        at_least_0("entropy bonus", self.entropy_bonus)?;
        positive("reward scale", self.reward_scale)?;
        Ok(self)
    }
}
