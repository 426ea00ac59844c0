//! The operations of a cell as Python functions, each of which returns layers.

use crate::spaces::nasnet::Operation;

/// What several operations are made of, by name.
const PARTS: [(&str, &str); 3] = [
    (
        "separable(",
        r#"def separable(channels, filters, stride, kernel, dilation=1):
    """ReLU, depthwise and 1x1 convolution, batch norm; all twice. The first half has the stride."""
    layers = []
    for width, step in ((channels, stride), (filters, 1)):
        layers += [nn.ReLU(), Conv2d(width, width, kernel, step, dilation, groups=width), *project(width, filters)]
    return layers
"#,
    ),
    (
        "bottleneck(",
        r#"def bottleneck(channels, filters, stride, width, kernels, dilation=1):
    """ReLU, convolution and batch norm for each kernel, on few channels between two 1x1 convolutions."""
    layers = relu_project(channels, width)
    for kernel in kernels:
        step = tuple(stride if size > 1 else 1 for size in kernel)
        layers += [nn.ReLU(), Conv2d(width, width, kernel, step, dilation), norm(width)]
    return layers + relu_project(width, filters)
"#,
    ),
    (
        "pool(",
        r#"def pool(channels, filters, stride, kind, kernel):
    """Pooling; then a 1x1 convolution if the number of channels changes."""
    return [Pool2d(kind, kernel, stride), *(project(channels, filters) if channels != filters else [])]
"#,
    ),
];

/// The name of an operation's function, as the paper calls it, and what it returns.
const fn function(operation: Operation) -> (&'static str, &'static str) {
    match operation {
        Operation::Identity => (
            "identity",
            "[] if stride == 1 and channels == filters else relu_project(channels, filters, stride)",
        ),
        Operation::Conv1x1 => ("conv_1x1", "relu_project(channels, filters, stride)"),
        Operation::Conv3x3 => (
            "conv_3x3",
            "bottleneck(channels, filters, stride, filters // 4, [(3, 3)])",
        ),
        Operation::Dilated2Conv3x3 => (
            "dilated_2_conv_3x3",
            "bottleneck(channels, filters, stride, filters // 4, [(3, 3)], dilation=2)",
        ),
        Operation::Dilated4Conv3x3 => (
            "dilated_4_conv_3x3",
            "bottleneck(channels, filters, stride, filters // 4, [(3, 3)], dilation=4)",
        ),
        Operation::Dilated6Conv3x3 => (
            "dilated_6_conv_3x3",
            "bottleneck(channels, filters, stride, filters // 4, [(3, 3)], dilation=6)",
        ),
        Operation::Conv1x3Then3x1 => (
            "conv_1x3_3x1",
            "bottleneck(channels, filters, stride, 3 * filters // 8, [(1, 3), (3, 1)])",
        ),
        Operation::Conv1x7Then7x1 => (
            "conv_1x7_7x1",
            "bottleneck(channels, filters, stride, filters // 4, [(1, 7), (7, 1)])",
        ),
        Operation::Separable3x3 => ("separable_3x3", "separable(channels, filters, stride, 3)"),
        Operation::Separable5x5 => ("separable_5x5", "separable(channels, filters, stride, 5)"),
        Operation::Separable7x7 => ("separable_7x7", "separable(channels, filters, stride, 7)"),
        Operation::DilatedSeparable3x3 => (
            "dilated_separable_3x3",
            "separable(channels, filters, stride, 3, dilation=2)",
        ),
        Operation::DilatedSeparable5x5 => (
            "dilated_separable_5x5",
            "separable(channels, filters, stride, 5, dilation=2)",
        ),
        Operation::DilatedSeparable7x7 => (
            "dilated_separable_7x7",
            "separable(channels, filters, stride, 7, dilation=2)",
        ),
        Operation::AveragePool2x2 => (
            "average_pool_2x2",
            "pool(channels, filters, stride, \"average\", 2)",
        ),
        Operation::AveragePool3x3 => (
            "average_pool_3x3",
            "pool(channels, filters, stride, \"average\", 3)",
        ),
        Operation::MaxPool2x2 => (
            "max_pool_2x2",
            "pool(channels, filters, stride, \"max\", 2)",
        ),
        Operation::MaxPool3x3 => (
            "max_pool_3x3",
            "pool(channels, filters, stride, \"max\", 3)",
        ),
        Operation::MinPool2x2 => (
            "min_pool_2x2",
            "pool(channels, filters, stride, \"min\", 2)",
        ),
    }
}

/// The name of an operation's function.
pub(super) const fn name(operation: Operation) -> &'static str {
    function(operation).0
}

/// The functions of these operations, and what they are made of.
pub(super) fn functions(operations: &[Operation]) -> String {
    let mut functions = String::new();
    for operation in operations {
        let (name, layers) = function(*operation);
        functions += &format!("\n\ndef {name}(channels, filters, stride):\n    return {layers}\n");
    }
    let parts = PARTS
        .iter()
        .filter(|(part, _)| functions.contains(&format!("return {part}")));
    let parts: String = parts.map(|(_, text)| format!("\n\n{text}")).collect();
    parts + &functions
}
