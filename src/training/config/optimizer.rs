//! What follows the gradient.

use serde::{Deserialize, Serialize};

use super::InvalidTrainingConfig;

/// The optimizer and its settings.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum OptimizerSettings {
    /// Stochastic gradient descent: `v = momentum v + g`, `w = w - rate v`.
    Sgd {
        /// The share of the last step that stays, without dampening; 0 is none.
        momentum: f64,
        /// Whether to step by `g + momentum v`, as it will be after the next step (Nesterov).
        nesterov: bool,
    },
    /// RMSProp as TensorFlow has it, which the paper's ImageNet trainings use: see
    /// [`RmsProp`](crate::training::RmsProp).
    RmsProp {
        /// The share of the mean square that stays.
        decay: f64,
        /// The share of the last step that stays.
        momentum: f64,
        /// What is added to the mean square, below the root.
        epsilon: f64,
    },
}

impl OptimizerSettings {
    /// SGD with momentum 0.9.
    pub const SGD: Self = Self::Sgd {
        momentum: 0.9,
        nesterov: false,
    };

    pub(super) fn validate(&self) -> Result<(), InvalidTrainingConfig> {
        let below_1 = "from 0 to below 1";
        let (momentum, others) = match *self {
            Self::Sgd { momentum, nesterov } => (
                momentum,
                vec![(
                    "momentum of Nesterov's steps",
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
                        "above 0",
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
            Some((setting, value, allowed, _)) => Err(InvalidTrainingConfig {
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
