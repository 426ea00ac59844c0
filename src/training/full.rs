//! Full training of a genotype that a search found.

use burn::tensor::Device;

use super::images::ImageDataset;
use super::{Decoder, DeviceImages, ImageClassifier, Trainer, TrainingError, TrainingWatcher};
use crate::network::trainable_parameters;
use crate::randomness::stream;

/// A network trained on all training images, with its test accuracy.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FullTraining<M> {
    /// The network.
    pub network: M,
    /// The share of the test images that it classifies correctly, from 0 to 1.
    pub test_accuracy: f64,
    /// Its number of trainable parameters.
    pub parameters: usize,
}

/// Trains a genotype's network from new weights on all training images, including those that a
/// search holds out for validation, and evaluates it once on the test images.
///
/// [`Training`](super::Training) does the same one epoch at a time, and can be saved.
///
/// # Errors
/// [`TrainingError`] if the genotype can't be decoded, the training fails, or `watch` breaks.
pub fn train_fully<G, D: Decoder<G>>(
    genotype: &G,
    decoder: &D,
    trainer: &Trainer,
    dataset: &ImageDataset,
    seed: u64,
    device: &Device,
    watch: &mut TrainingWatcher<'_>,
) -> Result<FullTraining<D::Network>, TrainingError>
where
    D::Network: ImageClassifier,
{
    let network = decoder
        .decode(genotype, &mut stream(seed, 0), &device.clone().autodiff())
        .map_err(|error| TrainingError::Decoding {
            reason: error.to_string(),
        })?;
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
