//! Full training of a genotype that a search found.

use burn::tensor::Device;

use super::images::ImageDataset;
use super::{Decoder, DeviceImages, Progress, Trainer};
use crate::evaluator::EvaluationError;
use crate::network::trainable_parameters;
use crate::randomness::stream;

/// A network trained on all training images, and how it does on the test images.
#[derive(Clone, Debug)]
pub struct FullTraining<M> {
    /// The network.
    pub network: M,
    /// The share of the test images that it classifies correctly, from 0 to 1.
    pub test_accuracy: f64,
    /// Its trainable parameters.
    pub parameters: usize,
}

/// Trains a genotype's network from new weights on all training images (those that a search holds
/// out for validation included) and evaluates it once on the test images.
///
/// [`Training`](super::Training) does the same an epoch at a time, and can be saved.
///
/// # Errors
/// [`EvaluationError`] if the genotype can't be decoded, the training fails, or `watch` returns an
/// error.
pub fn train_fully<G, D: Decoder<G>>(
    genotype: &G,
    decoder: &D,
    trainer: &Trainer,
    dataset: &ImageDataset,
    seed: u64,
    device: &Device,
    watch: &mut dyn FnMut(Progress) -> Result<(), EvaluationError>,
) -> Result<FullTraining<D::Network>, EvaluationError> {
    let network = decoder
        .decode(genotype, &mut stream(seed, 0), &device.clone().autodiff())
        .map_err(|error| EvaluationError::Infeasible(error.to_string()))?;
    let parameters = trainable_parameters(&network);
    let all = |count: usize| (0..count).collect::<Vec<_>>();
    let training = DeviceImages::new(&dataset.train, &dataset.train, device);
    let network = trainer.train(network, &training, &all(training.len()), seed, watch)?;
    let test = training.alike(&dataset.test);
    let test_accuracy = trainer.evaluate_watched(&network, &test, &all(test.len()), watch)?;
    Ok(FullTraining {
        network,
        test_accuracy,
        parameters,
    })
}
