//! The table of NAS-Bench-201 / NATS-Bench's topology space.

mod dataset;
mod evaluator;
mod read;

pub use dataset::{Dataset, Metric, UnknownName};
pub use evaluator::NasBench201Evaluator;

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use super::TableError;
use super::csv_file::open;
use crate::spaces::nasbench201::{CELLS, NasBench201Cell};

/// All 15,625 cells with their accuracies, sizes and times.
///
/// The columns that it reads: `index` (the official one), `arch` (the official string);
/// `c10_`, `c100_` and `in16_` each with `val12`, `test12`, `val200` and `test200` (accuracies in
/// percent after the 12 and the 200 epoch schedule), `params_m` and `flops_m` (millions; FLOPs are
/// multiply-adds); `c10valid_train_s_per_epoch` (seconds) and `eval_us_per_image` (microseconds).
/// Others are ignored. Accuracies are from 0 to 100, sizes at least 0, times at least a nanosecond.
pub struct NasBench201Table {
    /// By [`NasBench201Cell::code`].
    rows: Box<[Row]>,
    /// By official index.
    cells: Box<[NasBench201Cell]>,
}

impl fmt::Debug for NasBench201Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NasBench201Table")
            .field("architectures", &self.rows.len())
            .finish_non_exhaustive()
    }
}

#[derive(Clone, Copy, Debug)]
struct Row {
    index: u16,
    train_seconds_per_epoch: f64,
    evaluation_seconds_per_image: f64,
    on: [OnDataset; 3],
}

#[derive(Clone, Copy, Debug)]
struct OnDataset {
    /// By [`Metric`].
    accuracies: [f64; 4],
    parameters: f64,
    multiply_adds: f64,
}

impl NasBench201Table {
    /// Reads the table from a CSV file, plain or gzip.
    ///
    /// # Errors
    /// [`TableError`] if the file can't be read, lacks a column or an architecture, or a field
    /// can't be parsed or is out of its range.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, TableError> {
        Self::read_from(open(path.as_ref())?)
    }

    /// An accuracy in percent.
    #[must_use]
    pub fn accuracy(&self, cell: NasBench201Cell, dataset: Dataset, metric: Metric) -> f64 {
        self.on(cell, dataset).accuracies[metric as usize]
    }

    /// How long training and validating a cell took, in seconds, by the formula of the NATS-Bench
    /// scripts: `epochs * scale * t + images * e`, with `t` the seconds of an epoch on the 25,000
    /// images of `cifar10-valid`, `e` the seconds to evaluate an image, the epochs of the metric's
    /// schedule, and the scale (1; 2; 6.068) and the number of validation images (25,000; 5,000;
    /// 3,000) of the data set.
    #[must_use]
    pub fn seconds(&self, cell: NasBench201Cell, dataset: Dataset, metric: Metric) -> f64 {
        let row = &self.rows[cell.code()];
        metric.epochs() * dataset.epoch_scale() * row.train_seconds_per_epoch
            + dataset.validation_images() * row.evaluation_seconds_per_image
    }

    /// Trainable parameters of the whole network.
    #[must_use]
    pub fn parameters(&self, cell: NasBench201Cell, dataset: Dataset) -> f64 {
        self.on(cell, dataset).parameters
    }

    /// Multiply-adds of the network for one image.
    #[must_use]
    pub fn multiply_adds(&self, cell: NasBench201Cell, dataset: Dataset) -> f64 {
        self.on(cell, dataset).multiply_adds
    }

    /// The official index of a cell, from 0.
    #[must_use]
    pub fn index(&self, cell: NasBench201Cell) -> usize {
        self.rows[cell.code()].index.into()
    }

    /// The cell of an official index; none from [`CELLS`] on.
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

    /// The CRC-32 of all indices and figures: what tells this table from another one.
    #[must_use]
    pub fn checksum(&self) -> u32 {
        let mut hasher = crc32fast::Hasher::new();
        for row in &self.rows {
            hasher.update(&row.index.to_le_bytes());
            let times = [
                row.train_seconds_per_epoch,
                row.evaluation_seconds_per_image,
            ];
            let on = row.on.iter().flat_map(|on| {
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
            for figure in times.into_iter().chain(on) {
                hasher.update(&figure.to_le_bytes());
            }
        }
        hasher.finalize()
    }

    /// An evaluator whose fitness is an accuracy in percent, with the cost in simulated seconds of
    /// [`NasBench201Table::seconds`].
    #[must_use]
    pub const fn evaluator(
        self: Arc<Self>,
        dataset: Dataset,
        metric: Metric,
    ) -> NasBench201Evaluator {
        NasBench201Evaluator::new(self, dataset, metric)
    }

    fn on(&self, cell: NasBench201Cell, dataset: Dataset) -> &OnDataset {
        &self.rows[cell.code()].on[dataset as usize]
    }
}

/// The number of architectures, as the largest index may need it.
const _: () = assert!(CELLS <= u16::MAX as usize);
