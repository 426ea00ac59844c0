//! The trainer: what a network has for training alone, watchers, and divergence.
use std::collections::BTreeMap;
use std::ops::ControlFlow;

use burn::module::Module;
use burn::store::{ModuleSnapshot, bridge};
use burn::tensor::Device;
use evonas::network::{AuxiliaryHead, CellNetwork, DropPath, ImageShape, NetworkConfig};
use evonas::prelude::*;
use evonas::randomness::stream;
use evonas::spaces::nasnet::published;
use evonas::training::images::LabeledImages;
use evonas::training::{DeviceImages, Progress, Trainer, TrainingConfig, TrainingError};

fn config() -> NetworkConfig {
    NetworkConfig::new(ImageShape::gray(12, 12), 2)
        .cells_per_stack(1)
        .filters(4)
}

fn network(config: &NetworkConfig) -> CellNetwork {
    let device = Device::flex().autodiff();
    CellNetwork::new(
        &published::amoebanet_a(),
        config,
        &mut stream(1, 0),
        &device,
    )
    .unwrap()
}

/// Weights by name after an epoch of two steps on eight noisy images.
fn trained(config: &NetworkConfig) -> BTreeMap<String, Vec<f32>> {
    let mut rng = stream(2, 0);
    let pixels = (0..8 * 144).map(|_| rng.random()).collect();
    let labels = vec![0, 1, 0, 1, 0, 1, 0, 1];
    let images = LabeledImages::new(ImageShape::gray(12, 12), 2, pixels, labels).unwrap();
    let images = DeviceImages::new(&images, &images, &Device::flex());
    let trainer = Trainer::new(TrainingConfig::default().batch_size(4)).unwrap();
    let indices: Vec<usize> = (0..8).collect();
    let network = trainer
        .train(network(config), &images, &indices, 3, &mut Progress::ignore)
        .unwrap();
    weights(&network)
}

fn weights(network: &CellNetwork) -> BTreeMap<String, Vec<f32>> {
    network
        .valid()
        .collect(None, None, true)
        .iter()
        .map(|tensor| {
            let data = bridge::to_data(tensor).unwrap();
            (tensor.name.clone(), data.try_to_vec().unwrap())
        })
        .collect()
}

/// The weights of a layer below the one where the auxiliary head branches off.
const EARLY: &str = "cells.0.base.layers.1.weight";

#[test]
fn the_auxiliary_loss_trains_its_head_and_the_cells_below() {
    let with_head = config().auxiliary(AuxiliaryHead::new(0.1));
    let (before, after) = (weights(&network(&with_head)), trained(&with_head));
    let head = "auxiliary.classifier.weight";
    assert_ne!(before[head], after[head]);
    let silent = config().auxiliary(AuxiliaryHead {
        channel_scale: 0.1,
        loss_weight: 0.0,
    });
    assert_ne!(trained(&silent)[EARLY], after[EARLY]);
}

#[test]
fn drop_path_and_dropout_change_training_reproducibly() {
    let plain = trained(&config());
    for noisy in [
        config().drop_path(DropPath::scheduled(0.3)),
        config().dropout(0.5),
    ] {
        let first = trained(&noisy);
        assert_ne!(first[EARLY], plain[EARLY]);
        assert_eq!(first, trained(&noisy));
    }
}

#[test]
fn an_evaluation_ends_when_its_watcher_breaks() {
    let mut rng = stream(2, 0);
    let pixels = (0..10 * 144).map(|_| rng.random()).collect();
    let images = LabeledImages::new(ImageShape::gray(12, 12), 2, pixels, vec![0; 10]).unwrap();
    let images = DeviceImages::new(&images, &images, &Device::flex());
    let trainer = Trainer::new(TrainingConfig::default().batch_size(4)).unwrap();
    let network = network(&config());
    let indices: Vec<usize> = (0..10).collect();
    let mut seen = Vec::new();
    let whole = trainer.evaluate_watched(&network, &images, &indices, &mut |progress| {
        if let Progress::Evaluation { examples, of } = progress {
            seen.push((examples, of));
        }
        ControlFlow::Continue(())
    });
    assert_eq!(seen, [(4, 10), (8, 10), (10, 10)]);
    assert_eq!(whole, trainer.evaluate(&network, &images, &indices));
    assert!(whole.is_ok());
    let mut batches = 0;
    let ended = trainer.evaluate_watched(&network, &images, &indices, &mut |_| {
        batches += 1;
        ControlFlow::Break(())
    });
    assert_eq!((ended, batches), (Err(TrainingError::Stopped), 1));
}

#[test]
fn a_network_that_diverges_in_its_last_step_is_an_error() {
    let mut rng = stream(2, 0);
    let pixels = (0..8 * 144).map(|_| rng.random()).collect();
    let labels = (0..8).map(|index| index % 2).collect();
    let images = LabeledImages::new(ImageShape::gray(12, 12), 2, pixels, labels).unwrap();
    let images = DeviceImages::new(&images, &images, &Device::flex());
    let indices: Vec<usize> = (0..8).collect();
    for (rate, decay) in [(1e30, 0.0), (1e30, 1e30)] {
        // One step, whose loss comes before its update.
        let config = TrainingConfig::default()
            .batch_size(8)
            .learning_rate(rate)
            .weight_decay(decay);
        let trainer = Trainer::new(config).unwrap();
        let network = network(&self::config());
        let trained = trainer.train(network, &images, &indices, 3, &mut Progress::ignore);
        let error = match trained {
            Err(error) => error,
            Ok(network) => trainer.evaluate(&network, &images, &indices).unwrap_err(),
        };
        assert!(
            matches!(
                error,
                TrainingError::LossNotFinite { .. } | TrainingError::OutputNotFinite
            ),
            "{error}"
        );
    }
}
