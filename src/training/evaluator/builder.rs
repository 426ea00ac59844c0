//! Building a training evaluator.

use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Mutex;

use burn::tensor::Device;

use super::paused::PausedTrainings;
use super::{TrainingEvaluator, TrainingHook};
use crate::training::images::{ChannelStatistics, HoldOut, LabeledImages};
use crate::training::{Decoder, DeviceImages, Task, Trainer, TrainingError};

impl<D> TrainingEvaluator<D> {
    /// An evaluator that trains on a part of `images` and validates with the rest.
    pub fn builder(
        decoder: D,
        trainer: Trainer,
        images: &LabeledImages,
    ) -> TrainingEvaluatorBuilder<D, ImagesToEvaluate<'_>> {
        let source = ImagesToEvaluate {
            images,
            test: None,
            devices: vec![Device::flex()],
        };
        TrainingEvaluatorBuilder::new(decoder, trainer, source)
    }
}

impl<D, T> TrainingEvaluator<D, T> {
    /// An evaluator that trains on a part of a task's examples, which are on this device, and validates with the rest,
    /// drawn at random. The fitness is the task's.
    pub fn of_task(
        decoder: D,
        trainer: Trainer,
        device: &Device,
        task: T,
    ) -> TrainingEvaluatorBuilder<D, TasksToEvaluate<T>> {
        let source = TasksToEvaluate {
            places: vec![(device.clone(), task)],
        };
        TrainingEvaluatorBuilder::new(decoder, trainer, source)
    }
}

/// The settings of a [`TrainingEvaluator`]; see [`TrainingEvaluator::builder`] and [`TrainingEvaluator::of_task`].
///
/// ```
/// use evonas::prelude::*;
///
/// let dataset = digits();
/// let network = NetworkConfig::new(dataset.train.shape(), 10).cells_per_stack(1).filters(4);
/// let trainer = Trainer::new(TrainingConfig::default().epochs(4))?;
/// let evaluator = TrainingEvaluator::builder(CellDecoder::new(network), trainer, &dataset.train)
///     .validation_fraction(0.1)
///     .validate_every(2) // epochs, for a stopper
///     .devices(&DeviceName::Cpu.open_all()?.all())
///     .threads_per_worker(1)
///     .build()?;
/// # drop(evaluator);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub struct TrainingEvaluatorBuilder<D, S, H = ()> {
    decoder: D,
    trainer: Trainer,
    source: S,
    hook: H,
    paused: Option<PausedTrainings>,
    validation_fraction: f64,
    split_seed: u64,
    threads_per_worker: usize,
    validate_every: usize,
}

/// The images of a [`TrainingEvaluatorBuilder`].
#[derive(Clone, Debug)]
pub struct ImagesToEvaluate<'a> {
    images: &'a LabeledImages,
    test: Option<&'a LabeledImages>,
    devices: Vec<Device>,
}

/// The examples of a [`TrainingEvaluatorBuilder`] for a task of your own.
#[derive(Clone, Debug)]
pub struct TasksToEvaluate<T> {
    places: Vec<(Device, T)>,
}

impl<D, S, H> fmt::Debug for TrainingEvaluatorBuilder<D, S, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TrainingEvaluatorBuilder")
            .field("trainer", &self.trainer)
            .field("validation_fraction", &self.validation_fraction)
            .field("split_seed", &self.split_seed)
            .finish_non_exhaustive()
    }
}

impl<D, S> TrainingEvaluatorBuilder<D, S> {
    const fn new(decoder: D, trainer: Trainer, source: S) -> Self {
        Self {
            decoder,
            trainer,
            source,
            hook: (),
            paused: None,
            validation_fraction: 0.2,
            split_seed: 0,
            threads_per_worker: 0,
            validate_every: 1,
        }
    }

    /// Sets what else happens to the network of a trial, before and after its training. `G` is the genotype that the
    /// decoder decodes, which Rust infers if there is only one.
    pub fn hook<G, H>(self, hook: H) -> TrainingEvaluatorBuilder<D, S, H>
    where
        D: Decoder<G>,
        H: TrainingHook<D::Network>,
    {
        TrainingEvaluatorBuilder {
            decoder: self.decoder,
            trainer: self.trainer,
            source: self.source,
            hook,
            paused: self.paused,
            validation_fraction: self.validation_fraction,
            split_seed: self.split_seed,
            threads_per_worker: self.threads_per_worker,
            validate_every: self.validate_every,
        }
    }
}

impl<D, S, H> TrainingEvaluatorBuilder<D, S, H> {
    /// Sets the share of the examples, above 0 and below 1, that is held out of training for
    /// validation, the same examples for all trials: of images, an equal share of each class. 0.2 by default.
    pub const fn validation_fraction(mut self, fraction: f64) -> Self {
        self.validation_fraction = fraction;
        self
    }

    /// Sets the seed that the validation examples are drawn by; 0 by default.
    pub const fn split_seed(mut self, seed: u64) -> Self {
        self.split_seed = seed;
        self
    }

    /// Limits the CPU threads that compute one trial. With as many workers as cores, 1 is fastest.
    /// 0, the default, shares all cores among all workers. Scores don't depend on it.
    pub const fn threads_per_worker(mut self, threads: usize) -> Self {
        self.threads_per_worker = threads;
        self
    }

    /// Measures the fitness on the validation examples after every so many epochs, for a stopper to judge
    /// the trial by: after each epoch by default, never with 0. Without a stopper nothing is measured
    /// before the last epoch is over. Scores don't depend on it.
    pub const fn validate_every(mut self, epochs: usize) -> Self {
        self.validate_every = epochs;
        self
    }

    /// Keeps trainings that pause, for trials that [continue](crate::evaluator::Context::continues) them, as in
    /// [`Promotion`](crate::algorithm::Promotion): in this folder, the checkpoints of the last `trials` trials. Workers
    /// in processes of their own share it; on other machines they need a shared one. Without this, or if a checkpoint is
    /// lost, a trial that continues trains anew from the same seed, which costs time but on the CPU ends with the same
    /// weights.
    ///
    /// # Errors
    /// The system's error if the folder doesn't exist and can't be created.
    pub fn pause_in(mut self, folder: impl Into<PathBuf>, trials: u64) -> std::io::Result<Self> {
        let folder = folder.into();
        std::fs::create_dir_all(&folder)?;
        self.paused = Some(PausedTrainings::new(folder, trials));
        Ok(self)
    }

    /// Splits examples with these labels, and builds the evaluator from what is made of its source.
    fn assemble<T>(
        self,
        labels: &[u16],
        place: impl FnOnce(S, &Trainer, &[usize]) -> Result<Places<T>, TrainingError>,
    ) -> Result<TrainingEvaluator<D, T, H>, TrainingError> {
        let split = HoldOut::fraction(self.validation_fraction)
            .seed(self.split_seed)
            .split(labels)?;
        let (places, test) = place(self.source, &self.trainer, &split.kept)?;
        Ok(TrainingEvaluator {
            decoder: self.decoder,
            trainer: self.trainer,
            places,
            training: split.kept,
            validation: split.held_out,
            test,
            hook: self.hook,
            paused: self.paused,
            threads_per_worker: self.threads_per_worker,
            validate_every: self.validate_every,
            pools: Mutex::new(HashMap::new()),
        })
    }
}

/// The devices with the examples on each, and the test examples on each.
type Places<T> = (Vec<(Device, T)>, Vec<T>);

impl<'a, D, H> TrainingEvaluatorBuilder<D, ImagesToEvaluate<'a>, H> {
    /// Sets the device that all workers train on; the CPU by default.
    pub fn device(self, device: &Device) -> Self {
        self.devices(std::slice::from_ref(device))
    }

    /// Sets several devices, at least one: worker `w` of the search trains on device `w mod n`, and
    /// all workers of a device share its copy of the images.
    pub fn devices(mut self, devices: &[Device]) -> Self {
        self.source.devices = devices.to_vec();
        self
    }

    /// Measures every trained network on test images too, as the metric
    /// [`TrainingEvaluator::TEST_ACCURACY`]. A study can then tell how good the networks that a
    /// search found really are; the search itself must not use it.
    pub const fn test_images(mut self, images: &'a LabeledImages) -> Self {
        self.source.test = Some(images);
        self
    }

    /// Splits the images and copies them to the devices.
    ///
    /// # Errors
    /// [`TrainingError`] if the fraction leaves no images to train on or to validate with, the
    /// trainer can't train on the remaining images, or there is no device.
    pub fn build(self) -> Result<TrainingEvaluator<D, DeviceImages, H>, TrainingError> {
        if self.source.devices.is_empty() {
            return Err(TrainingError::NoDevice);
        }
        let labels = self.source.images.labels();
        self.assemble(labels, |source, trainer, kept| {
            let ImagesToEvaluate {
                images,
                test,
                devices,
            } = source;
            let statistics = ChannelStatistics::of_subset(images, kept);
            let places: Vec<(Device, DeviceImages)> = devices
                .into_iter()
                .map(|device| {
                    let copy = DeviceImages::normalized_by(images, &statistics, &device);
                    (device, copy)
                })
                .collect();
            trainer.check(images.shape(), kept.len())?;
            let test = test.map(|test| {
                let copies = places.iter().map(|(_, own)| own.alike(test));
                copies.collect()
            });
            Ok((places, test.unwrap_or_default()))
        })
    }
}

impl<D, T, H> TrainingEvaluatorBuilder<D, TasksToEvaluate<T>, H> {
    /// Adds a device with the same examples on it: worker `w` of the search trains on device `w mod n`, in the order of
    /// adding.
    pub fn and_device(mut self, device: &Device, task: T) -> Self {
        self.source.places.push((device.clone(), task));
        self
    }

    /// Splits the examples. `G` is the genotype that the decoder decodes, which Rust infers if there is only one.
    ///
    /// # Errors
    /// [`TrainingError`] if the fraction leaves no examples to train on or to validate with, or the trainer can't train
    /// on the remaining ones.
    pub fn build<G>(self) -> Result<TrainingEvaluator<D, T, H>, TrainingError>
    where
        D: Decoder<G>,
        T: Task<D::Network>,
    {
        let examples = self.source.places.first();
        let examples = examples.map_or(0, |(_, task)| task.examples());
        self.assemble(&vec![0; examples], |source, trainer, kept| {
            for (_, task) in &source.places {
                trainer.check_task(task, kept.len())?;
            }
            Ok((source.places, Vec::new()))
        })
    }
}
