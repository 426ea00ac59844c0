//! Pooling.

use burn::module::Module;
use evonas_kernels::{Epilogue, HiddenState, Pooling, Window};

use crate::network::layers::{PoolKind, PoolPlan};
use crate::network::padding::{Padding, WindowAxis};

/// A pooling. Padding never contributes to the result.
#[derive(Module, Debug)]
pub(crate) struct PoolLayer {
    #[module(skip)]
    kind: PoolKind,
    kernel: usize,
    stride: usize,
    #[module(skip)]
    padding: Padding,
}

impl PoolLayer {
    pub(super) const fn new(plan: &PoolPlan) -> Self {
        Self {
            kind: plan.kind,
            kernel: plan.kernel,
            stride: plan.stride,
            padding: plan.padding,
        }
    }

    /// The output has the same channels; its height and width follow from [`Padding::output`].
    #[must_use]
    pub(super) fn forward(&self, input: HiddenState, epilogue: Epilogue) -> HiddenState {
        let [height, width] = input.size();
        let along = |size| {
            let axis = WindowAxis {
                size,
                kernel: self.kernel,
                stride: self.stride,
                dilation: 1,
            };
            let (before, _) = self.padding.amount(axis);
            (before as isize, self.padding.output(axis))
        };
        let [(top, out_height), (left, out_width)] = [along(height), along(width)];
        let window = Window {
            height,
            width,
            kernel: [self.kernel; 2],
            stride: [self.stride; 2],
            dilation: 1,
            before: [top, left],
            out_height,
            out_width,
        };
        let pooling = match self.kind {
            PoolKind::Average => Pooling::Average,
            PoolKind::Max => Pooling::Max,
            PoolKind::Min => Pooling::Min,
        };
        input.pool_with(pooling, window, epilogue)
    }
}
