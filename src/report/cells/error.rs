//! Why a cell can't be drawn.

use super::MOST_DRAWN_PAIRS;

/// Why a cell can't be drawn.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CellDrawingError {
    /// It has too many pairwise combinations for a readable drawing.
    #[error(
        "the cell has {pairs} pairwise combinations, and drawings show at most {MOST_DRAWN_PAIRS}; its DOT form has no limit"
    )]
    TooManyPairs {
        /// How many it has.
        pairs: usize,
    },
}
