//! Why a genotype, a cell or a space is invalid.

use super::cell_kind::CellKind;
use super::operation::Operation;
use crate::excerpt::excerpt;

/// Why a genotype, a cell or a space is invalid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NasnetError {
    /// One of the two cells is invalid.
    #[error("{cell} cell: {source}")]
    Cell {
        /// Which cell.
        cell: CellKind,
        /// What is wrong with it.
        source: Box<NasnetError>,
    },
    /// The text doesn't have two cells.
    #[error(
        "a genotype is NORMAL/REDUCTION: two cells separated by a slash, but this text has {0}"
    )]
    CellCount(usize),
    /// The genotype is valid, but not in this space.
    #[error("{cell} cell: {reason}")]
    NotInSpace {
        /// Which cell.
        cell: CellKind,
        /// What the space doesn't allow.
        reason: String,
    },
    /// A space without operations or without pairs.
    #[error(
        "a space needs at least one operation and one pairwise combination, not {operations} and {pairs}"
    )]
    EmptySpace {
        /// The number of operations.
        operations: usize,
        /// The number of pairwise combinations in a cell.
        pairs: usize,
    },
    /// A cell needs at least one pairwise combination.
    #[error("it has no pairwise combination")]
    NoPairs,
    /// A pair reads a state that is computed later.
    #[error(
        "pair {pair} reads state {state}, which is not computed yet; it may read states 0 to {last}"
    )]
    StateNotComputed {
        /// The pair, counted from 0.
        pair: usize,
        /// The state it reads.
        state: usize,
        /// The last state it may read.
        last: usize,
    },
    /// A pair applies an unknown operation.
    #[error(
        "pair {pair}: '{}' is not an operation; choose from {known}",
        excerpt(name),
        known = known_operations()
    )]
    UnknownOperation {
        /// The pair, counted from 0.
        pair: usize,
        /// The unknown name.
        name: String,
    },
    /// A pair's text is malformed.
    #[error(
        "pair {pair}: '{}' should be OPERATION@STATE+OPERATION@STATE",
        excerpt(text)
    )]
    Malformed {
        /// The pair, counted from 0.
        pair: usize,
        /// The malformed text.
        text: String,
    },
    /// An explicit concat list names no state.
    #[error("its concat list is empty")]
    EmptyConcat,
    /// An entry of the concat list is not a number.
    #[error("'{}' in its concat list is not a state number", excerpt(text))]
    MalformedConcat {
        /// The entry.
        text: String,
    },
    /// The concat list names a state that the cell doesn't have.
    #[error("its concat list names state {state}; the last state is {last}")]
    UnknownConcatState {
        /// The state named.
        state: usize,
        /// The last state of the cell.
        last: usize,
    },
    /// The concat list names a state twice.
    #[error("its concat list names state {state} twice")]
    RepeatedConcatState {
        /// The state.
        state: usize,
    },
}

impl NasnetError {
    /// Says which cell of a genotype is invalid.
    pub(super) fn in_cell(self, cell: CellKind) -> Self {
        let source = Box::new(self);
        Self::Cell { cell, source }
    }
}

fn known_operations() -> String {
    Operation::ALL.map(Operation::name).join(", ")
}
