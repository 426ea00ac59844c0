//! The genotype of the NASNet space: a normal and a reduction cell.

use super::cell::{Branch, Cell, PairwiseCombination};
use super::cell_kind::CellKind;
use super::operation::Operation;

/// A genotype of the NASNet space: a normal cell and a reduction cell.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NasnetGenotype {
    /// The normal cell, whose output has the size of its input.
    pub normal: Cell,
    /// The reduction cell, which halves height and width: operations on states 0 and 1 have stride 2.
    pub reduction: Cell,
}

impl NasnetGenotype {
    /// A genotype of two cells.
    #[must_use]
    pub const fn new(normal: Cell, reduction: Cell) -> Self {
        Self { normal, reduction }
    }

    /// A genotype that applies a single operation throughout: to both inputs of each cell, and to the
    /// state computed from them. For tests and timings of an operation.
    #[must_use]
    pub fn of_operation(operation: Operation) -> Self {
        let pair = |left, right| {
            PairwiseCombination::new(Branch::new(operation, left), Branch::new(operation, right))
        };
        let cell = Cell::new(vec![pair(0, 1), pair(2, 1)], None)
            .expect("each pair reads earlier states, and there is no concat list");
        Self::new(cell.clone(), cell)
    }

    /// One of the two cells.
    #[must_use]
    pub const fn cell(&self, kind: CellKind) -> &Cell {
        match kind {
            CellKind::Normal => &self.normal,
            CellKind::Reduction => &self.reduction,
        }
    }

    pub(crate) const fn cell_mut(&mut self, kind: CellKind) -> &mut Cell {
        match kind {
            CellKind::Normal => &mut self.normal,
            CellKind::Reduction => &mut self.reduction,
        }
    }

    /// The same pairs without explicit concat lists: both cells follow the paper's rule.
    #[must_use]
    pub fn with_derived_concat(self) -> Self {
        Self {
            normal: self.normal.with_derived_concat(),
            reduction: self.reduction.with_derived_concat(),
        }
    }

    /// Describes both cells in words, one combination per line.
    #[must_use]
    pub fn in_words(&self) -> String {
        use std::fmt::Write as _;
        let mut text = String::new();
        for kind in [CellKind::Normal, CellKind::Reduction] {
            let cell = self.cell(kind);
            let _ = writeln!(
                text,
                "{kind} cell (state 0: previous cell, state 1: the one before)"
            );
            for (pair, PairwiseCombination { left, right }) in cell.pairs().iter().enumerate() {
                let _ = writeln!(
                    text,
                    "  state {} = {} of state {} + {} of state {}",
                    pair + 2,
                    left.operation.description(),
                    left.state,
                    right.operation.description(),
                    right.state
                );
            }
            let states: Vec<_> = cell.concat().iter().map(ToString::to_string).collect();
            let _ = writeln!(
                text,
                "  output = concatenation of states {}",
                states.join(", ")
            );
        }
        text
    }
}
