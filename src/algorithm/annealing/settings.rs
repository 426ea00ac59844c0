//! How the temperature falls.

use serde::Serialize;

use crate::algorithm::AlgorithmError;
use crate::algorithm::policy_settings::{check, positive};

#[derive(Clone, Debug, Serialize)]
pub(super) struct CoolingSettings {
    pub(super) initial_temperature: f64,
    pub(super) final_temperature: f64,
    pub(super) cooling_trials: u64,
}

impl Default for CoolingSettings {
    fn default() -> Self {
        Self {
            initial_temperature: 0.02,
            final_temperature: 0.002,
            cooling_trials: 100,
        }
    }
}

impl CoolingSettings {
    pub(super) fn checked(self) -> Result<Self, AlgorithmError> {
        let (initial, last) = (self.initial_temperature, self.final_temperature);
        positive("initial temperature", initial)?;
        positive("final temperature", last)?;
        check(
            last <= initial,
            "final temperature",
            last,
            "at most the initial one",
        )?;
        check(
            self.cooling_trials > 0,
            "number of trials of the cooling",
            self.cooling_trials as f64,
            "at least 1",
        )?;
        Ok(self)
    }

    /// The temperature after so many trials.
    pub(super) fn temperature(&self, ended: u64) -> f64 {
        let progress = ended.min(self.cooling_trials) as f64 / self.cooling_trials as f64;
        let ratio = self.final_temperature / self.initial_temperature;
        self.initial_temperature * ratio.powf(progress)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_temperature_falls_by_a_factor_from_the_initial_to_the_final_one_and_stays_there() {
        let settings = CoolingSettings {
            initial_temperature: 4.0,
            final_temperature: 1.0,
            cooling_trials: 10,
        };
        for (ended, temperature) in [(0, 4.0), (5, 2.0), (10, 1.0), (1000, 1.0)] {
            assert!((settings.temperature(ended) - temperature).abs() < 1e-12);
        }
    }
}
