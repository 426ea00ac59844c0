//! Weights of networks, and checkpoints of trainings.

use evonas::burn::tensor::Device;
use evonas::network::{CellNetwork, ImageShape, NetworkConfig};
use evonas::randomness::stream;
use evonas::spaces::nasnet::published;
use evonas::training::{TrainedClassifier, Trainer, Training, TrainingConfig};
use serde_json::{Value, json};

use super::told;

/// The name of the network's file, without its extension.
pub(crate) const NETWORK: &str = "network";

/// The seed of the training.
pub(crate) const SEED: u64 = 3;

/// A small network.
pub(crate) fn network() -> CellNetwork {
    let config = NetworkConfig::new(ImageShape::gray(4, 4), 2)
        .cells_per_stack(1)
        .filters(4);
    let device = Device::flex().autodiff();
    CellNetwork::new(
        &published::amoebanet_a(),
        &config,
        &mut stream(1, 0),
        &device,
    )
    .unwrap()
}

/// A training of one epoch.
pub(crate) fn trainer() -> Trainer {
    Trainer::new(TrainingConfig::default().epochs(1)).unwrap()
}

/// What is trained.
pub(crate) fn subject() -> Value {
    json!({"genotype": "amoebanet-a"})
}

/// A file of weights; the first byte says in which format.
pub(crate) fn weights(bytes: &[u8]) {
    let Some((&format, bytes)) = bytes.split_first() else {
        return;
    };
    let extension = ["safetensors", "bpk"][usize::from(format) % 2];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(format!("{NETWORK}.{extension}"));
    std::fs::write(&path, bytes).unwrap();
    told(CellNetwork::load(&path, &Device::flex()));
    told(TrainedClassifier::load(&path, &Device::flex()));
}

/// A training's checkpoint, which gets its checksum here, so that what it says is read.
pub(crate) fn checkpoint(bytes: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint.bpk");
    let sealed = [bytes, &crc32fast::hash(bytes).to_le_bytes()].concat();
    std::fs::write(&path, sealed).unwrap();
    let trainer = trainer();
    told(Training::resume(
        &path,
        network(),
        &trainer,
        SEED,
        &subject(),
    ));
}
