//! A genotype's network as a Burn module.

use burn::module::{Module, Param};
use burn::nn::Linear;
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor};
use rand::Rng;

use super::{CellModule, NetworkConfig, NetworkError, NetworkPlan, Sequence, initial_weights};
use crate::spaces::nasnet::NasnetGenotype;

/// An image classifier made of the two cells of a genotype.
#[derive(Module, Debug)]
pub struct CellNetwork {
    stem: Sequence,
    cells: Vec<CellModule>,
    classifier: Linear,
}

impl CellNetwork {
    /// Builds the network of a genotype on a device, its weights drawn from `rng`. To train it, the
    /// device must have autodiff (`device.autodiff()`).
    ///
    /// # Errors
    /// [`NetworkError`] if the configuration can't be.
    pub fn new(
        genotype: &NasnetGenotype,
        config: &NetworkConfig,
        rng: &mut dyn Rng,
        device: &Device,
    ) -> Result<Self, NetworkError> {
        let plan = NetworkPlan::new(genotype, config)?;
        Ok(Self {
            stem: Sequence::new(&plan.stem, config, rng, device),
            cells: plan
                .cells
                .iter()
                .map(|cell| CellModule::new(cell, config, rng, device))
                .collect(),
            classifier: Linear {
                weight: initial_weights::classifier(plan.features, config.classes, rng, device),
                bias: Some(Param::from_tensor(Tensor::zeros([config.classes], device))),
            },
        })
    }

    /// The logits of a batch of images.
    ///
    /// # Shapes
    /// - `images`: `[batch, channels, height, width]`
    /// - output: `[batch, classes]`
    #[must_use]
    pub fn forward(&self, images: Tensor<4>) -> Tensor<2> {
        let stem = self.stem.forward(images);
        let (mut before, mut previous) = (stem.clone(), stem);
        for cell in &self.cells {
            let output = cell.forward(previous.clone(), before);
            before = previous;
            previous = output;
        }
        let features = relu(previous).mean_dim(2).mean_dim(3);
        let [batch, channels, _, _] = features.dims();
        self.classifier.forward(features.reshape([batch, channels]))
    }
}
