//! Convolutions without bias.

use burn::module::{Module, Param};
use burn::tensor::module::conv2d;
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Device, Tensor, activation, s};
use rand::Rng;

use crate::kernels::{self, Window};
use crate::network::{ConvolutionPlan, Padding, initial_weights};

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
        let [_, _, height, width] = input.dims();
        let [_, _, kernel_height, kernel_width] = self.weight.dims();
        let [vertical, horizontal] = self.stride;
        let amount =
            |size, kernel, stride| self.padding.amount(size, kernel, stride, self.dilation);
        let padding = [
            amount(height, kernel_height, vertical),
            amount(width, kernel_width, horizontal),
        ];
        if kernels::accelerates(&input) {
            let output = |size, kernel, stride| self.padding.output(size, kernel, stride);
            match self.shape() {
                Shape::Depthwise { kernel, stride } => {
                    let window = Window {
                        height,
                        width,
                        kernel,
                        stride,
                        dilation: self.dilation,
                        top: padding[0].0,
                        left: padding[1].0,
                        out_height: output(height, kernel, stride),
                        out_width: output(width, kernel, stride),
                    };
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
        let dilation = [self.dilation; 2];
        let options = ConvOptions::new_with_padding(self.stride, padding, dilation, self.groups);
        conv2d(input, self.weight.val(), None, options)
    }
}
