//! A training that is saved and gone on with is the one that was never interrupted.
use std::collections::BTreeMap;
use std::path::Path;

use burn::module::Module;
use burn::store::{ModuleSnapshot, bridge};
use burn::tensor::Device;
use evonas::network::{AuxiliaryHead, CellNetwork, DropPath, ImageShape, NetworkConfig};
use evonas::prelude::*;
use evonas::randomness::stream;
use evonas::spaces::nasnet::published;
use evonas::training::images::LabeledImages;
use evonas::training::{
    Augmentation, CheckpointError, DeviceImages, OptimizerSettings, Progress, Schedule, Trainer,
    Training, TrainingConfig,
};
use serde_json::{Value, json};

const SEED: u64 = 11;

fn network(filters: usize) -> CellNetwork {
    let config = NetworkConfig::new(ImageShape::gray(12, 12), 3)
        .cells_per_stack(1)
        .filters(filters)
        .drop_path(DropPath::scheduled(0.7))
        .dropout(0.2)
        .auxiliary(AuxiliaryHead::new(0.4));
    let device = Device::flex().autodiff();
    // Weights from the operating system's state would do as well: a checkpoint replaces them.
    let mut rng = stream(filters as u64, 0);
    CellNetwork::new(&published::amoebanet_a(), &config, &mut rng, &device).unwrap()
}

/// Everything on, so that everything must be kept.
fn config() -> TrainingConfig {
    TrainingConfig {
        moving_average: Some(0.9),
        gradient_clipping: Some(1.0),
        label_smoothing: 0.1,
        decay_all: true,
        warm_up_epochs: 0.5,
        augmentation: Augmentation {
            crop_padding: 2,
            flip: true,
            cutout: 3,
        },
        ..TrainingConfig::new(4, 8)
    }
}

fn trainer(config: TrainingConfig) -> Trainer {
    Trainer::new(config).unwrap()
}

fn images() -> (DeviceImages, Vec<usize>) {
    let mut rng = stream(2, 0);
    let pixels = (0..24 * 144).map(|_| rng.random()).collect();
    let labels = (0..24).map(|index| index % 3).collect();
    let images = LabeledImages::new(ImageShape::gray(12, 12), 3, pixels, labels).unwrap();
    let images = DeviceImages::new(&images, &images, &Device::flex());
    (images, (0..24).collect())
}

fn of() -> Value {
    json!({"genotype": "amoebanet-a", "dataset": {"name": "noise", "images": 24}})
}

fn go_on(_: Progress) -> Result<(), EvaluationError> {
    Ok(())
}

fn epochs(mut training: Training<CellNetwork>, count: usize) -> Training<CellNetwork> {
    let (images, indices) = images();
    for _ in 0..count {
        training = training.next_epoch(&images, &indices, &mut go_on).unwrap();
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

fn saved(path: &Path, trainer: &Trainer, count: usize) {
    let training = epochs(Training::new(network(4), trainer, SEED), count);
    training.save(path, &of()).unwrap();
}

#[test]
fn a_resumed_training_ends_with_the_bits_of_an_uninterrupted_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint.bpk");
    let rms_prop = OptimizerSettings::RmsProp {
        decay: 0.9,
        momentum: 0.9,
        epsilon: 0.1,
    };
    let nesterov = OptimizerSettings::Sgd {
        momentum: 0.8,
        nesterov: true,
    };
    let steps = Schedule::Exponential {
        factor: 0.7,
        every_epochs: 1.0,
        lowest: 0.1,
    };
    for (optimizer, schedule) in [
        (OptimizerSettings::SGD, Schedule::Cosine),
        (nesterov, Schedule::Constant),
        (rms_prop, steps),
    ] {
        let trainer = trainer(TrainingConfig {
            optimizer,
            schedule,
            ..config()
        });
        let whole = epochs(Training::new(network(4), &trainer, SEED), 4);
        saved(&path, &trainer, 2);
        // Begun with other weights, in another network of the same kind.
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
fn saving_changes_nothing_and_may_be_repeated() {
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
    assert_eq!(
        names.len(),
        1,
        "nothing but the checkpoint is left: {names:?}"
    );
}

#[test]
fn a_checkpoint_of_something_else_is_refused_and_the_difference_named() {
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
    assert!(message.contains("dataset.name is \"noise\""), "{message}");
    let faster = TrainingConfig {
        learning_rate: 0.5,
        ..config()
    };
    let message = resume(4, faster, SEED, &of());
    assert!(
        message.contains("training.learning_rate is 0.1"),
        "{message}"
    );
    let message = resume(4, config(), 12, &of());
    assert!(message.contains("seed is 11"), "{message}");
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
    }
    let expected = bits(&resume(&whole).unwrap().network());
    let expected_later = bits(&epochs(resume(&whole).unwrap(), 1).network());
    let mut rng = stream(3, 0);
    let mut refused = 0;
    for _ in 0..60 {
        let mut bytes = whole.clone();
        let place = rng.random_range(0..bytes.len());
        bytes[place] ^= 1 << rng.random_range(0..8_u32);
        // Padding between tensors is nobody's; all else is noticed.
        match resume(&bytes) {
            Err(_) => refused += 1,
            Ok(training) => {
                assert_eq!(bits(&training.network()), expected);
                assert_eq!(bits(&epochs(training, 1).network()), expected_later);
            }
        }
    }
    assert!(refused > 40, "only {refused} of 60 damages were noticed");
    // A header that says something else is damaged too.
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
fn a_file_that_cannot_be_written_is_an_error() {
    let trainer = trainer(config());
    let training = Training::new(network(4), &trainer, SEED);
    let error = training.save("/nowhere/checkpoint.bpk", &of()).unwrap_err();
    assert!(matches!(error, CheckpointError::Write { .. }), "{error}");
}

/// The file beside the checkpoint is written first: here it is the device on which every disk is full.
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
