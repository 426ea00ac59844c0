//! Networks that can't be.

use crate::spaces::nasnet::Operation;

/// A network that can't be.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum NetworkError {
    /// A count is zero.
    #[error("the {figure} is 0; it must be at least 1")]
    Zero {
        /// Which count.
        figure: &'static str,
    },
    /// A count is beyond what any network has.
    #[error("the {figure} is {value}; at most {most} are supported")]
    TooLarge {
        /// Which count.
        figure: &'static str,
        /// Its value.
        value: usize,
        /// The bound.
        most: usize,
    },
    /// The network has more parameters than one can build.
    #[error("the network has {parameters} parameters; at most {most} can be built")]
    TooManyParameters {
        /// Its parameters.
        parameters: u64,
        /// The bound.
        most: u64,
    },
    /// A real figure is out of range.
    #[error("the {figure} is {value}; it must be {allowed}")]
    OutOfRange {
        /// Which figure.
        figure: &'static str,
        /// Its value.
        value: f64,
        /// What it may be.
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
        /// What gets no channel.
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
        /// What it is too small for.
        part: &'static str,
        /// The smallest side that works.
        smallest: usize,
    },
}

/// A layer that would have no channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NarrowLayer {
    /// A bottlenecked operation works at a share of the cell's filters.
    #[error("{operation} in cell {cell}, of {filters} filters, would have a bottleneck of none")]
    Bottleneck {
        /// The operation.
        operation: Operation,
        /// The cell, counted from 0 with the stem's cells.
        cell: usize,
        /// Its filters.
        filters: usize,
    },
    /// A factorized reduction makes half of the filters on each of two paths.
    #[error(
        "a factorized reduction in cell {cell}, of {filters} filters, needs one for each of its two paths"
    )]
    FactorizedReduction {
        /// The cell, counted from 0 with the stem's cells.
        cell: usize,
        /// Its filters.
        filters: usize,
    },
    /// A stem cell has `F / 4` or `F / 2` filters, rounded down.
    #[error("cell {cell}, in the stem, would have none")]
    StemCell {
        /// The cell, counted from 0.
        cell: usize,
    },
}
