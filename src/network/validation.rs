//! Checks a configuration.

use super::config::{NetworkConfig, Stem};
use super::error::NetworkError;

/// Larger figures are mistakes and might overflow a size. Costs saturate.
const MOST: usize = 1 << 16;
const MOST_CELLS: usize = 1 << 10;

impl NetworkConfig {
    /// Checks every setting on its own. Whether a genotype fits (its bottlenecks, the size of the
    /// image) is checked by [`NetworkPlan::new`](super::NetworkPlan::new).
    ///
    /// # Errors
    /// [`NetworkError`] names the first invalid setting.
    pub fn validate(&self) -> Result<(), NetworkError> {
        let stem_filters = match self.stem {
            Stem::Cifar => 1,
            Stem::ImageNet { filters } => filters,
        };
        let figures = [
            (
                "number of cells per stack",
                self.cells_per_stack,
                MOST_CELLS,
            ),
            ("number of filters", self.filters, MOST),
            ("number of stem filters", stem_filters, MOST),
            ("number of classes", self.classes, 1 << 24),
            ("number of image channels", self.image.channels, MOST),
            ("image height", self.image.height, MOST),
            ("image width", self.image.width, MOST),
        ];
        for (figure, value, most) in figures {
            if value == 0 {
                return Err(NetworkError::Zero { figure });
            }
            if value > most {
                return Err(NetworkError::TooLarge {
                    figure,
                    value,
                    most,
                });
            }
        }
        self.validate_reals()
    }

    fn validate_reals(&self) -> Result<(), NetworkError> {
        let norm = self.batch_norm;
        let keep = self.drop_path.keep_probability;
        let above_0 = |value: f64| value.is_finite() && value > 0.0;
        let mut checks = vec![
            (
                "batch norm epsilon",
                norm.epsilon,
                "above 0 and finite",
                above_0(norm.epsilon),
            ),
            (
                "batch norm momentum",
                norm.momentum,
                "above 0 and at most 1",
                above_0(norm.momentum) && norm.momentum <= 1.0,
            ),
            (
                "drop path keep probability",
                keep,
                "above 0 and at most 1",
                above_0(keep) && keep <= 1.0,
            ),
            (
                "dropout",
                self.dropout,
                "from 0 to below 1",
                (0.0..1.0).contains(&self.dropout),
            ),
        ];
        if let Some(auxiliary) = &self.auxiliary {
            let scale = auxiliary.channel_scale;
            checks.push((
                "auxiliary channel scale",
                scale,
                "at least 1/128, so that a channel is left, and at most 256",
                scale.is_finite() && auxiliary.channels()[0] > 0 && scale <= 256.0,
            ));
            let weight = auxiliary.loss_weight;
            checks.push((
                "auxiliary loss weight",
                weight,
                "at least 0 and finite",
                weight.is_finite() && weight >= 0.0,
            ));
        }
        match checks.into_iter().find(|(.., holds)| !holds) {
            Some((figure, value, allowed, _)) => Err(NetworkError::OutOfRange {
                figure,
                value,
                allowed,
            }),
            None => Ok(()),
        }
    }
}
