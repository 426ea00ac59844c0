//! Layers as Burn modules.

mod batch_norm;
mod convolution;
mod pool;
mod reduction;
mod unit;

use burn::module::{Module, Param};
use burn::nn::{BatchNorm, Linear, Relu};
use burn::tensor::{Device, Tensor};
use rand::Rng;

use self::batch_norm::batch_norm;
use self::convolution::Convolution;
use self::pool::Pool;
use self::reduction::FactorizedReduction;
use self::unit::Unit;
use super::layout::Layout;
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
    /// Hidden states, as [`Layout::of`] says.
    #[must_use]
    pub(in crate::network) fn forward(
        &self,
        input: Tensor<4>,
        mut training: Option<&mut TrainingPass<'_>>,
    ) -> Tensor<4> {
        let mut x = input;
        let mut layers = self.layers.as_slice();
        while !layers.is_empty() {
            let (unit, taken) = Unit::of(layers);
            (x, layers) = match layers {
                _ if taken > 0 => (unit.forward(x), &layers[taken..]),
                [
                    Layer::Relu(_),
                    Layer::FactorizedReduction(reduction),
                    behind @ ..,
                ] => (reduction.forward(x, true), behind),
                [layer, behind @ ..] => (layer.forward(x, training.as_deref_mut()), behind),
                [] => break,
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
            LayerPlan::Convolution(plan) => {
                Self::Convolution(Convolution::new(plan, config.precision, rng, device))
            }
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
            // Alone they are units like others.
            Self::Convolution(_) | Self::BatchNorm(_) => {
                let (unit, _) = Unit::of(std::slice::from_ref(self));
                unit.forward(input)
            }
            Self::Pool(layer) => layer.forward(input),
            Self::FactorizedReduction(layer) => layer.forward(input, false),
            Self::GlobalAveragePool(_) => {
                let (_, [rows, columns]) = Layout::of(&input).axes();
                input.mean_dim(rows).mean_dim(columns)
            }
            Self::Dropout(layer) => layer.forward(input, training),
            Self::DropPath(layer) => layer.forward(input, training),
            Self::Linear(layer) => {
                // One pixel is left, so the layout doesn't matter.
                let [batch, ..] = input.dims();
                layer
                    .forward(input.reshape([batch as i64, -1]))
                    .reshape([batch as i64, -1, 1, 1])
            }
        }
    }
}
