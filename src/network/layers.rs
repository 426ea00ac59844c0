//! The plan of one layer: its kind and shape, without weights.

use std::fmt;

use super::config::ImageShape;
use super::drop_path::DropPath;
use super::padding::{Padding, WindowAxis};

/// The plan of one layer.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum LayerPlan {
    /// max(0, x).
    Relu,
    /// A convolution without bias.
    Convolution(ConvolutionPlan),
    /// Batch norm with scale and shift.
    BatchNorm {
        /// Channels in and out.
        channels: usize,
    },
    /// Pooling. Padding never contributes to the result.
    Pool(PoolPlan),
    /// Halves height and width by two strided 1x1 convolutions, the second shifted by one pixel, each
    /// of which yields half of the channels, and one batch norm.
    FactorizedReduction {
        /// Channels in.
        input: usize,
        /// Channels out: `output / 2` from the first path, the rest from the second.
        output: usize,
    },
    /// The mean over height and width.
    GlobalAveragePool,
    /// Sets random values to 0 in training.
    Dropout {
        /// The share of values set to 0.
        share: f64,
    },
    /// Sets the whole output of an operation to 0 for random examples in training.
    DropPath {
        /// The probabilities.
        drop_path: DropPath,
        /// The index of the cell, counting the stem's.
        cell: usize,
        /// The number of cells.
        cells: usize,
    },
    /// A matrix and a bias, applied to all values of an example together.
    Linear {
        /// Values in.
        input: usize,
        /// Values out.
        output: usize,
    },
}

/// The plan of a convolution without bias.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConvolutionPlan {
    /// Channels in.
    pub input: usize,
    /// Channels out.
    pub output: usize,
    /// Height and width of the kernel.
    pub kernel: [usize; 2],
    /// Vertical and horizontal stride.
    pub stride: [usize; 2],
    /// The distance between neighboring kernel elements; 1 without gaps.
    pub dilation: usize,
    /// The number of channel groups: 1, or `input` for a depthwise convolution.
    pub groups: usize,
    /// The padding around the image.
    pub padding: Padding,
}

/// The plan of a pooling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolPlan {
    /// What it takes from its window.
    pub kind: PoolKind,
    /// Height and width of the window.
    pub kernel: usize,
    /// The stride in both directions.
    pub stride: usize,
    /// The padding around the image.
    pub padding: Padding,
}

/// What a pooling takes from its window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PoolKind {
    /// The mean.
    Average,
    /// The largest value.
    Max,
    /// The smallest value.
    Min,
}

impl ConvolutionPlan {
    /// Axis 0, vertical, or 1, horizontal, of an image of `size` pixels along it.
    pub(crate) const fn axis(&self, axis: usize, size: usize) -> WindowAxis {
        WindowAxis {
            size,
            kernel: self.kernel[axis],
            stride: self.stride[axis],
            dilation: self.dilation,
        }
    }

    /// Whether every channel has a kernel of its own. With one channel a convolution counts as dense.
    #[cfg(feature = "burn")]
    pub(super) const fn is_depthwise(&self) -> bool {
        self.groups > 1
    }

    /// Whether it is 1x1 with stride 1.
    #[cfg(feature = "burn")]
    pub(super) fn is_single_pixel(&self) -> bool {
        self.kernel == [1, 1] && self.stride == [1, 1]
    }
}

impl PoolPlan {
    /// Either axis of an image of `size` pixels along it.
    pub(crate) const fn axis(&self, size: usize) -> WindowAxis {
        WindowAxis {
            size,
            kernel: self.kernel,
            stride: self.stride,
            dilation: 1,
        }
    }
}

impl LayerPlan {
    /// The shape of its output for an input of this shape.
    #[must_use]
    pub const fn output(&self, input: ImageShape) -> ImageShape {
        let ImageShape {
            channels,
            height,
            width,
        } = input;
        match self {
            Self::Relu | Self::BatchNorm { .. } | Self::Dropout { .. } | Self::DropPath { .. } => {
                input
            }
            Self::Convolution(plan) => ImageShape {
                channels: plan.output,
                height: plan.padding.output(plan.axis(0, height)),
                width: plan.padding.output(plan.axis(1, width)),
            },
            Self::Pool(plan) => ImageShape {
                channels,
                height: plan.padding.output(plan.axis(height)),
                width: plan.padding.output(plan.axis(width)),
            },
            Self::FactorizedReduction { output, .. } => ImageShape {
                channels: *output,
                height: height.div_ceil(2),
                width: width.div_ceil(2),
            },
            Self::GlobalAveragePool => ImageShape {
                channels,
                height: 1,
                width: 1,
            },
            Self::Linear { output, .. } => ImageShape {
                channels: *output,
                height: 1,
                width: 1,
            },
        }
    }
}

impl fmt::Display for LayerPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::Relu => "ReLU".to_owned(),
            Self::Convolution(plan) => plan.to_string(),
            Self::BatchNorm { .. } => "batch norm".to_owned(),
            Self::Pool(plan) => plan.to_string(),
            Self::FactorizedReduction { .. } => "factorized reduction, stride 2".to_owned(),
            Self::GlobalAveragePool => "global average pooling".to_owned(),
            Self::Dropout { share } => format!("dropout {share}"),
            Self::DropPath { drop_path, .. } => {
                format!("drop path, keeping {}", drop_path.keep_probability)
            }
            Self::Linear { .. } => "linear".to_owned(),
        };
        f.pad(&text)
    }
}

impl fmt::Display for ConvolutionPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.groups > 1 { "depthwise " } else { "" };
        write!(f, "{kind}{}x{} convolution", self.kernel[0], self.kernel[1])?;
        match self.stride {
            [1, 1] => {}
            [vertical, horizontal] if vertical == horizontal => write!(f, ", stride {vertical}")?,
            [vertical, horizontal] => write!(f, ", stride {vertical}x{horizontal}")?,
        }
        if self.dilation > 1 {
            write!(f, ", dilation {}", self.dilation)?;
        }
        self.padding.describe(f)
    }
}

impl fmt::Display for PoolPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            PoolKind::Average => "average",
            PoolKind::Max => "max",
            PoolKind::Min => "min",
        };
        write!(f, "{0}x{0} {kind} pooling", self.kernel)?;
        if self.stride > 1 {
            write!(f, ", stride {}", self.stride)?;
        }
        self.padding.describe(f)
    }
}
