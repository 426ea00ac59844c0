//! Pooling.

use burn::module::Module;
use burn::tensor::Tensor;
use burn::tensor::module::{avg_pool2d, max_pool2d};
use burn::tensor::ops::{AvgPoolOptions, MaxPoolOptions};

use crate::network::layout::Layout;
use crate::network::{Padding, PoolKind, PoolPlan};
use evonas_kernels::cpu::{self as kernels, Take, Window};

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
    /// Hidden states, as [`Layout::of`] says; the output's size by [`Padding::output`].
    #[must_use]
    pub(super) fn forward(&self, input: Tensor<4>) -> Tensor<4> {
        let size = Layout::size(&input);
        let padding = size.map(|size| self.padding.amount(size, self.kernel, self.stride, 1));
        match Layout::of(&input) {
            Layout::ChannelsFirst => self.compose(input, padding),
            Layout::ChannelsLast => {
                let [(top, _), (left, _)] = padding;
                let [height, width] = size;
                let output = |size| self.padding.output(size, self.kernel, self.stride);
                let window = Window {
                    height,
                    width,
                    kernel: [self.kernel; 2],
                    stride: [self.stride; 2],
                    dilation: 1,
                    before: [top as isize, left as isize],
                    out_height: output(height),
                    out_width: output(width),
                };
                let take = match self.kind {
                    PoolKind::Average => Take::Average,
                    PoolKind::Max => Take::Max,
                    PoolKind::Min => Take::Min,
                };
                kernels::pool(input, window, take)
            }
        }
    }

    /// By Burn's operations.
    fn compose(&self, input: Tensor<4>, padding: [(usize, usize); 2]) -> Tensor<4> {
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
