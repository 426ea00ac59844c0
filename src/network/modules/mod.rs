//! Layers as Burn modules.

mod convolution;
mod pool;
mod reduction;
mod sequence;

use burn::module::{Module, Param};
use burn::nn::{BatchNorm, BatchNormConfig, Linear, Relu};
use burn::tensor::{Device, Tensor};
use evonas_kernels::HiddenState;
use rand::Rng;

use self::convolution::ConvolutionLayer;
use self::pool::PoolLayer;
use self::reduction::FactorizedReduction;
pub(super) use self::sequence::Sequence;
use super::{DropPathLayer, Dropout, LayerPlan, NetworkConfig, TrainingPass, initial_weights};

/// One layer of a network as a Burn module.
// Most layers are convolutions and batch norms, the large variants, so boxing those would save nothing.
#[allow(clippy::large_enum_variant)]
#[derive(Module, Debug)]
pub(crate) enum Layer {
    /// See [`LayerPlan::Relu`].
    Relu(Relu),
    /// See [`LayerPlan::Convolution`].
    Convolution(ConvolutionLayer),
    /// See [`LayerPlan::BatchNorm`].
    BatchNorm(BatchNorm),
    /// See [`LayerPlan::Pool`].
    Pool(PoolLayer),
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

impl Layer {
    pub(in crate::network) fn new(
        plan: &LayerPlan,
        config: &NetworkConfig,
        rng: &mut dyn Rng,
        device: &Device,
    ) -> Self {
        match plan {
            LayerPlan::Relu => Self::Relu(Relu::new()),
            LayerPlan::Convolution(plan) => {
                Self::Convolution(ConvolutionLayer::new(plan, config.precision, rng, device))
            }
            LayerPlan::BatchNorm { channels } => {
                Self::BatchNorm(batch_norm(*channels, config, device))
            }
            LayerPlan::Pool(plan) => Self::Pool(PoolLayer::new(plan)),
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

    /// Applies the layer alone. Drop path and dropout act only with a training pass.
    pub(in crate::network) fn forward(
        &self,
        input: HiddenState,
        training: Option<&mut TrainingPass<'_>>,
    ) -> HiddenState {
        match self {
            Self::Relu(_) => input.relu(),
            Self::Convolution(_) | Self::BatchNorm(_) => {
                sequence::unit(std::slice::from_ref(self), input)
            }
            Self::Pool(layer) => layer.forward(input),
            Self::FactorizedReduction(layer) => layer.forward(input, false),
            Self::GlobalAveragePool(_) => input.global_average_pool(),
            Self::Dropout(layer) => layer.forward(input, training),
            Self::DropPath(layer) => layer.forward(input, training),
            Self::Linear(layer) => HiddenState::from_features(layer.forward(input.flatten())),
        }
    }
}

fn batch_norm(channels: usize, config: &NetworkConfig, device: &Device) -> BatchNorm {
    BatchNormConfig::new(channels)
        .with_epsilon(config.batch_norm.epsilon)
        .with_momentum(config.batch_norm.momentum)
        .init(device)
}
