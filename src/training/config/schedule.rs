//! Learning rate schedules.

use serde::{Deserialize, Serialize};

use crate::training::TrainingError;

/// How the learning rate falls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Schedule {
    /// It stays constant.
    Constant,
    /// Along half a cosine to 0 at the end of the training: `(1 + cos(pi t)) / 2` after the share `t`
    /// of the steps that follow the warm-up (Loshchilov & Hutter 2017, without restarts).
    #[default]
    Cosine,
    /// In steps, by a factor every few epochs, counting those of the warm-up (as in AmoebaNet's and
    /// NASNet's released code).
    Exponential {
        /// The factor, above 0 and at most 1.
        factor: f64,
        /// Epochs, possibly a fraction of one, between two falls.
        every_epochs: f64,
        /// The lowest rate, as a share of the starting rate: 1e-4 in AmoebaNet's released code.
        lowest: f64,
    },
}

impl Schedule {
    /// The paper's ImageNet schedule: x 0.97 every 2 epochs, down to 1e-4 of the starting rate (the
    /// lower bound is that of AmoebaNet's released code).
    pub const IMAGENET: Self = Self::Exponential {
        factor: 0.97,
        every_epochs: 2.0,
        lowest: 1e-4,
    };

    pub(super) fn validate(&self) -> Result<(), TrainingError> {
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
                "factor of the exponential schedule",
                factor,
                "above 0 and at most 1",
                factor > 0.0 && factor <= 1.0,
            ),
            (
                "number of epochs between falls of the learning rate",
                every_epochs,
                "above 0 and finite",
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
            Some((setting, value, allowed, _)) => Err(TrainingError::InvalidSetting {
                setting,
                value,
                allowed,
            }),
            None => Ok(()),
        }
    }

    /// The share of the starting rate after the share `progress` of the steps that follow the
    /// warm-up, `epochs` epochs into the training.
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
