//! The plan of one cell.

use crate::network::layers::LayerPlan;
use crate::spaces::nasnet::{CellKind, Operation};

/// The plan of one cell.
#[derive(Clone, Debug, PartialEq)]
pub struct CellPlan {
    /// Normal or reduction.
    pub kind: CellKind,
    /// Its filters.
    pub filters: usize,
    /// The two outputs it reads, the previous one and the one before: 0 is the stem's convolution,
    /// `i + 1` is cell `i`.
    pub inputs: [usize; 2],
    /// Computes state 0 from the previous output.
    pub base: Vec<LayerPlan>,
    /// Computes state 1 from the output before; empty if it is used unchanged.
    pub align: Vec<LayerPlan>,
    /// The branches, two for each pair in turn.
    pub branches: Vec<BranchPlan>,
    /// The parts that the output concatenates.
    pub concat: Vec<ConcatPlan>,
}

/// The plan of one branch of a cell.
#[derive(Clone, Debug, PartialEq)]
pub struct BranchPlan {
    /// The state it reads.
    pub state: usize,
    /// The operation.
    pub operation: Operation,
    /// Its layers; empty for an identity that changes nothing.
    pub layers: Vec<LayerPlan>,
}

/// The plan of one part of a cell's output.
#[derive(Clone, Debug, PartialEq)]
pub struct ConcatPlan {
    /// The state.
    pub state: usize,
    /// The layers that adapt it to the others' size and channels; empty if they match already.
    pub layers: Vec<LayerPlan>,
}
