//! Layers as Burn modules.

use burn::module::{Module, Param};
use burn::nn::{BatchNorm, BatchNormConfig, Linear, Relu};
use burn::tensor::module::{avg_pool2d, conv2d, max_pool2d};
use burn::tensor::ops::{AvgPoolOptions, ConvOptions, MaxPoolOptions};
use burn::tensor::{Device, Tensor, activation, s};
use rand::Rng;

use super::{
    ConvolutionPlan, DropPathLayer, Dropout, LayerPlan, NetworkConfig, Padding, PoolKind, PoolPlan,
    TrainingPass, initial_weights,
};
use crate::kernels::{self, Take, Window};

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
    pub(super) fn new(
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
    pub(super) fn forward(
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
    pub(super) fn new(
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

    pub(super) fn forward(
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

/// A batch norm, whose training has a kernel of its own on the CPU.
fn normalise(norm: &BatchNorm, input: Tensor<4>) -> Tensor<4> {
    let trains = input.device().is_autodiff() && norm.training.is_enabled();
    if !(trains && kernels::accelerates(&input)) {
        return norm.forward(input);
    }
    let result = kernels::batch_norm_train(input, norm.gamma.val(), norm.beta.val(), norm.epsilon);
    for (running, batch) in [
        (&norm.running_mean, result.mean),
        (&norm.running_var, result.variance),
    ] {
        let kept = running.value_sync() * (1.0 - norm.momentum);
        running.update((kept + batch.detach() * norm.momentum).detach());
    }
    result.output
}

fn batch_norm(channels: usize, config: &NetworkConfig, device: &Device) -> BatchNorm {
    BatchNormConfig::new(channels)
        .with_epsilon(config.batch_norm.epsilon)
        .with_momentum(config.batch_norm.momentum)
        .init(device)
}

/// The padding of one dimension, `(before, after)`.
const fn amount(
    padding: Padding,
    size: usize,
    kernel: usize,
    stride: usize,
    dilation: usize,
) -> (usize, usize) {
    match padding {
        Padding::Same => same_padding(size, kernel, stride, dilation),
        Padding::Valid => (0, 0),
    }
}

/// TensorFlow's SAME padding of one dimension, `(before, after)`: the output is `size / stride`
/// rounded up, and an odd pixel of padding goes to the end.
const fn same_padding(
    size: usize,
    kernel: usize,
    stride: usize,
    dilation: usize,
) -> (usize, usize) {
    let span = (size.div_ceil(stride) - 1) * stride + (kernel - 1) * dilation + 1;
    let total = span.saturating_sub(size);
    (total / 2, total - total / 2)
}

/// A convolution without bias.
#[derive(Module, Debug)]
pub(crate) struct Convolution {
    /// `[output, input / groups, kernel height, kernel width]`
    pub(super) weight: Param<Tensor<4>>,
    stride: [usize; 2],
    dilation: usize,
    groups: usize,
    #[module(skip)]
    padding: Padding,
}

/// The convolutions that have kernels of their own on the CPU.
enum Shape {
    Depthwise { kernel: usize, stride: usize },
    Pointwise { stride: usize },
    Other,
}

impl Convolution {
    fn shape(&self) -> Shape {
        let [output, input, height, width] = self.weight.dims();
        let [stride, across] = self.stride;
        if height != width || stride != across {
            Shape::Other
        } else if input == 1 && self.groups == output && output > 1 {
            Shape::Depthwise {
                kernel: height,
                stride,
            }
        } else if height == 1 && self.groups == 1 {
            Shape::Pointwise { stride }
        } else {
            Shape::Other
        }
    }

    pub(super) fn new(plan: &ConvolutionPlan, rng: &mut dyn Rng, device: &Device) -> Self {
        Self {
            weight: initial_weights::convolution(plan, rng, device),
            stride: plan.stride,
            dilation: plan.dilation,
            groups: plan.groups,
            padding: plan.padding,
        }
    }

    /// The convolution of the input, or of its ReLU.
    ///
    /// # Shapes
    /// - input: `[batch, input, height, width]`
    /// - output: `[batch, output, height, width]`, by [`Padding::output`]
    #[must_use]
    pub(super) fn forward(&self, input: Tensor<4>, relu: bool) -> Tensor<4> {
        if kernels::accelerates(&input) && self.padding == Padding::Same {
            match self.shape() {
                Shape::Depthwise { kernel, stride } => {
                    let [_, _, height, width] = input.dims();
                    let window = Window::same(height, width, kernel, stride, self.dilation);
                    return kernels::depthwise(input, self.weight.val(), window, relu);
                }
                Shape::Pointwise { stride: 1 } => {
                    return kernels::pointwise(input, self.weight.val(), relu);
                }
                Shape::Pointwise { stride } => {
                    let step = stride as isize;
                    let input = input.slice(s![.., .., ..;step, ..;step]);
                    return kernels::pointwise(input, self.weight.val(), relu);
                }
                Shape::Other => {}
            }
        }
        let input = if relu { activation::relu(input) } else { input };
        let [_, _, height, width] = input.dims();
        let [_, _, kernel_height, kernel_width] = self.weight.dims();
        let [vertical, horizontal] = self.stride;
        let padding = [
            amount(self.padding, height, kernel_height, vertical, self.dilation),
            amount(self.padding, width, kernel_width, horizontal, self.dilation),
        ];
        let dilation = [self.dilation; 2];
        let options = ConvOptions::new_with_padding(self.stride, padding, dilation, self.groups);
        conv2d(input, self.weight.val(), None, options)
    }
}

/// A pooling. Padding is never part of the result.
#[derive(Module, Debug)]
pub(crate) struct Pool {
    #[module(skip)]
    kind: PoolKind,
    kernel: usize,
    stride: usize,
    #[module(skip)]
    padding: Padding,
}

impl Pool {
    const fn new(plan: &PoolPlan) -> Self {
        Self {
            kind: plan.kind,
            kernel: plan.kernel,
            stride: plan.stride,
            padding: plan.padding,
        }
    }

    /// # Shapes
    /// - input: `[batch, channels, height, width]`
    /// - output: `[batch, channels, height, width]`, by [`Padding::output`]
    #[must_use]
    pub(super) fn forward(&self, input: Tensor<4>) -> Tensor<4> {
        let [_, _, height, width] = input.dims();
        let padding =
            [height, width].map(|size| amount(self.padding, size, self.kernel, self.stride, 1));
        if kernels::accelerates(&input) && self.padding == Padding::Same {
            let window = Window::same(height, width, self.kernel, self.stride, 1);
            return match self.kind {
                PoolKind::Average => kernels::pool(input, window, Take::Average),
                PoolKind::Max => kernels::pool(input, window, Take::Max),
                PoolKind::Min => kernels::pool(input.neg(), window, Take::Max).neg(),
            };
        }
        let window = [self.kernel; 2];
        let mut max = MaxPoolOptions::new(window);
        max.stride = [self.stride; 2];
        max.padding = padding;
        match self.kind {
            PoolKind::Average => {
                let mut average = AvgPoolOptions::new(window);
                average.stride = [self.stride; 2];
                average.padding = padding;
                average.count_include_pad = false;
                avg_pool2d(input, average)
            }
            PoolKind::Max => max_pool2d(input, max),
            PoolKind::Min => max_pool2d(input.neg(), max).neg(),
        }
    }
}

/// See [`LayerPlan::FactorizedReduction`].
#[derive(Module, Debug)]
pub(crate) struct FactorizedReduction {
    first: Convolution,
    second: Convolution,
    norm: BatchNorm,
}

impl FactorizedReduction {
    fn new(
        input: usize,
        output: usize,
        config: &NetworkConfig,
        rng: &mut dyn Rng,
        device: &Device,
    ) -> Self {
        let mut path = |output| {
            let plan = ConvolutionPlan {
                input,
                output,
                kernel: [1, 1],
                stride: [2, 2],
                dilation: 1,
                groups: 1,
                padding: Padding::Same,
            };
            Convolution::new(&plan, rng, device)
        };
        Self {
            first: path(output / 2),
            second: path(output - output / 2),
            norm: batch_norm(output, config, device),
        }
    }

    /// The reduction of the input, or of its ReLU.
    ///
    /// # Shapes
    /// - input: `[batch, input, height, width]`
    /// - output: `[batch, output, ceil(height / 2), ceil(width / 2)]`
    #[must_use]
    pub(super) fn forward(&self, input: Tensor<4>, relu: bool) -> Tensor<4> {
        let [batch, channels, height, width] = input.dims();
        // A row and a column of zeros at the end, the first ones dropped.
        let shifted = input.clone().pad((0, 1, 0, 1), 0.0).slice([
            0..batch,
            0..channels,
            1..height + 1,
            1..width + 1,
        ]);
        let paths = vec![
            self.first.forward(input, relu),
            self.second.forward(shifted, relu),
        ];
        normalise(&self.norm, Tensor::cat(paths, 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_odd_width_is_split_into_95_equals_47_plus_48() {
        let config = NetworkConfig::cifar(1, 190);
        let mut rng = crate::randomness::stream(0, 0);
        let reduction = FactorizedReduction::new(4, 95, &config, &mut rng, &Device::flex());
        assert_eq!(reduction.first.weight.dims(), [47, 4, 1, 1]);
        assert_eq!(reduction.second.weight.dims(), [48, 4, 1, 1]);
        let output = reduction.forward(Tensor::ones([1, 4, 5, 6], &Device::flex()), false);
        assert_eq!(output.dims(), [1, 95, 3, 3]);
    }

    #[test]
    fn same_padding_is_tensorflow_s() {
        assert_eq!(same_padding(8, 3, 1, 1), (1, 1));
        assert_eq!(same_padding(8, 3, 2, 1), (0, 1));
        assert_eq!(same_padding(7, 3, 2, 1), (1, 1));
        assert_eq!(same_padding(8, 2, 1, 1), (0, 1));
        assert_eq!(same_padding(8, 7, 2, 1), (2, 3));
        assert_eq!(same_padding(8, 5, 1, 2), (4, 4));
        assert_eq!(same_padding(1, 3, 2, 1), (1, 1));
        assert_eq!(same_padding(8, 1, 2, 1), (0, 0));
    }
}
