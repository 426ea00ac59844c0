//! Which settings are valid.

use super::{OptimizerSettings, TrainingConfig};
use crate::training::TrainingError;

impl TrainingConfig {
    /// Checks every setting.
    ///
    /// # Errors
    /// [`TrainingError::InvalidSetting`] with the first setting that is out of range.
    pub fn validate(&self) -> Result<(), TrainingError> {
        let check = |setting, value: f64, allowed, holds: bool| {
            if holds {
                Ok(())
            } else {
                Err(TrainingError::InvalidSetting {
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
        // Where images are down to one pixel, a batch of one has no batch statistics.
        check(
            "batch size",
            self.batch_size as f64,
            "at least 2",
            self.batch_size >= 2,
        )?;
        check(
            "learning rate",
            self.learning_rate,
            "above 0 and finite",
            positive(self.learning_rate),
        )?;
        check(
            "number of warm-up epochs",
            self.warm_up_epochs,
            "at least 0 and below the number of epochs",
            not_negative(self.warm_up_epochs) && self.warm_up_epochs < self.epochs as f64,
        )?;
        if let Some(floor) = self.warm_up_floor {
            check(
                "lowest share of the learning rate during warm-up",
                floor,
                "above 0 and at most 1",
                floor > 0.0 && floor <= 1.0,
            )?;
        }
        check(
            "weight decay",
            self.weight_decay,
            "at least 0 and finite",
            not_negative(self.weight_decay),
        )?;
        if let Some(norm) = self.gradient_clipping {
            check(
                "gradient clipping",
                norm,
                "above 0 and finite",
                positive(norm),
            )?;
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
        if self.clip_weight_decay && matches!(self.optimizer, OptimizerSettings::AdamW { .. }) {
            check(
                "clipping of weight decay",
                1.0,
                "off with AdamW, whose weight decay isn't part of the gradient",
                false,
            )?;
        }
        self.schedule.validate()?;
        self.optimizer.validate()
    }
}
