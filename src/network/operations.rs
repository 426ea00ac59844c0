//! What each operation becomes: a sequence of layers.

use super::layers::{ConvolutionPlan, LayerPlan, PoolKind, PoolPlan};
use super::padding::Padding;
use crate::spaces::nasnet::Operation;

/// A dense convolution with SAME padding.
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
        padding: Padding::Same,
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

/// The width of an operation's bottleneck, between its two 1x1 convolutions: a quarter of the filters,
/// or three eighths for 1x3-3x1, rounded down. `None` for operations without a bottleneck.
pub(super) const fn bottleneck_width(operation: Operation, filters: usize) -> Option<usize> {
    match operation {
        Operation::Conv3x3
        | Operation::Dilated2Conv3x3
        | Operation::Dilated4Conv3x3
        | Operation::Dilated6Conv3x3
        | Operation::Conv1x7Then7x1 => Some(filters / 4),
        Operation::Conv1x3Then3x1 => Some(3 * filters / 8),
        _ => None,
    }
}

/// The layers of an operation from `input` channels to `filters`. Its bottleneck, if it has one, must be
/// at least 1 wide.
pub(super) fn operation(
    operation: Operation,
    input: usize,
    filters: usize,
    stride: usize,
) -> Vec<LayerPlan> {
    let separable = |kernel, dilation| separable(input, filters, kernel, stride, dilation);
    let width = bottleneck_width(operation, filters).unwrap_or(filters);
    let dilated = |dilation| {
        let kernels = [([3, 3], [stride, stride])];
        bottleneck(input, filters, width, &kernels, dilation)
    };
    let factorized = |kernel| {
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
        Operation::Conv1x3Then3x1 => factorized(3),
        Operation::Conv1x7Then7x1 => factorized(7),
        Operation::AveragePool2x2 => pool(PoolKind::Average, 2),
        Operation::AveragePool3x3 => pool(PoolKind::Average, 3),
        Operation::MaxPool2x2 => pool(PoolKind::Max, 2),
        Operation::MaxPool3x3 => pool(PoolKind::Max, 3),
        Operation::MinPool2x2 => pool(PoolKind::Min, 2),
    }
}

/// ReLU, depthwise and pointwise convolution, batch norm, all twice. The first half has the stride and
/// changes the number of channels.
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
                padding: Padding::Same,
            }),
        ]);
        layers.extend(project(input, filters, 1));
    }
    layers
}

/// ReLU, convolution and batch norm for each kernel, on `width` channels between two 1x1 convolutions.
fn bottleneck(
    input: usize,
    filters: usize,
    width: usize,
    kernels: &[([usize; 2], [usize; 2])],
    dilation: usize,
) -> Vec<LayerPlan> {
    let mut layers = relu_project(input, width, 1);
    for &(kernel, stride) in kernels {
        layers.extend([
            LayerPlan::Relu,
            convolution(width, width, kernel, stride, dilation),
            LayerPlan::BatchNorm { channels: width },
        ]);
    }
    layers.extend(relu_project(width, filters, 1));
    layers
}

fn pool(
    kind: PoolKind,
    kernel: usize,
    input: usize,
    filters: usize,
    stride: usize,
) -> Vec<LayerPlan> {
    let mut layers = vec![LayerPlan::Pool(PoolPlan {
        kind,
        kernel,
        stride,
        padding: Padding::Same,
    })];
    if input != filters {
        layers.extend(project(input, filters, 1));
    }
    layers
}
