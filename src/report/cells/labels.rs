//! Short labels, and colors of operations.

use crate::spaces::nasnet::Operation;

/// The operation as the figures of the field label it: "sep 3x3".
pub(in crate::report) const fn label(operation: Operation) -> &'static str {
    match operation {
        Operation::Identity => "identity",
        Operation::Conv1x1 => "conv 1x1",
        Operation::Conv3x3 => "conv 3x3",
        Operation::Separable3x3 => "sep 3x3",
        Operation::Separable5x5 => "sep 5x5",
        Operation::Separable7x7 => "sep 7x7",
        Operation::DilatedSeparable3x3 => "dil sep 3x3",
        Operation::DilatedSeparable5x5 => "dil sep 5x5",
        Operation::DilatedSeparable7x7 => "dil sep 7x7",
        Operation::Dilated2Conv3x3 => "dil 2 conv 3x3",
        Operation::Dilated4Conv3x3 => "dil 4 conv 3x3",
        Operation::Dilated6Conv3x3 => "dil 6 conv 3x3",
        Operation::Conv1x3Then3x1 => "conv 1x3 3x1",
        Operation::Conv1x7Then7x1 => "conv 1x7 7x1",
        Operation::AveragePool2x2 => "avg 2x2",
        Operation::AveragePool3x3 => "avg 3x3",
        Operation::MaxPool2x2 => "max 2x2",
        Operation::MaxPool3x3 => "max 3x3",
        Operation::MinPool2x2 => "min 2x2",
    }
}

pub(super) fn input_label(state: usize) -> String {
    let which = if state == 0 {
        "previous cell"
    } else {
        "cell before it"
    };
    format!("{state}: {which}")
}

pub(super) fn sum_label(state: usize) -> String {
    format!("{state}: sum")
}

pub(super) const OUTPUT_LABEL: &str = "concatenation";

/// What decides a box's color.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    /// An input, a sum or the concatenation.
    State,
    Identity,
    Convolution,
    Separable,
    Pooling,
}

impl Family {
    pub(super) const fn of(operation: Operation) -> Self {
        match operation {
            Operation::Identity => Self::Identity,
            Operation::Separable3x3
            | Operation::Separable5x5
            | Operation::Separable7x7
            | Operation::DilatedSeparable3x3
            | Operation::DilatedSeparable5x5
            | Operation::DilatedSeparable7x7 => Self::Separable,
            Operation::AveragePool2x2
            | Operation::AveragePool3x3
            | Operation::MaxPool2x2
            | Operation::MaxPool3x3
            | Operation::MinPool2x2 => Self::Pooling,
            Operation::Conv1x1
            | Operation::Conv3x3
            | Operation::Dilated2Conv3x3
            | Operation::Dilated4Conv3x3
            | Operation::Dilated6Conv3x3
            | Operation::Conv1x3Then3x1
            | Operation::Conv1x7Then7x1 => Self::Convolution,
        }
    }

    /// The class of its boxes.
    pub(super) const fn class(self) -> &'static str {
        match self {
            Self::State => "state",
            Self::Identity => "identity",
            Self::Convolution => "conv",
            Self::Separable => "sep",
            Self::Pooling => "pool",
        }
    }
}
