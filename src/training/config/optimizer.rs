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
    /// Adam (Kingma and Ba 2015), as Burn computes it. Weight decay is added to the gradient.
    Adam {
        /// The share of the first moment that is kept.
        beta_1: f64,
        /// The share of the second moment that is kept.
        beta_2: f64,
        /// Added to the root of the second moment.
        epsilon: f64,
    },
    /// AdamW (Loshchilov and Hutter 2019), as Burn computes it: weight decay, times the learning rate, shrinks the
    /// weights and isn't part of the gradient.
    AdamW {
        /// The share of the first moment that is kept.
        beta_1: f64,
        /// The share of the second moment that is kept.
        beta_2: f64,
        /// Added to the root of the second moment.
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

    /// Adam with the settings of its paper: 0.9, 0.999 and 1e-8.
    pub const ADAM: Self = Self::Adam {
        beta_1: 0.9,
        beta_2: 0.999,
        epsilon: 1e-8,
    };

    /// AdamW with the same settings.
    pub const ADAM_W: Self = Self::AdamW {
        beta_1: 0.9,
        beta_2: 0.999,
        epsilon: 1e-8,
    };

    /// Sets the momentum; for Adam, the share of the first moment that is kept.
    #[must_use]
    pub const fn momentum(mut self, momentum: f64) -> Self {
        match &mut self {
            Self::Sgd { momentum: own, .. }
            | Self::RmsProp { momentum: own, .. }
            | Self::Adam { beta_1: own, .. }
            | Self::AdamW { beta_1: own, .. } => {
                *own = momentum;
            }
        }
        self
    }

    pub(super) fn validate(&self) -> Result<(), TrainingError> {
        let wrong = self.checks().into_iter().find(|check| !check.holds);
        match wrong {
            Some(Check {
                setting,
                value,
                allowed,
                ..
            }) => Err(TrainingError::InvalidSetting {
                setting,
                value,
                allowed,
            }),
            None => Ok(()),
        }
    }

    fn checks(&self) -> Vec<Check> {
        match *self {
            Self::Sgd { momentum, nesterov } => vec![
                Check::share("momentum", momentum),
                Check {
                    setting: "Nesterov momentum",
                    value: momentum,
                    allowed: "above 0",
                    holds: !nesterov || momentum > 0.0,
                },
            ],
            Self::RmsProp {
                decay,
                momentum,
                epsilon,
            } => vec![
                Check::share("momentum", momentum),
                Check::share("decay of RMSProp", decay),
                Check::positive("epsilon of RMSProp", epsilon),
            ],
            Self::Adam {
                beta_1,
                beta_2,
                epsilon,
            }
            | Self::AdamW {
                beta_1,
                beta_2,
                epsilon,
            } => vec![
                Check::share("first beta of Adam", beta_1),
                Check::share("second beta of Adam", beta_2),
                Check::positive("epsilon of Adam", epsilon),
            ],
        }
    }
}

/// A setting, and whether it is in its range.
struct Check {
    setting: &'static str,
    value: f64,
    allowed: &'static str,
    holds: bool,
}

impl Check {
    fn share(setting: &'static str, value: f64) -> Self {
        Self {
            setting,
            value,
            allowed: "from 0 to below 1",
            holds: (0.0..1.0).contains(&value),
        }
    }

    const fn positive(setting: &'static str, value: f64) -> Self {
        Self {
            setting,
            value,
            allowed: "above 0 and finite",
            holds: value > 0.0 && value.is_finite(),
        }
    }
}

impl Default for OptimizerSettings {
    fn default() -> Self {
        Self::SGD
    }
}
