//! The two kinds of cells.

use std::fmt;

/// One of the two cells of a genotype.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CellKind {
    /// The normal cell.
    Normal,
    /// The reduction cell.
    Reduction,
}

impl fmt::Display for CellKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Normal => "normal",
            Self::Reduction => "reduction",
        })
    }
}
