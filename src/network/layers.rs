//! The plan of one layer: its kind and shape, without weights.

use std::fmt;

use super::config::ImageShape;
use super::drop_path::DropPath;

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

/// The padding around an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Padding {
    /// TensorFlow's SAME: the output has the input's size divided by the stride, rounded up. An odd
    /// pixel of padding goes to the end.
    Same,
    /// No padding: windows stay inside the image.
    Valid,
}

impl Padding {
    /// The size of the output along one axis; 0 if no window fits.
    #[must_use]
    pub const fn output(self, size: usize, kernel: usize, stride: usize) -> usize {
        match self {
            Self::Same => size.div_ceil(stride),
            Self::Valid if size < kernel => 0,
            Self::Valid => (size - kernel) / stride + 1,
        }
    }

    /// The padding before and after an image along one axis, in pixels.
    #[must_use]
    pub const fn amount(
        self,
        size: usize,
        kernel: usize,
        stride: usize,
        dilation: usize,
    ) -> (usize, usize) {
        match self {
            Self::Same => {
                let span = (size.div_ceil(stride) - 1) * stride + (kernel - 1) * dilation + 1;
                let total = span.saturating_sub(size);
                (total / 2, total - total / 2)
            }
            Self::Valid => (0, 0),
        }
    }
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
    /// The distance between neighbouring kernel elements; 1 without gaps.
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
                height: plan.padding.output(height, plan.kernel[0], plan.stride[0]),
                width: plan.padding.output(width, plan.kernel[1], plan.stride[1]),
            },
            Self::Pool(plan) => ImageShape {
                channels,
                height: plan.padding.output(height, plan.kernel, plan.stride),
                width: plan.padding.output(width, plan.kernel, plan.stride),
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

impl Padding {
    fn describe(self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Same => Ok(()),
            Self::Valid => f.write_str(", no padding"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_padding_is_tensorflow_s() {
        let same =
            |size, kernel, stride, dilation| Padding::Same.amount(size, kernel, stride, dilation);
        assert_eq!(same(8, 3, 1, 1), (1, 1));
        assert_eq!(same(8, 3, 2, 1), (0, 1));
        assert_eq!(same(7, 3, 2, 1), (1, 1));
        assert_eq!(same(8, 2, 1, 1), (0, 1));
        assert_eq!(same(8, 7, 2, 1), (2, 3));
        assert_eq!(same(8, 5, 1, 2), (4, 4));
        assert_eq!(same(1, 3, 2, 1), (1, 1));
        assert_eq!(same(8, 1, 2, 1), (0, 0));
        assert_eq!(Padding::Valid.amount(8, 5, 3, 1), (0, 0));
    }
}
