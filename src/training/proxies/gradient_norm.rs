//! The norm of a loss's gradient before any training.

use std::fmt::Debug;

use burn::module::{Module, ModuleVisitor, Param};
use burn::nn::loss::CrossEntropyLossConfig;
use burn::tensor::{Gradients, Tensor};
use rand::Rng;
use serde_json::{Value, json};

use super::MiniBatch;
use crate::description;
use crate::proxy::Proxy;
use crate::training::classifier::{Decoder, ImageClassifier};

/// The norm of the gradient of a new network's loss (Abdelfattah et al. 2021, "Zero-Cost Proxies for Lightweight
/// NAS", `grad_norm`): the sum, over all convolutions and linear layers, of the Euclidean norm of the gradient that
/// the cross-entropy of one mini-batch gives to their weights. Batch norm uses the batch's statistics.
///
/// Takes a forward and a backward pass of the mini-batch, and the memory of a training step.
///
/// ```
/// use evonas::burn::tensor::Device;
/// use evonas::network::ImageShape;
/// use evonas::prelude::*;
/// use evonas::training::{CellDecoder, GradientNorm, MiniBatch};
/// use evonas::training::images::{ChannelStatistics, digits};
///
/// let train = digits().train;
/// let batch = MiniBatch::new(
///     &train.limit(16, 0),
///     &ChannelStatistics::of(&train),
///     &Device::flex(),
/// );
/// let config = NetworkConfig::new(ImageShape::gray(8, 8), 10).cells_per_stack(1).filters(4);
/// let proxy = GradientNorm::new(CellDecoder::new(config), batch);
/// let norm = proxy.score(&published::amoebanet_a(), &mut stream(0, 0));
/// assert!(norm > 0.0);
/// ```
#[derive(Clone, Debug)]
pub struct GradientNorm<D> {
    decoder: D,
    batch: MiniBatch,
}

impl<D> GradientNorm<D> {
    /// The norm for the networks of this decoder and this mini-batch, on whose device they are built.
    #[must_use]
    pub const fn new(decoder: D, batch: MiniBatch) -> Self {
        Self { decoder, batch }
    }
}

impl<G, D: Decoder<G, Network: ImageClassifier> + Debug> Proxy<G> for GradientNorm<D> {
    fn score(&self, genotype: &G, rng: &mut dyn Rng) -> f64 {
        let device = self.batch.device();
        let Ok(network) = self.decoder.decode(genotype, rng, &device) else {
            return f64::NEG_INFINITY;
        };
        let logits = network.logits(self.batch.images());
        let loss = CrossEntropyLossConfig::new().init(&device);
        let gradients = loss.forward(logits, self.batch.labels()).backward();
        let mut norms = Norms {
            gradients: &gradients,
            sum: 0.0,
        };
        network.visit(&mut norms);
        match norms.sum.is_finite() {
            true => norms.sum,
            false => f64::NEG_INFINITY,
        }
    }

    fn describe(&self) -> Value {
        let settings = json!({
            "decoder": self.decoder.describe(),
            "batch": self.batch.describe(),
        });
        description::named("GradientNorm", &settings)
    }
}

/// Adds up the norms of the gradients of all weights: parameters of at least two dimensions.
struct Norms<'a> {
    gradients: &'a Gradients,
    sum: f64,
}

impl ModuleVisitor for Norms<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if D >= 2
            && let Some(gradient) = param.val().grad(self.gradients)
        {
            let squares: f32 = gradient.square().sum().into_scalar();
            self.sum += f64::from(squares).sqrt();
        }
    }
}
