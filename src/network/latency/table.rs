//! The latency of a planned network, from the times of its parts.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use burn::tensor::{Device, Tensor};
use evonas_kernels::HiddenState;
use serde::{Deserialize, Serialize};

use super::Repetitions;
use crate::excerpt::{passage, shown};
use crate::input::{open_file, read_text};
use crate::network::modules::Sequence;
use crate::network::{ImageShape, LayerPath, LayerPlan, NetworkConfig, NetworkPlan};
use crate::randomness::stream;
use crate::replace_file;

/// The most bytes of a table's file.
const MOST_BYTES: u64 = 64 << 20;

/// The times of the parts of cell networks on a device, each measured once: a network's latency is their sum, known
/// without building it. A part is the layers of one branch, of an input of a cell, of the stem or of the head.
///
/// Sums and concatenations of branches aren't parts, so that the sum is below what
/// [`Latency`](crate::training::Latency) measures of a whole network; what a search needs is the order.
///
/// ```
/// use evonas::burn::tensor::Device;
/// use evonas::network::LatencyTable;
/// use evonas::prelude::*;
///
/// let config = NetworkConfig::new(ImageShape::gray(8, 8), 10).cells_per_stack(1).filters(4);
/// let table = LatencyTable::new(&Device::flex(), 1);
/// let milliseconds = table.latency(&NetworkPlan::new(&published::amoebanet_a(), &config)?);
/// assert!(milliseconds > 0.0);
/// # Ok::<(), evonas::network::NetworkError>(())
/// ```
#[derive(Debug)]
pub struct LatencyTable {
    device: Device,
    batch: usize,
    repetitions: Repetitions,
    /// By the text of a part.
    times: Mutex<BTreeMap<String, f64>>,
}

/// Why a latency table can't be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LatencyTableError {
    /// The file can't be read or written.
    #[error("{}: {reason}", shown(path))]
    File {
        /// The file.
        path: PathBuf,
        /// The system's error.
        reason: io::Error,
    },
    /// The file isn't a latency table.
    #[error("{} isn't a latency table: {}", shown(path), passage(reason))]
    Form {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The table was measured elsewhere, or for another batch.
    #[error(
        "{} was measured on {} with batches of {found_batch}, and is wanted for {} with batches of {batch}",
        shown(path),
        passage(found),
        passage(wanted)
    )]
    OtherMeasurement {
        /// The file.
        path: PathBuf,
        /// The machine and device that it names.
        found: String,
        /// Its batch size.
        found_batch: usize,
        /// The machine and device that are wanted.
        wanted: String,
        /// The batch size that is wanted.
        batch: usize,
    },
}

/// A table in a file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredTable {
    /// The machine and the device, in the caller's words.
    machine: String,
    batch: usize,
    milliseconds: BTreeMap<String, f64>,
}

impl LatencyTable {
    /// An empty table for batches of so many images, at least one, on this device. What it lacks it measures when it is
    /// asked for: best before a search, when nothing else runs.
    #[must_use]
    pub fn new(device: &Device, batch: usize) -> Self {
        Self {
            device: device.clone().inner(),
            batch: batch.max(1),
            repetitions: Repetitions::default(),
            times: Mutex::default(),
        }
    }

    /// Sets how often each part is run.
    #[must_use]
    pub const fn repetitions(mut self, repetitions: Repetitions) -> Self {
        self.repetitions = repetitions;
        self
    }

    /// Adds the times of a file that [`LatencyTable::save`] wrote on the same `machine`.
    ///
    /// # Errors
    /// [`LatencyTableError`] if the file can't be read, isn't a table, or is of another machine or batch size.
    pub fn load(self, path: impl AsRef<Path>, machine: &str) -> Result<Self, LatencyTableError> {
        let path = path.as_ref();
        let text = open_file(path).and_then(|file| read_text(file, MOST_BYTES));
        let text = text.map_err(|reason| LatencyTableError::File {
            path: path.to_owned(),
            reason,
        })?;
        let form = |reason: String| LatencyTableError::Form {
            path: path.to_owned(),
            reason,
        };
        let stored: StoredTable =
            serde_json::from_str(&text).map_err(|error| form(error.to_string()))?;
        if (stored.machine.as_str(), stored.batch) != (machine, self.batch) {
            return Err(LatencyTableError::OtherMeasurement {
                path: path.to_owned(),
                found: stored.machine,
                found_batch: stored.batch,
                wanted: machine.to_owned(),
                batch: self.batch,
            });
        }
        let wrong = stored
            .milliseconds
            .iter()
            .find(|(_, time)| !(time.is_finite() && **time >= 0.0));
        if let Some((part, time)) = wrong {
            return Err(form(format!("{part} takes {time} ms")));
        }
        self.times().extend(stored.milliseconds);
        Ok(self)
    }

    /// Writes all times to a file of JSON, with the name of this machine and device.
    ///
    /// # Errors
    /// [`LatencyTableError::File`] if the file can't be written.
    pub fn save(&self, path: impl AsRef<Path>, machine: &str) -> Result<(), LatencyTableError> {
        let path = path.as_ref();
        let stored = StoredTable {
            machine: machine.to_owned(),
            batch: self.batch,
            milliseconds: self.times().clone(),
        };
        let text = serde_json::to_string_pretty(&stored).expect("texts and finite numbers");
        replace_file::write(path, text).map_err(|reason| LatencyTableError::File {
            path: path.to_owned(),
            reason,
        })
    }

    /// The number of parts that it has times of.
    #[must_use]
    pub fn len(&self) -> usize {
        self.times().len()
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The latency of a network for a batch, in milliseconds, without its auxiliary head. Parts that the table lacks are
    /// measured now, one at a time.
    ///
    /// # Panics
    /// If the device doesn't compute in the network's precision.
    #[must_use]
    pub fn latency(&self, plan: &NetworkPlan) -> f64 {
        let mut times = self.times();
        let parts = parts(plan);
        let sum = parts.iter().map(|part| {
            let measure = || self.measure(part, &plan.config);
            *times.entry(part.text()).or_insert_with(measure)
        });
        sum.sum()
    }

    /// Runs the layers of a part on random images. What reading a result costs is subtracted.
    fn measure(&self, part: &Part, config: &NetworkConfig) -> f64 {
        let ImageShape {
            channels,
            height,
            width,
        } = part.input;
        if let Err(error) = config.precision.check(&self.device) {
            panic!("{error}");
        }
        let mut rng = stream(0, 0);
        let layers = Sequence::new(&part.layers, config, &mut rng, &self.device);
        let shape = [self.batch, channels, height, width];
        let images = config.precision.stored(Tensor::ones(shape, &self.device));
        let images = HiddenState::enter(images);
        // A corner is enough to wait for all of it.
        let read = |state: HiddenState| {
            let image = state.leave();
            let _ = image.slice([0..1, 0..1, 0..1, 0..1]).into_data();
        };
        let run = self
            .repetitions
            .milliseconds(|| read(layers.forward(images.clone(), None)));
        let nothing = self.repetitions.milliseconds(|| read(images.clone()));
        (run - nothing).max(0.0)
    }

    fn times(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, f64>> {
        self.times.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Layers in a row, and the shape that they take.
struct Part {
    input: ImageShape,
    precision: String,
    layers: Vec<LayerPlan>,
}

impl Part {
    fn text(&self) -> String {
        let mut shape = self.input;
        let mut text = format!("{} of {}", self.precision, sides(shape));
        for layer in &self.layers {
            shape = layer.output(shape);
            let _ = write!(text, " | {layer}: {}", sides(shape));
        }
        text
    }
}

fn sides(shape: ImageShape) -> String {
    format!("{}x{}x{}", shape.channels, shape.height, shape.width)
}

/// The parts of a network that do something outside of training, but the last matrix product.
fn parts(plan: &NetworkPlan) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    let mut last = None;
    let precision = match serde_json::to_value(plan.config.precision) {
        Ok(serde_json::Value::String(name)) => name,
        _ => String::new(),
    };
    plan.visit(&mut |path, layer, input, _| {
        let idle = matches!(
            layer,
            LayerPlan::Dropout { .. } | LayerPlan::DropPath { .. } | LayerPlan::Linear { .. }
        );
        if idle || matches!(path, LayerPath::Auxiliary { .. }) {
            return;
        }
        let row = row_of(path);
        if last != Some(row) {
            parts.push(Part {
                input,
                precision: precision.clone(),
                layers: Vec::new(),
            });
            last = Some(row);
        }
        if let Some(part) = parts.last_mut() {
            part.layers.push(layer.clone());
        }
    });
    parts
}

/// The path of a layer without its own number: that of its row.
const fn row_of(path: LayerPath) -> LayerPath {
    match path {
        LayerPath::Stem { .. } => LayerPath::Stem { layer: 0 },
        LayerPath::Base { cell, .. } => LayerPath::Base { cell, layer: 0 },
        LayerPath::Align { cell, .. } => LayerPath::Align { cell, layer: 0 },
        LayerPath::Branch { cell, branch, .. } => LayerPath::Branch {
            cell,
            branch,
            layer: 0,
        },
        LayerPath::Part { cell, part, .. } => LayerPath::Part {
            cell,
            part,
            layer: 0,
        },
        LayerPath::Auxiliary { .. } => LayerPath::Auxiliary { layer: None },
        LayerPath::Head { .. } => LayerPath::Head { layer: None },
    }
}
