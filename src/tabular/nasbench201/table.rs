//! The table in memory.

use std::fmt;

use super::dataset::{Dataset, Metric};
use crate::spaces::nasbench201::{CELLS, NasBench201Cell};

/// All 15,625 cells with their accuracies, sizes and times.
///
/// The table is a CSV file with these columns; others are ignored:
///
/// | column | content |
/// |---|---|
/// | `index` | the official index, from 0 |
/// | `arch` | the official string of the cell |
/// | `*_val12`, `*_test12` | accuracy in percent after the 12-epoch schedule, from 0 to 100 |
/// | `*_val200`, `*_test200` | accuracy in percent after the 200-epoch schedule, from 0 to 100 |
/// | `*_params_m`, `*_flops_m` | parameters and multiply-adds in millions, at least 0 |
/// | `c10valid_train_s_per_epoch` | seconds of a training epoch, at least a nanosecond |
/// | `eval_us_per_image` | microseconds to evaluate an image, at least a nanosecond |
///
/// The asterisk is a placeholder for `c10`, `c100` and `in16`.
pub struct NasBench201Table {
    /// By [`NasBench201Cell::code`].
    pub(super) measured: Box<[MeasuredCell]>,
    /// By official index.
    pub(super) cells: Box<[NasBench201Cell]>,
}

impl fmt::Debug for NasBench201Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NasBench201Table")
            .field("architectures", &self.measured.len())
            .finish_non_exhaustive()
    }
}

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub(super) struct MeasuredCell {
    pub(super) index: u16,
    pub(super) train_seconds_per_epoch: f64,
    pub(super) evaluation_seconds_per_image: f64,
    /// By [`Dataset`].
    pub(super) on: [OnDataset; 3],
}

/// A cell's network on one data set.
#[derive(Clone, Copy, Debug)]
pub(super) struct OnDataset {
    /// By [`Metric`].
    pub(super) accuracies: [f64; 4],
    pub(super) parameters: f64,
    pub(super) multiply_adds: f64,
}

impl NasBench201Table {
    /// An accuracy in percent.
    #[must_use]
    pub fn accuracy(&self, cell: NasBench201Cell, dataset: Dataset, metric: Metric) -> f64 {
        self.on(cell, dataset).accuracies[metric as usize]
    }

    /// How long it took to train and validate a cell, in seconds.
    ///
    /// By the formula of the NATS-Bench scripts, `epochs * scale * t + images * e`: the epochs of the
    /// metric's schedule, the seconds `t` of an epoch on the 25,000 images of `cifar10-valid`, the seconds
    /// `e` to evaluate an image, and the data set's scale (1; 2; 6.068) and number of validation images
    /// (25,000; 5,000; 3,000).
    #[must_use]
    pub fn seconds(&self, cell: NasBench201Cell, dataset: Dataset, metric: Metric) -> f64 {
        let cell = &self.measured[cell.code()];
        metric.epochs() * dataset.epoch_scale() * cell.train_seconds_per_epoch
            + dataset.validation_images() * cell.evaluation_seconds_per_image
    }

    /// The number of trainable parameters of the whole network.
    #[must_use]
    pub fn parameters(&self, cell: NasBench201Cell, dataset: Dataset) -> f64 {
        self.on(cell, dataset).parameters
    }

    /// The multiply-adds of the whole network for one image.
    #[must_use]
    pub fn multiply_adds(&self, cell: NasBench201Cell, dataset: Dataset) -> f64 {
        self.on(cell, dataset).multiply_adds
    }

    /// The official index of a cell, from 0.
    #[must_use]
    pub fn index(&self, cell: NasBench201Cell) -> usize {
        self.measured[cell.code()].index.into()
    }

    /// The cell with an official index; `None` if the index is [`CELLS`] or more.
    #[must_use]
    pub fn cell(&self, index: usize) -> Option<NasBench201Cell> {
        self.cells.get(index).copied()
    }

    /// The cell with the highest accuracy, and that accuracy.
    #[must_use]
    pub fn best(&self, dataset: Dataset, metric: Metric) -> (NasBench201Cell, f64) {
        let accuracy = |cell: NasBench201Cell| self.accuracy(cell, dataset, metric);
        let best = self
            .cells
            .iter()
            .copied()
            .fold(self.cells[0], |best, cell| {
                if accuracy(cell) > accuracy(best) {
                    cell
                } else {
                    best
                }
            });
        (best, accuracy(best))
    }

    /// The CRC-32 of all indices and numbers, which identifies the table.
    #[must_use]
    pub fn checksum(&self) -> u32 {
        let mut hasher = crc32fast::Hasher::new();
        for cell in &self.measured {
            hasher.update(&cell.index.to_le_bytes());
            let times = [
                cell.train_seconds_per_epoch,
                cell.evaluation_seconds_per_image,
            ];
            let on = cell.on.iter().flat_map(|on| {
                let [first, second, third, fourth] = on.accuracies;
                [
                    first,
                    second,
                    third,
                    fourth,
                    on.parameters,
                    on.multiply_adds,
                ]
            });
            for number in times.into_iter().chain(on) {
                hasher.update(&number.to_le_bytes());
            }
        }
        hasher.finalize()
    }

    fn on(&self, cell: NasBench201Cell, dataset: Dataset) -> &OnDataset {
        &self.measured[cell.code()].on[dataset as usize]
    }
}

/// Every official index fits in the type of [`MeasuredCell::index`].
const _: () = assert!(CELLS <= u16::MAX as usize);
