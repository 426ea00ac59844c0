//! Why a network can't be built.

use std::fmt;

use crate::figure::figure as number;
use crate::spaces::nasnet::Operation;

/// Why a network can't be planned or built.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum NetworkError {
    /// A count is 0.
    #[error("the {figure} is 0; it must be at least 1")]
    Zero {
        /// The name of the count.
        figure: &'static str,
    },
    /// A count is larger than any network needs.
    #[error("the {figure} is {value}; at most {most} are supported")]
    TooLarge {
        /// The name of the count.
        figure: &'static str,
        /// Its value.
        value: usize,
        /// The largest supported value.
        most: usize,
    },
    /// The network has too many parameters to be built.
    #[error("the network has {parameters} parameters; at most {most} can be built")]
    TooManyParameters {
        /// The number of parameters.
        parameters: u64,
        /// The largest supported number.
        most: u64,
    },
    /// A real number is out of range.
    #[error("the {figure} is {}; it must be {allowed}", number(*value))]
    OutOfRange {
        /// The name of the setting.
        figure: &'static str,
        /// Its value.
        value: f64,
        /// The allowed values.
        allowed: &'static str,
    },
    /// The device doesn't compute in this precision.
    #[error(
        "{device} doesn't compute in bfloat16; choose float32, or a device that has it (CUDA from compute capability 8.0 on)"
    )]
    NoBFloat16 {
        /// The device.
        device: String,
    },
    /// A cell has too few filters for one of its layers.
    #[error(
        "{filters} filters (F) are too few for this genotype: {narrow}; the smallest F that works is {smallest}"
    )]
    TooFewFilters {
        /// `F`.
        filters: usize,
        /// The layer that would have no channel.
        narrow: NarrowLayer,
        /// The smallest `F` that works.
        smallest: usize,
    },
    /// The image is too small for the network.
    #[error(
        "images of {height}x{width} pixels (height x width) are too small for the {part}; the smallest side that works is {smallest}"
    )]
    ImageTooSmall {
        /// The image's height.
        height: usize,
        /// The image's width.
        width: usize,
        /// The part of the network that it is too small for.
        part: &'static str,
        /// The smallest side that works.
        smallest: usize,
    },
}

/// A layer that would have no channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NarrowLayer {
    /// Inside a bottleneck an operation works at a fraction of the cell's filters.
    Bottleneck {
        /// The operation.
        operation: Operation,
        /// The index of the cell, counting the stem's.
        cell: usize,
        /// Its filters.
        filters: usize,
    },
    /// Each of a factorized reduction's two paths yields half of the filters.
    FactorizedReduction {
        /// The index of the cell, counting the stem's.
        cell: usize,
        /// Its filters.
        filters: usize,
    },
    /// A stem cell has `F / 4` or `F / 2` filters, rounded down.
    StemCell {
        /// The index of the cell.
        cell: usize,
    },
}

impl fmt::Display for NarrowLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bottleneck {
                operation,
                cell,
                filters,
            } => write!(
                f,
                "{operation} in cell {cell}, of {filters} filters, would have a bottleneck without channels"
            ),
            Self::FactorizedReduction { cell, filters } => write!(
                f,
                "a factorized reduction in cell {cell}, of {filters} filters, needs one for each of its two paths"
            ),
            Self::StemCell { cell } => write!(f, "cell {cell}, in the stem, would have no filters"),
        }
    }
}
