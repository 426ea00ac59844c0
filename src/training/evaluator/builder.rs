//! Building a training evaluator.

use std::collections::HashMap;
use std::fmt;
use std::sync::Mutex;

use burn::tensor::Device;

use super::TrainingEvaluator;
use crate::training::images::{ChannelStatistics, HoldOut, LabeledImages};
use crate::training::{DeviceImages, Trainer, TrainingError};

impl<D> TrainingEvaluator<D> {
    /// An evaluator that trains on a part of `images` and validates with the rest.
    pub fn builder(
        decoder: D,
        trainer: Trainer,
        images: &LabeledImages,
    ) -> TrainingEvaluatorBuilder<'_, D> {
        TrainingEvaluatorBuilder::new(decoder, trainer, images)
    }
}

/// The settings of a [`TrainingEvaluator`]; see [`TrainingEvaluator::builder`].
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
pub struct TrainingEvaluatorBuilder<'a, D> {
    decoder: D,
    trainer: Trainer,
    images: &'a LabeledImages,
    test_images: Option<&'a LabeledImages>,
    validation_fraction: f64,
    split_seed: u64,
    devices: Vec<Device>,
    threads_per_worker: usize,
    validate_every: usize,
}

impl<D> fmt::Debug for TrainingEvaluatorBuilder<'_, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TrainingEvaluatorBuilder")
            .field("trainer", &self.trainer)
            .field("validation_fraction", &self.validation_fraction)
            .field("split_seed", &self.split_seed)
            .finish_non_exhaustive()
    }
}

impl<'a, D> TrainingEvaluatorBuilder<'a, D> {
    fn new(decoder: D, trainer: Trainer, images: &'a LabeledImages) -> Self {
        Self {
            decoder,
            trainer,
            images,
            test_images: None,
            validation_fraction: 0.2,
            split_seed: 0,
            devices: vec![Device::flex()],
            threads_per_worker: 0,
            validate_every: 1,
        }
    }

    /// Sets the share of the images, above 0 and below 1, that is held out of training for
    /// validation: an equal share of each class, the same images for all trials. 0.2 by default.
    pub const fn validation_fraction(mut self, fraction: f64) -> Self {
        self.validation_fraction = fraction;
        self
    }

    /// Sets the seed that the validation images are drawn by; 0 by default.
    pub const fn split_seed(mut self, seed: u64) -> Self {
        self.split_seed = seed;
        self
    }

    /// Sets the device that all workers train on; the CPU by default.
    pub fn device(self, device: &Device) -> Self {
        self.devices(std::slice::from_ref(device))
    }

    /// Sets several devices, at least one: worker `w` of the search trains on device `w mod n`, and
    /// all workers of a device share its copy of the images.
    pub fn devices(mut self, devices: &[Device]) -> Self {
        self.devices = devices.to_vec();
        self
    }

    /// Limits the CPU threads that compute one trial. With as many workers as cores, 1 is fastest.
    /// 0, the default, shares all cores among all workers. Scores don't depend on it.
    pub const fn threads_per_worker(mut self, threads: usize) -> Self {
        self.threads_per_worker = threads;
        self
    }

    /// Measures the accuracy on the validation images after every so many epochs, for a stopper to judge
    /// the trial by: after each epoch by default, never with 0. Without a stopper nothing is measured
    /// before the last epoch is over. Scores don't depend on it.
    pub const fn validate_every(mut self, epochs: usize) -> Self {
        self.validate_every = epochs;
        self
    }

    /// Measures every trained network on test images too, as the metric
    /// [`TrainingEvaluator::TEST_ACCURACY`]. A study can then tell how good the networks that a
    /// search found really are; the search itself must not use it.
    pub const fn test_images(mut self, images: &'a LabeledImages) -> Self {
        self.test_images = Some(images);
        self
    }

    /// Splits the images and copies them to the devices.
    ///
    /// # Errors
    /// [`TrainingError`] if the fraction leaves no images to train on or to validate with, the
    /// trainer can't train on the remaining images, or there is no device.
    pub fn build(self) -> Result<TrainingEvaluator<D>, TrainingError> {
        if self.devices.is_empty() {
            return Err(TrainingError::NoDevice);
        }
        let split = HoldOut::fraction(self.validation_fraction)
            .seed(self.split_seed)
            .split(self.images.labels())?;
        let statistics = ChannelStatistics::of_subset(self.images, &split.kept);
        let images: Vec<DeviceImages> = self
            .devices
            .iter()
            .map(|device| DeviceImages::normalized_by(self.images, &statistics, device))
            .collect();
        self.trainer.check(self.images.shape(), split.kept.len())?;
        let test = self.test_images.map(|test| {
            let copies = images.iter().map(|own| own.alike(test));
            copies.collect()
        });
        Ok(TrainingEvaluator {
            decoder: self.decoder,
            trainer: self.trainer,
            images,
            training: split.kept,
            validation: split.held_out,
            test: test.unwrap_or_default(),
            threads_per_worker: self.threads_per_worker,
            validate_every: self.validate_every,
            pools: Mutex::new(HashMap::new()),
        })
    }
}
