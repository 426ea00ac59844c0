//! Settings that can't be.

use super::TrainingConfig;

impl TrainingConfig {
    /// Checks every setting.
    ///
    /// # Errors
    /// [`InvalidTrainingConfig`] names the first one that can't be.
    pub fn validate(&self) -> Result<(), InvalidTrainingConfig> {
        let check = |setting, value: f64, allowed, holds: bool| {
            if holds {
                Ok(())
            } else {
                Err(InvalidTrainingConfig {
                    setting,
                    value,
                    allowed,
                })
            }
        };
        let positive = |value: f64| value.is_finite() && value > 0.0;
        let not_negative = |value: f64| value.is_finite() && value >= 0.0;
        check(
            "number of epochs",
            self.epochs as f64,
            "at least 1",
            self.epochs > 0,
        )?;
        // A batch of one image has no batch statistics where the image is down to one pixel.
        check(
            "batch size",
            self.batch_size as f64,
            "at least 2",
            self.batch_size >= 2,
        )?;
        check(
            "learning rate",
            self.learning_rate,
            "above 0",
            positive(self.learning_rate),
        )?;
        check(
            "number of warm-up epochs",
            self.warm_up_epochs,
            "at least 0 and below the number of epochs",
            not_negative(self.warm_up_epochs) && self.warm_up_epochs < self.epochs as f64,
        )?;
        check(
            "weight decay",
            self.weight_decay,
            "at least 0",
            not_negative(self.weight_decay),
        )?;
        if let Some(norm) = self.gradient_clipping {
            check("gradient clipping", norm, "above 0", positive(norm))?;
        }
        check(
            "label smoothing",
            self.label_smoothing,
            "from 0 to below 1",
            (0.0..1.0).contains(&self.label_smoothing),
        )?;
        if let Some(decay) = self.moving_average {
            check(
                "decay of the moving average",
                decay,
                "above 0 and below 1",
                decay > 0.0 && decay < 1.0,
            )?;
        }
        self.schedule.validate()?;
        self.optimizer.validate()
    }
}

/// A setting that can't be.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("the {setting} is {value}; it must be {allowed}")]
pub struct InvalidTrainingConfig {
    pub(super) setting: &'static str,
    pub(super) value: f64,
    pub(super) allowed: &'static str,
}
