//! A training that is saved and resumed ends like one that was never interrupted.
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;

use burn::module::{Module, ModuleMapper, Param};
use burn::store::{ModuleSnapshot, bridge};
use burn::tensor::{Device, Tensor};
use evonas::network::{AuxiliaryHead, CellNetwork, DropPath, ImageShape, NetworkConfig};
use evonas::prelude::*;
use evonas::randomness::stream;
use evonas::spaces::nasnet::published;
use evonas::training::images::LabeledImages;
use evonas::training::{
    Augmentation, CheckpointError, DeviceImages, OptimizerSettings, Progress, Schedule, Trainer,
    Training, TrainingConfig, TrainingError,
};
use serde_json::{Value, json};

pub(crate) const SEED: u64 = 11;

pub(crate) fn network(filters: usize) -> CellNetwork {
    let config = NetworkConfig::new(ImageShape::gray(12, 12), 3)
        .cells_per_stack(1)
        .filters(filters)
        .drop_path(DropPath::scheduled(0.7))
        .dropout(0.2)
        .auxiliary(AuxiliaryHead::new(0.4));
    let device = Device::flex().autodiff();
    let mut rng = stream(filters as u64, 0);
    CellNetwork::new(&published::amoebanet_a(), &config, &mut rng, &device).unwrap()
}

/// Everything on, so that everything must be kept.
pub(crate) fn config() -> TrainingConfig {
    TrainingConfig::default()
        .epochs(4)
        .batch_size(8)
        .moving_average(0.9)
        .gradient_clipping(1.0)
        .label_smoothing(0.1)
        .decay_all(true)
        .warm_up_epochs(0.5)
        .augmentation(Augmentation::NONE.crop_padding(2).flip(true).cutout(3))
}

pub(crate) fn trainer(config: TrainingConfig) -> Trainer {
    Trainer::new(config).unwrap()
}

pub(crate) fn images() -> (DeviceImages, Vec<usize>) {
    let mut rng = stream(2, 0);
    let pixels = (0..24 * 144).map(|_| rng.random()).collect();
    let labels = (0..24).map(|index| index % 3).collect();
    let images = LabeledImages::new(ImageShape::gray(12, 12), 3, pixels, labels).unwrap();
    let images = DeviceImages::new(&images, &images, &Device::flex());
    (images, (0..24).collect())
}

pub(crate) fn of() -> Value {
    json!({"genotype": "amoebanet-a", "dataset": {"name": "noise", "images": 24}})
}

pub(crate) fn epochs(mut training: Training<CellNetwork>, count: usize) -> Training<CellNetwork> {
    let (images, indices) = images();
    for _ in 0..count {
        training
            .next_epoch(&images, &indices, &mut Progress::ignore)
            .unwrap();
    }
    training
}

/// The bits of all weights and running statistics.
fn bits(network: &CellNetwork) -> BTreeMap<String, Vec<u32>> {
    network
        .valid()
        .collect(None, None, true)
        .iter()
        .map(|tensor| {
            let values: Vec<f32> = bridge::to_data(tensor).unwrap().try_to_vec().unwrap();
            let bits = values.into_iter().map(f32::to_bits).collect();
            (tensor.name.clone(), bits)
        })
        .collect()
}

pub(crate) fn saved(path: &Path, trainer: &Trainer, count: usize) {
    let training = epochs(Training::new(network(4), trainer, SEED), count);
    training.save(path, &of()).unwrap();
}

#[test]
fn a_resumed_training_ends_with_the_bits_of_an_uninterrupted_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint.bpk");
    let steps = Schedule::Exponential {
        factor: 0.7,
        every_epochs: 1.0,
        lowest: 0.1,
    };
    for (optimizer, schedule) in [
        (OptimizerSettings::SGD, Schedule::Cosine),
        (
            OptimizerSettings::NESTEROV.momentum(0.8),
            Schedule::Constant,
        ),
        (OptimizerSettings::RMS_PROP, steps),
    ] {
        let trainer = trainer(config().optimizer(optimizer).schedule(schedule));
        let whole = epochs(Training::new(network(4), &trainer, SEED), 4);
        saved(&path, &trainer, 2);
        // Into another network of the same kind, with other weights.
        let resumed = Training::resume(&path, network_of_seed(99), &trainer, SEED, &of()).unwrap();
        assert_eq!(resumed.epochs(), &whole.epochs()[..2]);
        let resumed = epochs(resumed, 2);
        assert_eq!(resumed.epochs(), whole.epochs());
        assert_eq!(bits(&resumed.network()), bits(&whole.network()));
    }
}

fn network_of_seed(seed: u64) -> CellNetwork {
    let config = network(4).config().clone();
    let device = Device::flex().autodiff();
    let mut rng = stream(seed, 0);
    CellNetwork::new(&published::amoebanet_a(), &config, &mut rng, &device).unwrap()
}

#[test]
fn saving_changes_nothing_and_can_be_repeated() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint.bpk");
    let trainer = trainer(config());
    let whole = epochs(Training::new(network(4), &trainer, SEED), 3);
    let mut training = Training::new(network(4), &trainer, SEED);
    for _ in 0..3 {
        training.save(&path, &of()).unwrap();
        training = epochs(training, 1);
    }
    assert_eq!(bits(&training.network()), bits(&whole.network()));
    let names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(names.len(), 1, "only the checkpoint is left: {names:?}");
}

#[test]
fn a_checkpoint_of_another_training_is_refused_and_the_first_difference_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint.bpk");
    saved(&path, &trainer(config()), 1);
    let resume = |filters, config, seed, of: &Value| {
        Training::resume(&path, network(filters), &trainer(config), seed, of)
            .unwrap_err()
            .to_string()
    };
    let mut other_data = of();
    other_data["dataset"]["name"] = json!("digits");
    let message = resume(4, config(), SEED, &other_data);
    let difference = "dataset.name: \"noise\" recorded, \"digits\" now";
    assert!(message.contains(difference), "{message}");
    let message = resume(4, config().learning_rate(0.5), SEED, &of());
    assert!(
        message.ends_with("training.learning_rate: 0.1 recorded, 0.5 now"),
        "{message}"
    );
    let message = resume(4, config(), 12, &of());
    assert!(message.contains("seed: 11 recorded, 12 now"), "{message}");
    let message = resume(6, config(), SEED, &of());
    assert!(message.contains("another network: parameter"), "{message}");
}

#[test]
fn a_damaged_file_is_an_error_and_never_a_panic() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint.bpk");
    let trainer = trainer(config());
    saved(&path, &trainer, 1);
    let whole = std::fs::read(&path).unwrap();
    let damaged = folder.path().join("damaged.bpk");
    let resume = |bytes: &[u8]| {
        std::fs::write(&damaged, bytes).unwrap();
        Training::resume(&damaged, network(4), &trainer, SEED, &of())
    };
    assert!(resume(&whole).is_ok());
    for length in [0, 1, 100, whole.len() / 2, whole.len() - 1] {
        let error = resume(&whole[..length]).unwrap_err();
        assert!(matches!(error, CheckpointError::Read { .. }), "{error}");
        let message = error.to_string();
        assert!(message.contains("it is cut short or damaged"), "{message}");
        assert!(message.contains("damaged.bpk"), "{message}");
    }
    let mut rng = stream(3, 0);
    let mut refused = 0;
    for _ in 0..60 {
        let mut bytes = whole.clone();
        let place = rng.random_range(0..bytes.len());
        bytes[place] ^= 1 << rng.random_range(0..8_u32);
        refused += usize::from(resume(&bytes).is_err());
    }
    assert_eq!(refused, 60, "damage to any byte is noticed");
    // So is damage that leaves a valid header.
    let text = b"\"average_steps\":";
    let place = whole
        .windows(text.len())
        .position(|part| part == text)
        .unwrap()
        + text.len();
    let mut bytes = whole.clone();
    bytes[place] = if bytes[place] == b'9' { b'8' } else { b'9' };
    let error = resume(&bytes).unwrap_err();
    assert!(matches!(error, CheckpointError::Read { .. }), "{error}");
    let missing = Training::resume(
        folder.path().join("missing.bpk"),
        network(4),
        &trainer,
        SEED,
        &of(),
    );
    assert!(matches!(missing, Err(CheckpointError::Read { .. })));
}

#[test]
fn a_checkpoint_that_cannot_be_written_is_an_error() {
    let trainer = trainer(config());
    let training = Training::new(network(4), &trainer, SEED);
    let error = training.save("/nowhere/checkpoint.bpk", &of()).unwrap_err();
    assert!(matches!(error, CheckpointError::Write { .. }), "{error}");
}

/// The new file is first written next to the checkpoint: here that is a device that is always full.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_keeps_the_last_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint.bpk");
    let trainer = trainer(config());
    saved(&path, &trainer, 1);
    let before = std::fs::read(&path).unwrap();
    let beside = folder.path().join("checkpoint.bpk.new");
    std::os::unix::fs::symlink("/dev/full", &beside).unwrap();
    let training = epochs(Training::new(network(4), &trainer, SEED), 2);
    let error = training.save(&path, &of()).unwrap_err();
    assert!(error.to_string().contains("No space left"), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), before);
    assert!(!beside.exists());
    training.save(&path, &of()).unwrap();
    let resumed = Training::resume(&path, network(4), &trainer, SEED, &of()).unwrap();
    assert_eq!(resumed.epochs().len(), 2);
}

#[test]
fn a_checkpoint_of_another_version_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint.bpk");
    let trainer = trainer(config());
    saved(&path, &trainer, 0);
    let mut bytes = std::fs::read(&path).unwrap();
    let text = b"\"version\":";
    let places = bytes.windows(text.len());
    let place = places.into_iter().position(|part| part == text).unwrap() + text.len();
    assert_eq!(bytes[place], b'2');
    bytes[place] = b'1';
    std::fs::write(&path, bytes).unwrap();
    let error = Training::resume(&path, network(4), &trainer, SEED, &of()).unwrap_err();
    assert!(matches!(error, CheckpointError::Version { .. }), "{error}");
    let message = "has version 1, but this program reads version 2";
    assert!(error.to_string().contains(message), "{error}");
}

/// A network that diverged has no validation accuracy; its checkpoints are as good as any.
#[test]
fn a_training_whose_outputs_are_not_finite_resumes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint.bpk");
    let trainer = trainer(config());
    let (images, indices) = images();
    let broken = network(4).map(&mut Broken);
    let mut training = Training::new(broken, &trainer, SEED);
    let error = training.validate(&images, &indices).unwrap_err();
    assert_eq!(error, TrainingError::OutputNotFinite);
    training.save(&path, &of()).unwrap();
    let resumed = Training::resume(&path, network(4), &trainer, SEED, &of()).unwrap();
    assert_eq!(bits(&resumed.network()), bits(&training.network()));
}

/// Makes all weights infinite.
struct Broken;

impl ModuleMapper for Broken {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        param.map(|weight| weight.full_like(f32::INFINITY))
    }
}

#[test]
fn an_epoch_that_ends_early_can_be_neither_saved_nor_continued() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint.bpk");
    let trainer = trainer(config());
    let (images, indices) = images();
    let mut training = epochs(Training::new(network(4), &trainer, SEED), 1);
    let mut epoch = |watch: fn(Progress) -> ControlFlow<()>| {
        training.next_epoch(&images, &indices, &mut { watch })
    };
    // Stopped when an epoch is over, it is kept.
    let at_epochs = |progress| match progress {
        Progress::Epoch(_) => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    };
    assert_eq!(epoch(at_epochs), Err(TrainingError::Stopped));
    assert_eq!(
        epoch(|_| ControlFlow::Break(())),
        Err(TrainingError::Stopped)
    );
    assert_eq!(epoch(Progress::ignore), Err(TrainingError::UnfinishedEpoch));
    assert_eq!(training.epochs().len(), 2);
    let error = training.save(&path, &of()).unwrap_err();
    assert_eq!(error, CheckpointError::UnfinishedEpoch);
    assert!(!path.exists());
}
