//! Pooling.

use burn::module::Module;
use burn::tensor::Tensor;
use burn::tensor::module::{avg_pool2d, max_pool2d};
use burn::tensor::ops::{AvgPoolOptions, MaxPoolOptions};

use crate::kernels::{self, Take, Window};
use crate::network::{Padding, PoolKind, PoolPlan};

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
    pub(super) const fn new(plan: &PoolPlan) -> Self {
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
            [height, width].map(|size| self.padding.amount(size, self.kernel, self.stride, 1));
        if kernels::accelerates(&input) {
            let output = |size| self.padding.output(size, self.kernel, self.stride);
            let window = Window {
                height,
                width,
                kernel: self.kernel,
                stride: self.stride,
                dilation: 1,
                top: padding[0].0,
                left: padding[1].0,
                out_height: output(height),
                out_width: output(width),
            };
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
