//! Optimizers and their settings.

use serde::{Deserialize, Serialize};

use crate::training::TrainingError;

/// The optimizer and its settings.
///
/// ```
/// use evonas::training::{OptimizerSettings, TrainingConfig};
///
/// let config = TrainingConfig::default().optimizer(OptimizerSettings::NESTEROV.momentum(0.95));
/// assert!(config.validate().is_ok());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum OptimizerSettings {
    /// Stochastic gradient descent: `v = momentum v + g`, `w = w - rate v`.
    Sgd {
        /// The share of the previous step that is kept, without dampening; 0 turns momentum off.
        momentum: f64,
        /// Whether to step by `g + momentum v`, Nesterov's look-ahead.
        nesterov: bool,
    },
    /// TensorFlow's RMSProp, which the paper's ImageNet trainings use: see
    /// [`RmsProp`](crate::training::RmsProp).
    RmsProp {
        /// The share of the mean square that is kept.
        decay: f64,
        /// The share of the previous step that is kept.
        momentum: f64,
        /// Added to the mean square, under the root.
        epsilon: f64,
    },
}

impl OptimizerSettings {
    /// SGD with momentum 0.9.
    pub const SGD: Self = Self::Sgd {
        momentum: 0.9,
        nesterov: false,
    };

    /// SGD with Nesterov momentum 0.9.
    pub const NESTEROV: Self = Self::Sgd {
        momentum: 0.9,
        nesterov: true,
    };

    /// RMSProp with decay 0.9, momentum 0.9 and epsilon 0.1, as in the paper's ImageNet training;
    /// the momentum is that of AmoebaNet's released code.
    pub const RMS_PROP: Self = Self::RmsProp {
        decay: 0.9,
        momentum: 0.9,
        epsilon: 0.1,
    };

    /// Sets the momentum.
    #[must_use]
    pub const fn momentum(mut self, momentum: f64) -> Self {
        match &mut self {
            Self::Sgd { momentum: own, .. } | Self::RmsProp { momentum: own, .. } => {
                *own = momentum;
            }
        }
        self
    }

    pub(super) fn validate(&self) -> Result<(), TrainingError> {
        let below_1 = "from 0 to below 1";
        let (momentum, others) = match *self {
            Self::Sgd { momentum, nesterov } => (
                momentum,
                vec![(
                    "Nesterov momentum",
                    momentum,
                    "above 0",
                    !nesterov || momentum > 0.0,
                )],
            ),
            Self::RmsProp {
                decay,
                momentum,
                epsilon,
            } => (
                momentum,
                vec![
                    (
                        "decay of RMSProp",
                        decay,
                        below_1,
                        (0.0..1.0).contains(&decay),
                    ),
                    (
                        "epsilon of RMSProp",
                        epsilon,
                        "above 0 and finite",
                        epsilon > 0.0 && epsilon.is_finite(),
                    ),
                ],
            ),
        };
        let momentum = (
            "momentum",
            momentum,
            below_1,
            (0.0..1.0).contains(&momentum),
        );
        let wrong = std::iter::once(momentum)
            .chain(others)
            .find(|&(.., holds)| !holds);
        match wrong {
            Some((setting, value, allowed, _)) => Err(TrainingError::InvalidSetting {
                setting,
                value,
                allowed,
            }),
            None => Ok(()),
        }
    }
}

impl Default for OptimizerSettings {
    fn default() -> Self {
        Self::SGD
    }
}
