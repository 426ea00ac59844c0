//! Layers as Burn modules.

mod batch_norm;
mod convolution;
mod pool;
mod reduction;

use burn::module::{Module, Param};
use burn::nn::{BatchNorm, Linear, Relu};
use burn::tensor::{Device, Tensor};
use rand::Rng;

use self::batch_norm::{batch_norm, normalise};
use self::convolution::Convolution;
use self::pool::Pool;
use self::reduction::FactorizedReduction;
use super::{DropPathLayer, Dropout, LayerPlan, NetworkConfig, TrainingPass, initial_weights};

/// One layer of a network.
// Most layers are convolutions and batch norms, the large variants: boxing them would save nothing.
#[allow(clippy::large_enum_variant)]
#[derive(Module, Debug)]
pub(crate) enum Layer {
    /// See [`LayerPlan::Relu`].
    Relu(Relu),
    /// See [`LayerPlan::Convolution`].
    Convolution(Convolution),
    /// See [`LayerPlan::BatchNorm`].
    BatchNorm(BatchNorm),
    /// See [`LayerPlan::Pool`].
    Pool(Pool),
    /// See [`LayerPlan::FactorizedReduction`].
    FactorizedReduction(FactorizedReduction),
    /// See [`LayerPlan::GlobalAveragePool`].
    GlobalAveragePool(GlobalAveragePool),
    /// See [`LayerPlan::Dropout`].
    Dropout(Dropout),
    /// See [`LayerPlan::DropPath`].
    DropPath(DropPathLayer),
    /// See [`LayerPlan::Linear`].
    Linear(Linear),
}

/// The mean over height and width.
#[derive(Module, Debug, Default)]
pub(crate) struct GlobalAveragePool;

/// Layers in a row; none is the identity.
#[derive(Module, Debug)]
pub(crate) struct Sequence {
    layers: Vec<Layer>,
}

impl Sequence {
    pub(in crate::network) fn new(
        plan: &[LayerPlan],
        config: &NetworkConfig,
        rng: &mut dyn Rng,
        device: &Device,
    ) -> Self {
        let layers = plan
            .iter()
            .map(|layer| Layer::new(layer, config, rng, device))
            .collect();
        Self { layers }
    }

    /// Applies the layers in turn. Drop path and dropout act only with a training pass.
    ///
    /// # Shapes
    /// - input: `[batch, channels, height, width]`
    /// - output: the last layer's
    #[must_use]
    pub(in crate::network) fn forward(
        &self,
        input: Tensor<4>,
        mut training: Option<&mut TrainingPass<'_>>,
    ) -> Tensor<4> {
        let mut x = input;
        let mut layers = self.layers.iter().peekable();
        while let Some(layer) = layers.next() {
            // A convolution may take its ReLU with it.
            x = match (layer, layers.peek()) {
                (Layer::Relu(_), Some(Layer::Convolution(convolution))) => {
                    layers.next();
                    convolution.forward(x, true)
                }
                (Layer::Relu(_), Some(Layer::FactorizedReduction(reduction))) => {
                    layers.next();
                    reduction.forward(x, true)
                }
                _ => layer.forward(x, training.as_deref_mut()),
            };
        }
        x
    }
}

impl Layer {
    pub(in crate::network) fn new(
        plan: &LayerPlan,
        config: &NetworkConfig,
        rng: &mut dyn Rng,
        device: &Device,
    ) -> Self {
        match plan {
            LayerPlan::Relu => Self::Relu(Relu::new()),
            LayerPlan::Convolution(plan) => Self::Convolution(Convolution::new(plan, rng, device)),
            LayerPlan::BatchNorm { channels } => {
                Self::BatchNorm(batch_norm(*channels, config, device))
            }
            LayerPlan::Pool(plan) => Self::Pool(Pool::new(plan)),
            LayerPlan::FactorizedReduction { input, output } => Self::FactorizedReduction(
                FactorizedReduction::new(*input, *output, config, rng, device),
            ),
            LayerPlan::GlobalAveragePool => Self::GlobalAveragePool(GlobalAveragePool),
            LayerPlan::Dropout { share } => Self::Dropout(Dropout::new(*share)),
            LayerPlan::DropPath {
                drop_path,
                cell,
                cells,
            } => Self::DropPath(DropPathLayer::new(*drop_path, *cell, *cells)),
            LayerPlan::Linear { input, output } => Self::Linear(Linear {
                weight: initial_weights::classifier(
                    *input,
                    *output,
                    config.classifier_fan,
                    rng,
                    device,
                ),
                bias: Some(Param::from_tensor(Tensor::zeros([*output], device))),
            }),
        }
    }

    pub(in crate::network) fn forward(
        &self,
        input: Tensor<4>,
        training: Option<&mut TrainingPass<'_>>,
    ) -> Tensor<4> {
        match self {
            Self::Relu(layer) => layer.forward(input),
            Self::Convolution(layer) => layer.forward(input, false),
            Self::BatchNorm(layer) => normalise(layer, input),
            Self::Pool(layer) => layer.forward(input),
            Self::FactorizedReduction(layer) => layer.forward(input, false),
            Self::GlobalAveragePool(_) => input.mean_dim(2).mean_dim(3),
            Self::Dropout(layer) => layer.forward(input, training),
            Self::DropPath(layer) => layer.forward(input, training),
            Self::Linear(layer) => {
                let [batch, channels, height, width] = input.dims();
                let output = layer.forward(input.reshape([batch, channels * height * width]));
                let [_, classes] = output.dims();
                output.reshape([batch, classes, 1, 1])
            }
        }
    }
}
