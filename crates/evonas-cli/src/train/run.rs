//! One training, from its options to its files.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use evonas::network::{CellNetwork, trainable_parameters};
use evonas::prelude::*;
use evonas::randomness::stream;
use evonas::report::TrainingProgress;
use evonas::report::note;
use evonas::training::images::{ChannelStatistics, HoldOut, LabeledImages};
use evonas::training::{
    DeviceImages, Devices, Progress, TrainedClassifier, Trainer, Training, TrainingError,
};
use serde_json::{Value, json};

use super::curves;
use super::folder::Folder;
use super::options::TrainOptions;
use super::plan::TrainingPlan;
use crate::Failure;
use crate::failure::occupied;

/// A training, its images, and where it is kept.
pub(super) struct TrainRun<'a> {
    options: &'a TrainOptions,
    dataset: String,
    class_names: Option<Vec<String>>,
    /// All images that may be trained on.
    images: DeviceImages,
    training: Vec<usize>,
    validation: Vec<usize>,
    test: LabeledImages,
    trainer: Trainer,
    seed: u64,
    /// Identifies the run in its checkpoint.
    of: Value,
    device: String,
    folder: Option<Folder>,
}

impl<'a> TrainRun<'a> {
    pub(super) fn new(
        options: &'a TrainOptions,
        plan: TrainingPlan,
        devices: &Devices,
    ) -> Result<(Self, CellNetwork), Failure> {
        let device = devices.first();
        let seed = plan.seed;
        let trainer = options.record.apply(Trainer::new(plan.training)?, true);
        let images = &plan.dataset.train;
        let (training, validation) = match options.validation {
            Some(share) => {
                let hold_out = HoldOut::fraction(share).seed(seed);
                let split = hold_out.split(images.labels())?;
                (split.kept, split.held_out)
            }
            None => ((0..images.len()).collect(), Vec::new()),
        };
        trainer.check(images.shape(), training.len())?;
        let of = json!({
            "genotype": plan.genotype.to_string(),
            "network": plan.network,
            "dataset": {
                "format": plan.location.name.to_string(),
                "class_names": plan.dataset.class_names,
                "training_images": images.len(),
                "checksum": format!("{:08x}", images.checksum()),
            },
            "validation": options.validation,
        });
        let built = CellNetwork::new(
            &plan.genotype,
            &plan.network,
            &mut stream(seed, 0),
            &device.clone().autodiff(),
        )?;
        let folder = match &options.out {
            Some(out) => Some(Folder::open(out, options.lock.policy)?),
            None => None,
        };
        let statistics = ChannelStatistics::of_subset(images, &training);
        let run = Self {
            options,
            images: DeviceImages::normalized_by(images, &statistics, &device),
            device: devices.to_string(),
            dataset: plan.dataset.name,
            class_names: plan.dataset.class_names,
            training,
            validation,
            test: plan.dataset.test,
            trainer,
            seed,
            of,
            folder,
        };
        Ok((run, built))
    }

    fn checkpoint(&self) -> Option<PathBuf> {
        let folder = self.folder.as_ref()?;
        Some(folder.path("checkpoint.bpk"))
    }

    /// The training that the folder holds, or a new one.
    pub(super) fn begin(&self, network: CellNetwork) -> Result<Training<CellNetwork>, Failure> {
        let seed = self.seed;
        match self.checkpoint() {
            Some(checkpoint) if checkpoint.exists() => {
                if !self.options.resume {
                    let folder = checkpoint.parent().unwrap_or(Path::new("."));
                    return Err(occupied(folder, "a training"));
                }
                let training =
                    Training::resume(&checkpoint, network, &self.trainer, seed, &self.of)?;
                Ok(training)
            }
            _ => Ok(Training::new(network, &self.trainer, seed)),
        }
    }

    /// Trains to the end; none if it was stopped earlier.
    pub(super) fn train(
        &self,
        mut training: Training<CellNetwork>,
        stop: &StopSignal,
    ) -> Result<Option<Training<CellNetwork>>, Failure> {
        let quiet = self.options.quiet;
        let mut shown = TrainingProgress::new(self.trainer.config().epochs);
        while !training.is_over() {
            let mut watch = |progress: Progress| {
                if !quiet {
                    shown.step(&progress);
                }
                match progress {
                    // Half an epoch is lost; a finished one is saved first.
                    Progress::Step { step, steps, .. } if step < steps && stop.is_set() => {
                        ControlFlow::Break(())
                    }
                    _ => ControlFlow::Continue(()),
                }
            };
            match training.next_epoch(&self.images, &self.training, &mut watch) {
                Ok(_) => {}
                Err(TrainingError::Stopped) => return Ok(None),
                Err(error) => return Err(error.into()),
            }
            if !self.validation.is_empty() {
                match training.validate(&self.images, &self.validation) {
                    Ok(_) => {}
                    // Later epochs may bring it back.
                    Err(error @ TrainingError::OutputNotFinite) => {
                        note(format_args!("warning: {error}"))
                    }
                    Err(error) => return Err(error.into()),
                }
            }
            self.keep(&training)?;
            if let (false, Some(epoch)) = (quiet, training.epochs().last()) {
                shown.epoch(epoch);
            }
            if stop.is_set() && !training.is_over() {
                return Ok(None);
            }
        }
        shown.finish();
        Ok(Some(training))
    }

    /// Checkpoint first: the curves follow from it.
    fn keep(&self, training: &Training<CellNetwork>) -> Result<(), Failure> {
        if let Some(checkpoint) = self.checkpoint() {
            training.save(checkpoint, &self.of)?;
        }
        self.record(training)
    }

    /// The learning curves, as figures and as a drawing.
    fn record(&self, training: &Training<CellNetwork>) -> Result<(), Failure> {
        let Some(folder) = &self.folder else {
            return Ok(());
        };
        let epochs = training.epochs();
        folder.write("epochs.csv", &curves::table(epochs))?;
        let validated = !self.validation.is_empty();
        curves::drawing(&self.dataset, epochs, validated).draw(folder.path("curves.svg"))?;
        Ok(())
    }

    /// The trained network with everything needed to use it.
    pub(super) fn classifier(&self, training: &Training<CellNetwork>) -> TrainedClassifier {
        TrainedClassifier::new(training.network(), self.images.statistics().clone())
            .class_names(self.class_names.clone())
    }

    /// Writes the trained network into the folder, if there is one.
    pub(super) fn keep_weights(
        &self,
        training: &Training<CellNetwork>,
        classifier: &TrainedClassifier,
    ) -> Result<(), Failure> {
        let Some(folder) = &self.folder else {
            return Ok(());
        };
        // The last run may have been killed between its checkpoint and the curves.
        self.record(training)?;
        for name in ["weights.bpk", "weights.safetensors"] {
            classifier.save(folder.path(name))?;
        }
        Ok(())
    }

    /// Measures the network on the test images.
    pub(super) fn measure(
        &self,
        training: &Training<CellNetwork>,
        classifier: &TrainedClassifier,
    ) -> Result<Value, Failure> {
        let test_accuracy = classifier.accuracy(&self.test)?;
        let last = training.epochs().last();
        Ok(json!({
            "dataset": self.dataset,
            "genotype": classifier.network.genotype().to_string(),
            "parameters": trainable_parameters(&classifier.network),
            "epochs": training.epochs().len(),
            "loss": last.map(|epoch| epoch.loss),
            "validation_accuracy": last.and_then(|epoch| epoch.validation_metric),
            "test_accuracy": test_accuracy,
            "device": self.device,
        }))
    }

    /// Writes the result into the folder, if there is one.
    pub(super) fn keep_result(&self, result: &Value) -> Result<(), Failure> {
        match &self.folder {
            Some(folder) => folder.write("result.json", &serde_json::to_string_pretty(result)?),
            None => Ok(()),
        }
    }
}
