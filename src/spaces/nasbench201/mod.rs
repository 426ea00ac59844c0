//! The topology space of NAS-Bench-201 and NATS-Bench (Dong and Yang 2020; Dong et al. 2021): cells of
//! four nodes with one of five operations on each of the six edges, 15,625 cells in all.

mod canonical;
mod crossover;
mod mutation;
mod operation;
mod text;

pub use crossover::EdgeCrossover;
pub use mutation::{ReplaceInNode, ReplaceOperation};
pub use operation::EdgeOperation;
pub use text::CellTextError;

use rand::{Rng, RngExt};
use serde_json::Value;

use crate::description;
use crate::space::{CategoricalSpace, SearchSpace};

/// The number of edges of a cell.
pub const EDGES: usize = 6;

/// The number of cells.
pub const CELLS: usize = 15_625;

/// The edges in the official order, as (from, to): 1<-0, 2<-0, 2<-1, 3<-0, 3<-1, 3<-2. Node 0 is the
/// cell's input, node 3 its output; nodes 1 to 3 sum the operations on their incoming edges.
pub const EDGE_ENDS: [(usize, usize); EDGES] = [(0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3)];

/// A cell: an operation for each edge, in the order of [`EDGE_ENDS`].
///
/// Its text and JSON forms are the official string, such as
/// `|nor_conv_3x3~0|+|none~0|skip_connect~1|+|avg_pool_3x3~0|none~1|nor_conv_1x1~2|`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NasBench201Cell {
    /// The operations.
    pub operations: [EdgeOperation; EDGES],
}

impl NasBench201Cell {
    /// The cell as a number from 0 to [`CELLS`] - 1, whose base-5 digits are the operations, that of
    /// the first edge the most significant. This is not the official index, which only a table knows.
    #[must_use]
    pub fn code(self) -> usize {
        self.operations.iter().fold(0, |code, &operation| {
            code * EdgeOperation::ALL.len() + operation as usize
        })
    }

    /// The cell with this [code](Self::code); `None` if there is no such cell.
    #[must_use]
    pub fn from_code(code: usize) -> Option<Self> {
        if code >= CELLS {
            return None;
        }
        let mut rest = code;
        let mut operations = [EdgeOperation::None; EDGES];
        for operation in operations.iter_mut().rev() {
            *operation = EdgeOperation::ALL[rest % EdgeOperation::ALL.len()];
            rest /= EdgeOperation::ALL.len();
        }
        Some(Self { operations })
    }

    /// Every cell, in the order of [`NasBench201Cell::code`].
    pub fn all() -> impl Iterator<Item = Self> {
        (0..CELLS).filter_map(Self::from_code)
    }
}

/// The space of all cells, drawn uniformly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NasBench201Space;

impl SearchSpace for NasBench201Space {
    type Genotype = NasBench201Cell;

    fn sample(&self, rng: &mut dyn Rng) -> NasBench201Cell {
        NasBench201Cell {
            operations: [(); EDGES].map(|()| {
                let place = rng.random_range(0..EdgeOperation::ALL.len());
                EdgeOperation::ALL[place]
            }),
        }
    }

    fn describe(&self) -> Value {
        description::named("NasBench201Space", &())
    }
}

impl CategoricalSpace for NasBench201Space {
    fn alternative_counts(&self) -> Vec<usize> {
        vec![EdgeOperation::ALL.len(); EDGES]
    }

    fn encode(&self, genotype: &NasBench201Cell) -> Vec<usize> {
        genotype
            .operations
            .iter()
            .map(|&operation| operation as usize)
            .collect()
    }

    fn decode(&self, choices: &[usize]) -> NasBench201Cell {
        let mut operations = [EdgeOperation::None; EDGES];
        assert_eq!(choices.len(), EDGES, "a cell has {EDGES} edges");
        for (operation, &choice) in operations.iter_mut().zip(choices) {
            *operation = EdgeOperation::ALL[choice];
        }
        NasBench201Cell { operations }
    }
}
