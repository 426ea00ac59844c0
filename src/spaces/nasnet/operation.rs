//! The operations that a pairwise combination may apply to a hidden state.

use std::fmt;

/// An operation of the NASNet/AmoebaNet cell space.
///
/// The text and JSON forms of a genotype use the short names ([`Operation::name`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Operation {
    /// The state itself, or a strided 1x1 convolution where the size or number of channels must change.
    Identity,
    /// 1x1 convolution.
    Conv1x1,
    /// 3x3 convolution, bottlenecked to a quarter of the filters.
    Conv3x3,
    /// Separable 3x3 convolution, applied twice.
    Separable3x3,
    /// Separable 5x5 convolution, applied twice.
    Separable5x5,
    /// Separable 7x7 convolution, applied twice.
    Separable7x7,
    /// Separable 3x3 convolution with dilation 2, applied twice.
    DilatedSeparable3x3,
    /// Separable 5x5 convolution with dilation 2, applied twice.
    DilatedSeparable5x5,
    /// Separable 7x7 convolution with dilation 2, applied twice.
    DilatedSeparable7x7,
    /// 3x3 convolution with dilation 2, bottlenecked to a quarter of the filters.
    Dilated2Conv3x3,
    /// 3x3 convolution with dilation 4, bottlenecked to a quarter of the filters.
    Dilated4Conv3x3,
    /// 3x3 convolution with dilation 6, bottlenecked to a quarter of the filters.
    Dilated6Conv3x3,
    /// 1x3 then 3x1 convolution, bottlenecked to three eighths of the filters.
    Conv1x3Then3x1,
    /// 1x7 then 7x1 convolution, bottlenecked to a quarter of the filters.
    Conv1x7Then7x1,
    /// 2x2 average pooling.
    AveragePool2x2,
    /// 3x3 average pooling.
    AveragePool3x3,
    /// 2x2 max pooling.
    MaxPool2x2,
    /// 3x3 max pooling.
    MaxPool3x3,
    /// 2x2 min pooling.
    MinPool2x2,
}

impl Operation {
    /// All operations, in the order of declaration.
    pub const ALL: [Self; 19] = [
        Self::Identity,
        Self::Conv1x1,
        Self::Conv3x3,
        Self::Separable3x3,
        Self::Separable5x5,
        Self::Separable7x7,
        Self::DilatedSeparable3x3,
        Self::DilatedSeparable5x5,
        Self::DilatedSeparable7x7,
        Self::Dilated2Conv3x3,
        Self::Dilated4Conv3x3,
        Self::Dilated6Conv3x3,
        Self::Conv1x3Then3x1,
        Self::Conv1x7Then7x1,
        Self::AveragePool2x2,
        Self::AveragePool3x3,
        Self::MaxPool2x2,
        Self::MaxPool3x3,
        Self::MinPool2x2,
    ];

    /// The eight operations of search space SP-I (Real et al. 2018, "Methods").
    pub const SP_I: [Self; 8] = [
        Self::Identity,
        Self::Separable3x3,
        Self::Separable5x5,
        Self::Separable7x7,
        Self::AveragePool3x3,
        Self::MaxPool3x3,
        Self::DilatedSeparable3x3,
        Self::Conv1x7Then7x1,
    ];

    /// The short name, which [`Operation::from_name`] reads and [`fmt::Display`] writes.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Conv1x1 => "conv1x1",
            Self::Conv3x3 => "conv3x3",
            Self::Separable3x3 => "sep3",
            Self::Separable5x5 => "sep5",
            Self::Separable7x7 => "sep7",
            Self::DilatedSeparable3x3 => "dilsep3",
            Self::DilatedSeparable5x5 => "dilsep5",
            Self::DilatedSeparable7x7 => "dilsep7",
            Self::Dilated2Conv3x3 => "dil2conv3x3",
            Self::Dilated4Conv3x3 => "dil4conv3x3",
            Self::Dilated6Conv3x3 => "dil6conv3x3",
            Self::Conv1x3Then3x1 => "conv1x3_3x1",
            Self::Conv1x7Then7x1 => "conv1x7_7x1",
            Self::AveragePool2x2 => "avg2",
            Self::AveragePool3x3 => "avg3",
            Self::MaxPool2x2 => "max2",
            Self::MaxPool3x3 => "max3",
            Self::MinPool2x2 => "min2",
        }
    }

    /// The operation with this short name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|operation| operation.name() == name)
    }

    /// The operation in words: "separable 3x3 convolution".
    #[must_use]
    pub const fn description(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Conv1x1 => "1x1 convolution",
            Self::Conv3x3 => "3x3 convolution",
            Self::Separable3x3 => "separable 3x3 convolution",
            Self::Separable5x5 => "separable 5x5 convolution",
            Self::Separable7x7 => "separable 7x7 convolution",
            Self::DilatedSeparable3x3 => "dilated separable 3x3 convolution",
            Self::DilatedSeparable5x5 => "dilated separable 5x5 convolution",
            Self::DilatedSeparable7x7 => "dilated separable 7x7 convolution",
            Self::Dilated2Conv3x3 => "3x3 convolution with dilation 2",
            Self::Dilated4Conv3x3 => "3x3 convolution with dilation 4",
            Self::Dilated6Conv3x3 => "3x3 convolution with dilation 6",
            Self::Conv1x3Then3x1 => "1x3 then 3x1 convolution",
            Self::Conv1x7Then7x1 => "1x7 then 7x1 convolution",
            Self::AveragePool2x2 => "2x2 average pooling",
            Self::AveragePool3x3 => "3x3 average pooling",
            Self::MaxPool2x2 => "2x2 max pooling",
            Self::MaxPool3x3 => "3x3 max pooling",
            Self::MinPool2x2 => "2x2 min pooling",
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
