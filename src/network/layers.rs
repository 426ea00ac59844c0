//! Layers without weights, and the operations as sequences of them.

use crate::spaces::nasnet::Operation;

/// One layer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LayerPlan {
    /// max(0, x).
    Relu,
    /// A convolution without bias, padded as TensorFlow's SAME.
    Convolution(ConvolutionPlan),
    /// Batch norm with scale and shift.
    BatchNorm {
        /// Channels in and out.
        channels: usize,
    },
    /// Pooling, padded as TensorFlow's SAME; the padding is never part of the result.
    Pool {
        /// Which.
        kind: PoolKind,
        /// Height and width of the window.
        kernel: usize,
        /// Step in both directions.
        stride: usize,
    },
    /// Halves height and width by two strided 1x1 convolutions, the second shifted by one pixel,
    /// that make half of the channels each, and one batch norm.
    FactorizedReduction {
        /// Channels in.
        input: usize,
        /// Channels out: `output / 2` from the first path, the rest from the second.
        output: usize,
    },
}

/// The shape of a convolution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConvolutionPlan {
    /// Channels in.
    pub input: usize,
    /// Channels out.
    pub output: usize,
    /// Height and width of the kernel.
    pub kernel: [usize; 2],
    /// Vertical and horizontal step.
    pub stride: [usize; 2],
    /// Distance between neighbouring kernel elements.
    pub dilation: usize,
    /// Groups of channels: 1, or `input` for a depthwise convolution.
    pub groups: usize,
}

/// What a pooling takes of its window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PoolKind {
    /// The mean.
    Average,
    /// The largest value.
    Max,
    /// The smallest value.
    Min,
}

/// A convolution of all channels.
pub(super) const fn convolution(
    input: usize,
    output: usize,
    kernel: [usize; 2],
    stride: [usize; 2],
    dilation: usize,
) -> LayerPlan {
    LayerPlan::Convolution(ConvolutionPlan {
        input,
        output,
        kernel,
        stride,
        dilation,
        groups: 1,
    })
}

/// A 1x1 convolution and batch norm.
pub(super) fn project(input: usize, output: usize, stride: usize) -> Vec<LayerPlan> {
    vec![
        convolution(input, output, [1, 1], [stride, stride], 1),
        LayerPlan::BatchNorm { channels: output },
    ]
}

/// ReLU, a 1x1 convolution and batch norm.
pub(super) fn relu_project(input: usize, output: usize, stride: usize) -> Vec<LayerPlan> {
    let mut layers = vec![LayerPlan::Relu];
    layers.extend(project(input, output, stride));
    layers
}

/// An operation from `input` channels to `filters`, with a stride.
pub(super) fn operation(
    operation: Operation,
    input: usize,
    filters: usize,
    stride: usize,
) -> Vec<LayerPlan> {
    let separable = |kernel, dilation| separable(input, filters, kernel, stride, dilation);
    let dilated = |dilation| {
        let kernels = [([3, 3], [stride, stride])];
        bottleneck(input, filters, filters / 4, &kernels, dilation)
    };
    let factorized = |kernel, width| {
        let kernels = [([1, kernel], [1, stride]), ([kernel, 1], [stride, 1])];
        bottleneck(input, filters, width, &kernels, 1)
    };
    let pool = |kind, kernel| pool(kind, kernel, input, filters, stride);
    match operation {
        Operation::Identity if stride == 1 && input == filters => Vec::new(),
        Operation::Identity | Operation::Conv1x1 => relu_project(input, filters, stride),
        Operation::Conv3x3 => dilated(1),
        Operation::Dilated2Conv3x3 => dilated(2),
        Operation::Dilated4Conv3x3 => dilated(4),
        Operation::Dilated6Conv3x3 => dilated(6),
        Operation::Separable3x3 => separable(3, 1),
        Operation::Separable5x5 => separable(5, 1),
        Operation::Separable7x7 => separable(7, 1),
        Operation::DilatedSeparable3x3 => separable(3, 2),
        Operation::DilatedSeparable5x5 => separable(5, 2),
        Operation::DilatedSeparable7x7 => separable(7, 2),
        Operation::Conv1x3Then3x1 => factorized(3, 3 * filters / 8),
        Operation::Conv1x7Then7x1 => factorized(7, filters / 4),
        Operation::AveragePool2x2 => pool(PoolKind::Average, 2),
        Operation::AveragePool3x3 => pool(PoolKind::Average, 3),
        Operation::MaxPool2x2 => pool(PoolKind::Max, 2),
        Operation::MaxPool3x3 => pool(PoolKind::Max, 3),
        Operation::MinPool2x2 => pool(PoolKind::Min, 2),
    }
}

/// ReLU, depthwise, pointwise, batch norm: twice, the stride and the change of width in the first.
fn separable(
    input: usize,
    filters: usize,
    kernel: usize,
    stride: usize,
    dilation: usize,
) -> Vec<LayerPlan> {
    let mut layers = Vec::new();
    for (input, stride) in [(input, stride), (filters, 1)] {
        layers.extend([
            LayerPlan::Relu,
            LayerPlan::Convolution(ConvolutionPlan {
                input,
                output: input,
                kernel: [kernel, kernel],
                stride: [stride, stride],
                dilation,
                groups: input,
            }),
        ]);
        layers.extend(project(input, filters, 1));
    }
    layers
}

/// ReLU-convolution-batch-norm for each kernel, at `width` channels between two 1x1 convolutions;
/// without these if `width` is 0.
fn bottleneck(
    input: usize,
    filters: usize,
    width: usize,
    kernels: &[([usize; 2], [usize; 2])],
    dilation: usize,
) -> Vec<LayerPlan> {
    let (mut layers, mut channels, inner) = if width == 0 {
        (Vec::new(), input, filters)
    } else {
        (relu_project(input, width, 1), width, width)
    };
    for &(kernel, stride) in kernels {
        layers.extend([
            LayerPlan::Relu,
            convolution(channels, inner, kernel, stride, dilation),
            LayerPlan::BatchNorm { channels: inner },
        ]);
        channels = inner;
    }
    if width != 0 {
        layers.extend(relu_project(width, filters, 1));
    }
    layers
}

fn pool(
    kind: PoolKind,
    kernel: usize,
    input: usize,
    filters: usize,
    stride: usize,
) -> Vec<LayerPlan> {
    let mut layers = vec![LayerPlan::Pool {
        kind,
        kernel,
        stride,
    }];
    if input != filters {
        layers.extend(project(input, filters, 1));
    }
    layers
}
