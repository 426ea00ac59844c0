//! How the learning rate falls.

use serde::{Deserialize, Serialize};

use super::InvalidTrainingConfig;

/// How the learning rate falls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Schedule {
    /// Not at all.
    Constant,
    /// By half a cosine to 0 at the end of the training: `(1 + cos(pi t)) / 2` after the share `t`
    /// of the steps that follow the warm-up (Loshchilov & Hutter 2017, without restarts).
    #[default]
    Cosine,
    /// By a factor every so many epochs, all at once; the epochs of a warm-up count (as in
    /// AmoebaNet's and NASNet's released code).
    Exponential {
        /// The factor, above 0 and at most 1.
        factor: f64,
        /// Epochs, or parts of one, between two falls.
        every_epochs: f64,
        /// The lowest rate, as a share of the first: 1e-4 in AmoebaNet's released code.
        lowest: f64,
    },
}

impl Schedule {
    pub(super) fn validate(&self) -> Result<(), InvalidTrainingConfig> {
        let Self::Exponential {
            factor,
            every_epochs,
            lowest,
        } = *self
        else {
            return Ok(());
        };
        let checks = [
            (
                "factor of the learning rate's steps",
                factor,
                "above 0 and at most 1",
                factor > 0.0 && factor <= 1.0,
            ),
            (
                "number of epochs between the learning rate's steps",
                every_epochs,
                "above 0",
                every_epochs > 0.0 && every_epochs.is_finite(),
            ),
            (
                "lowest share of the learning rate",
                lowest,
                "from 0 to 1",
                (0.0..=1.0).contains(&lowest),
            ),
        ];
        match checks.into_iter().find(|&(.., holds)| !holds) {
            Some((setting, value, allowed, _)) => Err(InvalidTrainingConfig {
                setting,
                value,
                allowed,
            }),
            None => Ok(()),
        }
    }

    /// The share of the first rate, after the share `progress` of the steps behind the warm-up and
    /// so many epochs in all.
    pub(super) fn share(&self, progress: f64, epochs: f64) -> f64 {
        match *self {
            Self::Constant => 1.0,
            Self::Cosine => 0.5 * (1.0 + (std::f64::consts::PI * progress).cos()),
            Self::Exponential {
                factor,
                every_epochs,
                lowest,
            } => factor.powf((epochs / every_epochs).floor()).max(lowest),
        }
    }
}
