//! Convolutions without bias.

use burn::module::{Module, Param};
use burn::tensor::module::conv2d;
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Device, Tensor};
use rand::Rng;

use crate::kernels::Window;
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

impl Convolution {
    pub(super) fn new(plan: &ConvolutionPlan, rng: &mut dyn Rng, device: &Device) -> Self {
        Self {
            weight: initial_weights::convolution(plan, rng, device),
            stride: plan.stride,
            dilation: plan.dilation,
            groups: plan.groups,
            padding: plan.padding,
        }
    }

    /// Whether it takes every channel by itself. With one channel it is a dense one as well.
    pub(super) fn is_depthwise(&self) -> bool {
        self.groups > 1
    }

    /// Whether it is 1x1 with stride 1.
    pub(super) fn is_single_pixel(&self) -> bool {
        let [_, _, height, width] = self.weight.dims();
        [height, width] == [1, 1] && self.stride == [1, 1]
    }

    /// How it moves over images of this height and width.
    pub(super) fn window(&self, [height, width]: [usize; 2]) -> Window {
        let [_, _, kernel_height, kernel_width] = self.weight.dims();
        let kernel = [kernel_height, kernel_width];
        let along = |axis: usize, size: usize| {
            let (kernel, stride) = (kernel[axis], self.stride[axis]);
            let (before, _) = self.padding.amount(size, kernel, stride, self.dilation);
            (before as isize, self.padding.output(size, kernel, stride))
        };
        let [(top, out_height), (left, out_width)] = [along(0, height), along(1, width)];
        Window {
            height,
            width,
            kernel,
            stride: self.stride,
            dilation: self.dilation,
            before: [top, left],
            out_height,
            out_width,
        }
    }

    /// The convolution by Burn's own operation.
    ///
    /// # Shapes
    /// - input: `[batch, input, height, width]`
    /// - output: `[batch, output, height, width]`, by [`Padding::output`]
    pub(super) fn compose(&self, input: Tensor<4>) -> Tensor<4> {
        let [_, _, height, width] = input.dims();
        let [_, _, kernel_height, kernel_width] = self.weight.dims();
        let [vertical, horizontal] = self.stride;
        let amount =
            |size, kernel, stride| self.padding.amount(size, kernel, stride, self.dilation);
        let padding = [
            amount(height, kernel_height, vertical),
            amount(width, kernel_width, horizontal),
        ];
        let dilation = [self.dilation; 2];
        let options = ConvOptions::new_with_padding(self.stride, padding, dilation, self.groups);
        conv2d(input, self.weight.val(), None, options)
    }
}
