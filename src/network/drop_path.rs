//! Drop path: in training, the whole output of an operation is dropped for some examples.

use serde::{Deserialize, Serialize};

/// (Scheduled) drop path. In training, the output of every operation except an identity is set to 0
/// with some probability, independently for each example, and otherwise divided by the keep
/// probability, which preserves its mean.
///
/// The keep probability starts at 1 and falls with the depth of the cell, with the progress of the
/// training, or with both (Zoph et al. 2018; versions 2, 1 and 3 in the released code).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct DropPath {
    /// The lowest keep probability, above 0 and at most 1; 1 turns drop path off. The paper trains
    /// with 0.7, NASNet on CIFAR with 0.6.
    pub keep_probability: f64,
    /// How the keep probability falls.
    pub schedule: DropPathSchedule,
}

/// How drop path's keep probability falls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DropPathSchedule {
    /// Linearly with the training's progress, the same for all cells (version 1, the default of
    /// AmoebaNet's released code).
    Time,
    /// Linearly with the cell's depth, the same for the whole training (version 2).
    Layer,
    /// With progress and depth (version 3, the default of NASNet's released code).
    #[default]
    TimeAndLayer,
}

impl DropPath {
    /// No drop path.
    pub const OFF: Self = Self {
        keep_probability: 1.0,
        schedule: DropPathSchedule::TimeAndLayer,
    };

    /// Drop path that falls to this keep probability with time and depth.
    #[must_use]
    pub const fn scheduled(keep_probability: f64) -> Self {
        Self {
            keep_probability,
            schedule: DropPathSchedule::TimeAndLayer,
        }
    }

    /// The keep probability in cell `cell` of `cells` (from 0, including the stem's and the reduction
    /// cells) when the training's progress is `progress`, from 0 to 1.
    ///
    /// With depth it is `q = 1 - (cell + 1) / cells · (1 - p)`; with time `1 - progress · (1 - p)`;
    /// with both `1 - progress · (1 - q)`.
    #[must_use]
    pub fn keep(&self, cell: usize, cells: usize, progress: f64) -> f64 {
        let lowest = match self.schedule {
            DropPathSchedule::Time => self.keep_probability,
            DropPathSchedule::Layer | DropPathSchedule::TimeAndLayer => {
                let depth = (cell + 1) as f64 / cells.max(cell + 1) as f64;
                1.0 - depth * (1.0 - self.keep_probability)
            }
        };
        match self.schedule {
            DropPathSchedule::Layer => lowest,
            DropPathSchedule::Time | DropPathSchedule::TimeAndLayer => {
                1.0 - progress.clamp(0.0, 1.0) * (1.0 - lowest)
            }
        }
    }
}

impl Default for DropPath {
    fn default() -> Self {
        Self::OFF
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-12
    }

    #[test]
    fn the_keep_probability_falls_by_time_by_layer_or_by_both() {
        let drop_path = |schedule| DropPath {
            keep_probability: 0.6,
            schedule,
        };
        let time = drop_path(DropPathSchedule::Time);
        assert!(close(time.keep(0, 20, 0.0), 1.0));
        assert!(close(time.keep(0, 20, 0.5), 0.8));
        assert!(close(time.keep(19, 20, 7.0), 0.6));
        let layer = drop_path(DropPathSchedule::Layer);
        assert!(close(layer.keep(0, 20, 0.0), 0.98));
        assert!(close(layer.keep(19, 20, 0.0), 0.6));
        let both = drop_path(DropPathSchedule::TimeAndLayer);
        assert!(close(both.keep(9, 20, 0.5), 0.9));
        assert!(close(both.keep(19, 20, 1.0), 0.6));
    }

    #[test]
    fn off_keeps_everything() {
        for cell in 0..5 {
            assert!(close(DropPath::OFF.keep(cell, 5, 1.0), 1.0));
        }
    }
}
