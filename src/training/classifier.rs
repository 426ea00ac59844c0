//! The networks that a trainer trains, and how a genotype becomes one.

use std::error::Error;

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use rand::Rng;
use serde_json::Value;

use crate::description;
use crate::network::{
    CellNetwork, CostModel, NasBench201Classifier, NasBench201Network, NetworkConfig,
    TrainingOutput, TrainingPass,
};
use crate::spaces::nasbench201::NasBench201Cell;
use crate::spaces::nasnet::NasnetGenotype;

/// A Burn module that classifies images.
///
/// ```
/// use burn::module::Module;
/// use burn::nn::{Linear, LinearConfig};
/// use burn::tensor::{Device, Tensor};
/// use evonas::training::ImageClassifier;
///
/// /// One linear layer over all pixels.
/// #[derive(Module, Debug)]
/// struct Pixels {
///     layer: Linear,
/// }
///
/// impl ImageClassifier for Pixels {
///     fn logits(&self, images: Tensor<4>) -> Tensor<2> {
///         self.layer.forward(images.flatten(1, 3))
///     }
/// }
///
/// let device = Device::flex();
/// let network = Pixels { layer: LinearConfig::new(64, 10).init(&device) };
/// let logits = network.logits(Tensor::zeros([2, 1, 8, 8], &device));
/// assert_eq!(logits.dims(), [2, 10]);
/// ```
pub trait ImageClassifier: Module {
    /// The logits of a batch of images.
    ///
    /// # Shapes
    /// - `images`: `[batch, channels, height, width]`
    /// - output: `[batch, classes]`
    fn logits(&self, images: Tensor<4>) -> Tensor<2>;

    /// The logits of a batch of images in training, when drop path and dropout apply, together with
    /// those of the auxiliary head if there is one. By default the same as [`ImageClassifier::logits`].
    ///
    /// # Shapes
    /// - `images`: `[batch, channels, height, width]`
    fn training_output(&self, images: Tensor<4>, pass: &mut TrainingPass<'_>) -> TrainingOutput {
        let _ = pass;
        TrainingOutput {
            logits: self.logits(images),
            auxiliary: None,
        }
    }

    /// Whether a step may be [recorded](super::Trainer::record_steps): whether
    /// [`training_output`](Self::training_output) depends on nothing but weights, images, and what cell networks draw from the
    /// pass. A layer that draws random numbers on the device, as Burn's dropout, would draw the same in every step,
    /// and nobody would notice. By default, it may not.
    fn can_be_recorded(&self) -> bool {
        false
    }
}

/// Builds a network from a genotype.
///
/// ```
/// use std::error::Error;
///
/// use evonas::burn::tensor::Device;
/// use evonas::prelude::*;
///
/// /// Cell networks whose filters are a part of the genotype.
/// #[derive(Debug)]
/// struct WithFilters(NetworkConfig);
///
/// impl Decoder<(NasnetGenotype, usize)> for WithFilters {
///     type Network = CellNetwork;
///
///     fn decode(
///         &self,
///         (cells, filters): &(NasnetGenotype, usize),
///         rng: &mut dyn Rng,
///         device: &Device,
///     ) -> Result<CellNetwork, Box<dyn Error + Send + Sync>> {
///         let config = self.0.clone().filters(*filters);
///         Ok(CellNetwork::new(cells, &config, rng, device)?)
///     }
/// }
///
/// let decoder = WithFilters(NetworkConfig::cifar().cells_per_stack(1));
/// let genotype = (published::amoebanet_a(), 4);
/// let network = decoder.decode(&genotype, &mut stream(0, 0), &Device::flex())?;
/// assert_eq!(network.config().filters, 4);
/// # Ok::<(), Box<dyn Error + Send + Sync>>(())
/// ```
pub trait Decoder<G>: Send + Sync {
    /// The network: an [`ImageClassifier`], or for a [`Task`](super::Task) of your own any module.
    type Network: Module;

    /// Builds the network on `device`, with weights drawn from `rng`.
    ///
    /// # Errors
    /// If no network can be built from the genotype: any error, with the reason. In a search the
    /// trial becomes infeasible.
    fn decode(
        &self,
        genotype: &G,
        rng: &mut dyn Rng,
        device: &Device,
    ) -> Result<Self::Network, Box<dyn Error + Send + Sync>>;

    /// Describes the decoder and its settings, for the description of what uses it in a search, such as a
    /// [proxy](super::Synflow). The default is the type's name.
    fn describe(&self) -> Value {
        description::of_type::<Self>()
    }
}

impl ImageClassifier for CellNetwork {
    fn logits(&self, images: Tensor<4>) -> Tensor<2> {
        self.forward(images)
    }

    fn training_output(&self, images: Tensor<4>, pass: &mut TrainingPass<'_>) -> TrainingOutput {
        self.forward_training(images, pass)
    }

    fn can_be_recorded(&self) -> bool {
        true
    }
}

/// Decodes NASNet genotypes to [`CellNetwork`]s with one configuration.
#[derive(Clone, Debug)]
pub struct CellDecoder {
    config: NetworkConfig,
}

impl CellDecoder {
    /// A decoder to networks with this configuration.
    #[must_use]
    pub const fn new(config: NetworkConfig) -> Self {
        Self { config }
    }
}

impl Decoder<NasnetGenotype> for CellDecoder {
    type Network = CellNetwork;

    fn decode(
        &self,
        genotype: &NasnetGenotype,
        rng: &mut dyn Rng,
        device: &Device,
    ) -> Result<CellNetwork, Box<dyn Error + Send + Sync>> {
        Ok(CellNetwork::new(genotype, &self.config, rng, device)?)
    }

    fn describe(&self) -> Value {
        description::named("CellDecoder", &self.config)
    }
}

impl ImageClassifier for NasBench201Classifier {
    fn logits(&self, images: Tensor<4>) -> Tensor<2> {
        self.forward(images)
    }
}

impl Decoder<NasBench201Cell> for NasBench201Network {
    type Network = NasBench201Classifier;

    fn decode(
        &self,
        cell: &NasBench201Cell,
        rng: &mut dyn Rng,
        device: &Device,
    ) -> Result<NasBench201Classifier, Box<dyn Error + Send + Sync>> {
        Ok(NasBench201Classifier::new(cell, *self, rng, device)?)
    }

    fn describe(&self) -> Value {
        CostModel::describe(self)
    }
}
