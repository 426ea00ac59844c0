//! Synaptic flow.

use std::fmt::Debug;

use burn::module::{Flag, Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{DType, Device, Gradients, Tensor};
use rand::Rng;
use serde_json::{Value, json};

use crate::description;
use crate::network::ImageShape;
use crate::proxy::Proxy;
use crate::training::classifier::{Decoder, ImageClassifier};

/// The synaptic flow of a new network (Tanaka et al. 2020, "Pruning neural networks without any data by iteratively
/// conserving synaptic flow"; as a proxy: Abdelfattah et al. 2021): the sum of `|w · ∂R/∂w|` over the weights of all
/// convolutions and linear layers, where `R` is the sum of the outputs for an image of ones, with every parameter
/// replaced by its absolute value and batch norm left out. The score is its logarithm, which orders networks alike.
///
/// It needs no data. One image passes through the network, forward and backward, on the CPU and in double precision,
/// since the flow of a deep network is beyond single precision. Batch norm is left out as it is in a new network whose
/// running mean is 0 and whose running variance is 1: what remains of it is a division by `√(1 + ε)`. Other kinds of
/// normalization aren't left out.
///
/// A network of your own must compute in the precision of its input: tensors that it makes itself in single precision
/// don't fit. A decoder that fails on the CPU, as one does that asks for bfloat16, gives every genotype the lowest score.
///
/// ```
/// use evonas::network::ImageShape;
/// use evonas::prelude::*;
/// use evonas::training::{CellDecoder, Synflow};
///
/// let image = ImageShape::rgb(32, 32);
/// let config = NetworkConfig::new(image, 10).cells_per_stack(1).filters(8);
/// let proxy = Synflow::new(CellDecoder::new(config.clone()), image);
/// let wider = Synflow::new(CellDecoder::new(config.filters(16)), image);
/// let score = |proxy: &Synflow<_>| proxy.score(&published::amoebanet_a(), &mut stream(0, 0));
/// assert!(score(&wider) > score(&proxy));
/// ```
#[derive(Clone, Debug)]
pub struct Synflow<D> {
    decoder: D,
    image: ImageShape,
}

impl<D> Synflow<D> {
    /// The flow in the networks of this decoder, for an image of this shape.
    #[must_use]
    pub const fn new(decoder: D, image: ImageShape) -> Self {
        Self { decoder, image }
    }
}

impl<G, D: Decoder<G, Network: ImageClassifier> + Debug> Proxy<G> for Synflow<D> {
    fn score(&self, genotype: &G, rng: &mut dyn Rng) -> f64 {
        let device = Device::flex().autodiff();
        let Ok(network) = self.decoder.decode(genotype, rng, &device) else {
            return f64::NEG_INFINITY;
        };
        let network = network.map(&mut AbsoluteValues);
        let ImageShape {
            channels,
            height,
            width,
        } = self.image;
        let image = Tensor::ones([1, channels, height, width], (&device, DType::F64));
        let gradients = network.logits(image).sum().backward();
        let mut flow = Flow {
            gradients: &gradients,
            sum: 0.0,
        };
        network.visit(&mut flow);
        match flow.sum.is_finite() {
            true => flow.sum.ln(),
            false => f64::NEG_INFINITY,
        }
    }

    fn describe(&self) -> Value {
        let settings = json!({
            "decoder": self.decoder.describe(),
            "image": self.image,
        });
        description::named("Synflow", &settings)
    }
}

/// Replaces parameters by their absolute values in double precision, and makes batch norm use its running statistics.
struct AbsoluteValues;

impl ModuleMapper for AbsoluteValues {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let (id, tensor, mapper) = param.consume();
        let trains = tensor.is_require_grad();
        let device = tensor.device();
        let data = tensor.detach().abs().into_data().convert::<f64>();
        let tensor = Tensor::from_data(data, (&device, DType::F64)).set_require_grad(trains);
        Param::from_mapped_value(id, tensor, mapper)
    }

    fn map_flag(&mut self, flag: Param<Flag>) -> Param<Flag> {
        flag.with_value(false)
    }
}

/// Adds up the flow through all weights: parameters of at least two dimensions.
struct Flow<'a> {
    gradients: &'a Gradients,
    sum: f64,
}

impl ModuleVisitor for Flow<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let weight = param.val();
        if D >= 2
            && let Some(gradient) = weight.grad(self.gradients)
        {
            let flow = weight.detach().inner() * gradient;
            self.sum += flow.abs().sum().into_scalar::<f64>();
        }
    }
}
