//! How candidates are evaluated: what a search and its workers on other machines must agree on.

use std::path::{Path, PathBuf};
use std::thread::available_parallelism;

use burn::tensor::Device;
use clap::Args;
use evonas::network::NetworkConfig;
use evonas::training::images::ImageDataset;
use evonas::training::{
    CellDecoder, DeviceImages, DeviceName, Devices, InheritedWeights, Trainer, TrainingConfig,
    TrainingEvaluator,
};
use serde_json::{Value, json};

use super::objectives::{Figures, ObjectiveOptions};
use crate::Failure;
use crate::naming::{
    DatasetLocation, DatasetName, DatasetOptions, PresetName, RecordOption, SpaceName,
};
use crate::ranges::{batch, count, positive, seed};

/// A training that paused is kept until this many further trials have begun.
const PAUSED_TRIALS: u64 = 1000;

/// A child inherits the weights of a parent that is at most this many trials older.
const INHERITING_TRIALS: u64 = 200;

// No doc comment: clap would take it for a command's.
#[derive(Args, Debug)]
pub(crate) struct EvaluationOptions {
    #[command(flatten)]
    pub(super) data: DatasetOptions,
    /// Use this many training images, the same share of each class [default: all]
    #[arg(long, value_name = "IMAGES", value_parser = count)]
    pub(super) limit: Option<usize>,
    /// The search space
    #[arg(long, value_enum, default_value = "sp1")]
    pub(super) space: SpaceName,
    /// The root seed of everything random. With several workers it determines the search with --ordered only
    #[arg(long, value_parser = seed, default_value_t = 0)]
    pub(super) seed: u64,
    /// Normal cells per stack N
    #[arg(long, value_name = "N", value_parser = count, default_value_t = 1)]
    pub(super) cells: usize,
    /// Filters F of the first stack
    #[arg(long, value_name = "F", value_parser = count, default_value_t = 4)]
    pub(super) filters: usize,
    /// Epochs of a trial
    #[arg(long, value_parser = count, default_value_t = 1)]
    pub(super) epochs: usize,
    /// Images in a step, from 2 to 65536
    #[arg(long, value_name = "IMAGES", value_parser = batch, default_value_t = 32)]
    pub(super) batch: usize,
    /// The learning rate that the cosine schedule starts with
    #[arg(long, value_name = "RATE", value_parser = positive, default_value_t = 0.1)]
    pub(super) learning_rate: f64,
    /// The device to train on: auto, cpu, cuda (all CUDA devices), cuda:N or wgpu
    #[arg(long, default_value = "auto")]
    pub(super) device: DeviceName,
    #[command(flatten)]
    pub(super) record: RecordOption,
    /// With a stopper, measure the validation accuracy of a trial after every so many epochs [default: 1]
    #[arg(long, value_name = "EPOCHS", value_parser = count)]
    pub(super) validate_every: Option<usize>,
    #[command(flatten)]
    pub(super) objectives: ObjectiveOptions,
    /// Let children begin with the trained weights of their parents, where the mutation left the layers as they were. The
    /// networks of the last 400 trials are kept in this folder, which workers on other machines must share [default: every
    /// network begins with fresh weights]
    #[arg(long, value_name = "DIR")]
    pub(super) inherit: Option<PathBuf>,
    /// Keep the trainings of the last 1000 trials that paused in this folder, for trials that are promoted; workers on other
    /// machines must share it. Without it, a promoted trial trains anew, to the same score [default: paused in --out]
    #[arg(long, value_name = "DIR")]
    pub(super) paused: Option<PathBuf>,
    /// Epochs of a child that inherits [default: those of a trial]
    #[arg(long, value_name = "EPOCHS", value_parser = count, requires = "inherit")]
    pub(super) inherit_epochs: Option<usize>,
}

impl EvaluationOptions {
    /// The epochs between two measurements for a stopper.
    pub(super) fn validate_every(&self) -> usize {
        self.validate_every.unwrap_or(1)
    }
}

/// Data, networks, trainer and devices from the options.
pub(super) struct EvaluationTask<'a> {
    options: &'a EvaluationOptions,
    pub(super) location: DatasetLocation,
    pub(super) dataset: ImageDataset,
    pub(super) network: NetworkConfig,
    pub(super) decoder: CellDecoder,
    trainer: Trainer,
    pub(super) devices: Devices,
}

impl<'a> EvaluationTask<'a> {
    /// Reads the data and opens the devices.
    pub(super) fn new(options: &'a EvaluationOptions) -> Result<Self, Failure> {
        let location = options.data.location();
        let mut dataset = location.read()?;
        if let Some(limit) = options.limit {
            dataset = dataset.limit_train(limit, options.seed);
        }
        let images = &dataset.train;
        let network = PresetName::Short.network(
            NetworkConfig::new(images.shape(), images.classes())
                .cells_per_stack(options.cells)
                .filters(options.filters),
        );
        network.validate()?;
        let task = Self {
            options,
            location,
            decoder: CellDecoder::new(network.clone()),
            trainer: Trainer::new(training(options, &dataset, options.epochs))?,
            devices: options.device.open_all()?,
            network,
            dataset,
        };
        Ok(task)
    }

    /// The seed of the search.
    pub(super) const fn seed(&self) -> u64 {
        self.options.seed
    }

    /// The training of a candidate, with another number of epochs.
    pub(super) fn training(&self, epochs: usize) -> TrainingConfig {
        training(self.options, &self.dataset, epochs)
    }

    /// Trains candidates on these devices, one at a time in this process or several, on the CPU with so many threads for
    /// each worker, and keeps trainings that pause in a folder.
    pub(super) fn evaluator(
        &self,
        devices: &[Device],
        one_at_a_time: bool,
        threads: usize,
        paused: Option<&Path>,
    ) -> Result<CellEvaluator, Failure> {
        let options = self.options;
        let figures = self.figures(&devices[0])?;
        let decoder = self.decoder.clone();
        let trainer = options.record.apply(self.trainer.clone(), one_at_a_time);
        let evaluator = TrainingEvaluator::builder(decoder, trainer, &self.dataset.train)
            .validation_fraction(0.2)
            .split_seed(options.seed)
            .validate_every(options.validate_every())
            .devices(devices)
            .hook((self.inheritance()?, figures))
            .threads_per_worker(threads);
        let evaluator = match paused {
            Some(folder) => evaluator
                .pause_in(folder, PAUSED_TRIALS)
                .map_err(|error| format!("can't create {}: {error}", folder.display()))?,
            None => evaluator,
        };
        Ok(evaluator.build()?)
    }

    /// What measures the objectives on this device. Fills the latency table, if there is one.
    pub(super) fn figures(&self, device: &Device) -> Result<Figures, Failure> {
        let options = self.options;
        let (space, device_name) = (options.space.space(), self.devices.to_string());
        let objectives = &options.objectives;
        objectives.measure(&space, &self.network, device, &device_name)
    }

    fn inheritance(&self) -> Result<Option<InheritedWeights>, Failure> {
        let Some(folder) = &self.options.inherit else {
            return Ok(None);
        };
        let weights = InheritedWeights::in_folder(folder)
            .map_err(|error| format!("can't create {}: {error}", folder.display()))?
            .keep(INHERITING_TRIALS);
        Ok(Some(match self.options.inherit_epochs {
            Some(epochs) => weights.epochs(epochs),
            None => weights,
        }))
    }

    /// All that a trial's score depends on besides its genotype and seed.
    pub(super) fn describe(&self) -> Value {
        let name = self.location.name;
        let mut description = json!({
            "network": self.network,
            "training": self.trainer.config(),
            "dataset": name.to_string(),
            "training_images": self.dataset.train.len(),
            "limit": self.options.limit,
        });
        let figures = self.options.objectives.figures();
        if !figures.is_empty() {
            description["figures"] = json!(figures);
        }
        if self.options.inherit.is_some() {
            let epochs = self.options.inherit_epochs.unwrap_or(self.options.epochs);
            description["inherited_weights"] = json!({
                "trials": INHERITING_TRIALS,
                "epochs": epochs,
            });
        }
        // The digits are part of the program; a folder may hold anything.
        if name != DatasetName::Digits {
            let checksum = format!("{:08x}", self.dataset.train.checksum());
            description["training_images_checksum"] = json!(checksum);
        }
        description
    }

    /// [`EvaluationTask::describe`], with what a worker has from its own command line.
    #[cfg(all(unix, feature = "nats"))]
    pub(super) fn describe_for_workers(&self) -> Value {
        let mut description = self.describe();
        description["seed"] = self.options.seed.into();
        description["validate_every"] = self.options.validate_every().into();
        description
    }
}

fn training(options: &EvaluationOptions, dataset: &ImageDataset, epochs: usize) -> TrainingConfig {
    let preset = PresetName::Short.training(dataset.train.shape());
    preset
        .epochs(epochs)
        .batch_size(options.batch)
        .learning_rate(options.learning_rate)
}

/// What evaluates candidates.
pub(super) type CellEvaluator =
    TrainingEvaluator<CellDecoder, DeviceImages, (Option<InheritedWeights>, Figures)>;

/// The threads of a worker if so many workers share this machine's cores.
pub(super) fn threads_of_one_among(workers: usize) -> usize {
    (cores() / workers.max(1)).max(1)
}

pub(super) fn cores() -> usize {
    available_parallelism().map_or(1, usize::from)
}
