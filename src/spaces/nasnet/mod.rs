//! The NASNet cell space of Zoph et al. 2018 and Real et al. 2018.

mod genotype;
mod operation;
pub mod published;
mod text;

pub use genotype::{
    Branch, Cell, CellKind, InvalidCell, InvalidGenotype, NasnetGenotype, PairwiseCombination,
};
pub use operation::{Operation, UnknownOperation};
