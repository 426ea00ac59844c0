//! Trains a cell network with Burn's own `Learner`: its optimizers, schedulers, metrics, checkpoints and, on a terminal,
//! its dashboard.
//!
//! ```sh
//! cargo run --release --features train --example burn_learner -- 10 folder   # epochs, and where Burn writes
//! ```

use std::error::Error;
use std::io::{Write, stdout};

use burn::optim::AdamWConfig;
use burn::optim::lr_scheduler::cosine::CosineAnnealingLrSchedulerConfig;
use burn::tensor::Device;
use burn::train::metric::{AccuracyMetric, LossMetric};
use burn::train::{Learner, SupervisedTraining};
use evonas::prelude::*;
use evonas::training::images::HoldOut;
use evonas::training::{Augmentation, DeviceImages, ImageLoader};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let epochs = arguments
        .next()
        .map_or(Ok(5), |epochs| epochs.parse::<usize>())?;
    let folder = arguments
        .next()
        .map_or_else(|| std::env::temp_dir().join("burn_learner"), Into::into);

    let device = Device::flex();
    let dataset = digits();
    let images = DeviceImages::new(&dataset.train, &dataset.train, &device);
    let split = HoldOut::fraction(0.1).split(dataset.train.labels())?;
    let config = TrainingConfig::default()
        .epochs(epochs)
        .augmentation(Augmentation::NONE.crop_padding(1))
        .label_smoothing(0.1);
    let steps = epochs * split.kept.len().div_ceil(config.batch_size);
    let training = ImageLoader::training(&images, split.kept, &config, 0);
    let validation = ImageLoader::validation(&images, split.held_out, config.batch_size);

    let network = NetworkConfig::new(dataset.train.shape(), 10)
        .cells_per_stack(1)
        .filters(8);
    let network = CellNetwork::new(
        &published::amoebanet_a(),
        &network,
        &mut stream(0, 0),
        &device.clone().autodiff(),
    )?;
    let schedule = CosineAnnealingLrSchedulerConfig::new(1e-2, steps).init()?;
    let learner = Learner::new(network, AdamWConfig::new().init(), schedule);
    let result = SupervisedTraining::<CellNetwork>::new(&folder, training, validation)
        .metrics((AccuracyMetric::new(), LossMetric::new()))
        .num_epochs(epochs)
        .launch(learner);

    let test = images.alike(&dataset.test);
    let all: Vec<usize> = (0..test.len()).collect();
    let accuracy = Trainer::new(config)?.evaluate(&result.model, &test, &all)?;
    writeln!(
        stdout(),
        "test accuracy after {epochs} epochs: {:.2} %",
        100.0 * accuracy
    )?;
    // From here on it is a network like any other: `save`, `evonas::export`, `TrainedClassifier`.
    Ok(())
}
