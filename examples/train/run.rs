//! One training, from its options to its files.

use std::fs;
use std::path::{Path, PathBuf};

use burn::tensor::Device;
use evonas::network::{
    AuxiliaryHead, CellNetwork, DropPath, ImageShape, NetworkConfig, Precision, Stem,
    trainable_parameters,
};
use evonas::prelude::*;
use evonas::randomness::stream;
use evonas::report::{LearningCurves, TrainingProgress};
use evonas::spaces::nasnet::NasnetGenotype;
use evonas::training::images::{ImageDataset, stratified_split};
use evonas::training::{
    Augmentation, DeviceImages, Progress, TrainedClassifier, Trainer, Training, TrainingConfig,
};
use serde_json::{Value, json};

use crate::Failure;
use crate::options::TrainOptions;

/// The seed of the split into training and validation images.
const SPLIT_SEED: u64 = 0;

/// A training, its images, and where it is kept.
pub struct Run<'a> {
    options: &'a TrainOptions,
    dataset: ImageDataset,
    images: DeviceImages,
    training: Vec<usize>,
    validation: Vec<usize>,
    trainer: Trainer,
    of: Value,
    device: Device,
}

impl<'a> Run<'a> {
    pub fn new(options: &'a TrainOptions, device: Device) -> Result<(Self, CellNetwork), Failure> {
        let mut dataset = options.data.read()?;
        if let Some(limit) = options.limit {
            dataset.train = dataset.train.limit(limit, options.seed);
        }
        let genotype = NasnetGenotype::find(&options.genotype)?;
        let network = network_config(options, &dataset);
        let trainer = Trainer::new(training_config(options))?;
        let (training, validation) = match options.validation {
            Some(share) => {
                let split = stratified_split(dataset.train.labels(), share, SPLIT_SEED)?;
                (split.kept, split.held_out)
            }
            None => ((0..dataset.train.len()).collect(), Vec::new()),
        };
        let reference = dataset.train.subset(&training)?;
        let images = DeviceImages::new(&dataset.train, &reference, &device);
        trainer.check(images.shape(), training.len())?;
        let of = json!({
            "genotype": genotype.to_string(),
            "network": network,
            "dataset": {
                "name": dataset.name,
                "training_images": dataset.train.len(),
                "checksum": format!("{:08x}", dataset.train.checksum()),
            },
            "validation": options.validation,
        });
        let built = CellNetwork::new(
            &genotype,
            &network,
            &mut stream(options.seed, 0),
            &device.clone().autodiff(),
        )?;
        let run = Self {
            options,
            dataset,
            images,
            training,
            validation,
            trainer,
            of,
            device,
        };
        Ok((run, built))
    }

    fn path(&self, name: &str) -> Option<PathBuf> {
        Some(self.options.out.as_ref()?.join(name))
    }

    /// The training as the folder has it, or from its beginning.
    pub fn begin(&self, network: CellNetwork) -> Result<Training<CellNetwork>, Failure> {
        let seed = self.options.seed;
        let Some(checkpoint) = self.path("checkpoint.bpk") else {
            return Ok(Training::new(network, &self.trainer, seed));
        };
        if let Some(folder) = checkpoint.parent() {
            fs::create_dir_all(folder)
                .map_err(|error| format!("can't make the folder {}: {error}", folder.display()))?;
        }
        match (checkpoint.exists(), self.options.resume) {
            (false, _) => Ok(Training::new(network, &self.trainer, seed)),
            (true, true) => {
                let training =
                    Training::resume(&checkpoint, network, &self.trainer, seed, &self.of)?;
                Ok(training)
            }
            (true, false) => Err(format!(
                "{} holds a training already; add --resume to go on with it, or choose another folder",
                checkpoint.parent().unwrap_or(Path::new(".")).display()
            )
            .into()),
        }
    }

    /// Trains to the end; none if it was stopped before.
    pub fn train(
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
                match stop.is_set() {
                    true => Err(EvaluationError::Interrupted),
                    false => Ok(()),
                }
            };
            training = match training.next_epoch(&self.images, &self.training, &mut watch) {
                Ok(training) => training,
                Err(_) if stop.is_set() => return Ok(None),
                Err(error) => return Err(error.into()),
            };
            if !self.validation.is_empty() {
                training.validate(&self.images, &self.validation);
            }
            self.keep(&training)?;
            if let (false, Some(epoch)) = (quiet, training.epochs().last()) {
                shown.epoch(epoch);
            }
        }
        shown.finish();
        Ok(Some(training))
    }

    /// Checkpoint first: the curves follow from it.
    fn keep(&self, training: &Training<CellNetwork>) -> Result<(), Failure> {
        let Some(folder) = &self.options.out else {
            return Ok(());
        };
        training.save(folder.join("checkpoint.bpk"), &self.of)?;
        self.record(training, folder)
    }

    /// The learning curves, as figures and as a drawing.
    fn record(&self, training: &Training<CellNetwork>, folder: &Path) -> Result<(), Failure> {
        let mut lines = "epoch,loss,accuracy,validation_accuracy,learning_rate\n".to_owned();
        for epoch in training.epochs() {
            let validation = epoch.validation_accuracy;
            let validation = validation.map_or(String::new(), |share| share.to_string());
            lines += &format!(
                "{},{},{},{validation},{}\n",
                epoch.number, epoch.loss, epoch.accuracy, epoch.learning_rate
            );
        }
        let file = folder.join("epochs.csv");
        fs::write(&file, lines)
            .map_err(|error| format!("can't write {}: {error}", file.display()))?;
        self.curves(training).draw(&folder.join("curves.svg"))?;
        Ok(())
    }

    fn curves(&self, training: &Training<CellNetwork>) -> LearningCurves {
        let epochs = training.epochs();
        let mut accuracies = vec![(
            "training".to_owned(),
            epochs.iter().map(|epoch| Some(epoch.accuracy)).collect(),
        )];
        if !self.validation.is_empty() {
            let measured = epochs.iter().map(|epoch| epoch.validation_accuracy);
            accuracies.push(("validation".to_owned(), measured.collect()));
        }
        LearningCurves {
            title: format!("Training on {}", self.dataset.name),
            losses: epochs.iter().map(|epoch| epoch.loss).collect(),
            accuracies,
        }
    }

    /// Measures the network on the test images, keeps it, and says what it is.
    pub fn finish(&self, training: &Training<CellNetwork>) -> Result<Value, Failure> {
        let classifier = TrainedClassifier {
            network: training.network(),
            statistics: self.images.statistics().clone(),
            class_names: self.dataset.class_names.clone(),
        };
        if let Some(folder) = &self.options.out {
            // The last run may have been killed between its checkpoint and the curves.
            self.record(training, folder)?;
            for name in ["weights.bpk", "weights.safetensors"] {
                classifier.save(folder.join(name))?;
            }
        }
        let test_accuracy = classifier.accuracy(&self.dataset.test)?;
        let last = training.epochs().last();
        let result = json!({
            "dataset": self.dataset.name,
            "genotype": classifier.network.genotype().to_string(),
            "parameters": trainable_parameters(&classifier.network),
            "epochs": training.epochs().len(),
            "loss": last.map(|epoch| epoch.loss),
            "validation_accuracy": last.and_then(|epoch| epoch.validation_accuracy),
            "test_accuracy": test_accuracy,
            "device": format!("{:?}", self.device),
        });
        if let Some(path) = self.path("result.json") {
            let text = serde_json::to_string_pretty(&result)?;
            fs::write(&path, text)
                .map_err(|error| format!("can't write {}: {error}", path.display()))?;
        }
        Ok(result)
    }
}

fn network_config(options: &TrainOptions, dataset: &ImageDataset) -> NetworkConfig {
    let images = &dataset.train;
    let shape = ImageShape::new(images.channels(), images.height(), images.width());
    let config = NetworkConfig::new(options.cells, options.filters, images.classes(), shape);
    let mut config = options.preset.network(config);
    if let Some(filters) = options.imagenet_stem {
        config.stem = Stem::ImageNet { filters };
    }
    if let Some(keep) = options.keep_path {
        config.drop_path = DropPath::scheduled(keep);
    }
    if let Some(weight) = options.auxiliary {
        let head = config.auxiliary.unwrap_or(AuxiliaryHead::new(1.0));
        config.auxiliary = (weight != 0.0).then_some(AuxiliaryHead {
            loss_weight: weight,
            ..head
        });
    }
    if options.bf16 {
        config.precision = Precision::BFloat16;
    }
    config
}

fn training_config(options: &TrainOptions) -> TrainingConfig {
    let preset = options.preset.training();
    let augmentation = preset.augmentation;
    TrainingConfig {
        epochs: options.epochs.unwrap_or(preset.epochs),
        batch_size: options.batch.unwrap_or(preset.batch_size),
        learning_rate: options.learning_rate.unwrap_or(preset.learning_rate),
        warm_up_epochs: options.warm_up.unwrap_or(preset.warm_up_epochs),
        weight_decay: options.weight_decay.unwrap_or(preset.weight_decay),
        moving_average: match options.average {
            Some(0.0) => None,
            Some(decay) => Some(decay),
            None => preset.moving_average,
        },
        augmentation: Augmentation {
            crop_padding: options.crop_padding.unwrap_or(augmentation.crop_padding),
            flip: options.flip.unwrap_or(augmentation.flip),
            cutout: options.cutout.unwrap_or(augmentation.cutout),
        },
        ..preset
    }
}
