//! One layer as a Burn module.

use burn::module::{Module, Param};
use burn::nn::{Linear, Relu};
use burn::tensor::{Device, Tensor};
use evonas_kernels::{BatchNorm, Epilogue, HiddenState, Unit};
use rand::Rng;

use super::batch_norm::batch_norm;
use super::convolution::ConvolutionLayer;
use super::pool::PoolLayer;
use super::reduction::FactorizedReduction;
use crate::network::config::NetworkConfig;
use crate::network::initial_weights;
use crate::network::layers::LayerPlan;
use crate::network::noise::{DropPathLayer, Dropout, TrainingPass};

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
                unit(std::slice::from_ref(self), None, input, Epilogue::default())
            }
            Self::Pool(layer) => layer.forward(input, Epilogue::default()),
            Self::FactorizedReduction(layer) => layer.forward(input, false, Epilogue::default()),
            Self::GlobalAveragePool(_) => input.global_average_pool(),
            Self::Dropout(layer) => layer.forward(input, training),
            Self::DropPath(layer) => layer.forward(input, training),
            Self::Linear(layer) => {
                let bias = layer.bias.as_ref().map(Param::val);
                HiddenState::from_features(input.linear(layer.weight.val(), bias))
            }
        }
    }
}

/// Batch norm of the input, if it is still to be normalized, ReLU, convolutions, batch norm and an epilogue in one operation.
pub(super) fn unit(
    layers: &[Layer],
    before: Option<&BatchNorm>,
    input: HiddenState,
    epilogue: Epilogue,
) -> HiddenState {
    let mut unit = Unit {
        before,
        ..Unit::default()
    };
    let mut size = input.size();
    for layer in layers {
        match layer {
            Layer::Relu(_) => unit.relu = true,
            Layer::Convolution(layer) => {
                let convolution = layer.on(size);
                size = [convolution.window.out_height, convolution.window.out_width];
                if layer.is_depthwise() {
                    unit.depthwise = Some(convolution);
                } else {
                    unit.dense = Some(convolution);
                }
            }
            Layer::BatchNorm(norm) => unit.norm = Some(norm),
            _ => {}
        }
    }
    unit.forward_with(input, epilogue)
}
