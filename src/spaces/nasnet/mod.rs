//! The NASNet cell space of Zoph et al. 2018 and Real et al. 2018.
//!
//! ```
//! use evonas::spaces::nasnet::{NasnetGenotype, NasnetSpace, published};
//!
//! let genotype = published::amoebanet_a();
//! let text = genotype.to_string();
//! assert_eq!(text.parse::<NasnetGenotype>()?, genotype);
//! # Ok::<(), evonas::spaces::nasnet::NasnetError>(())
//! ```

mod canonical;
mod categorical;
mod cell;
mod cell_kind;
mod crossover;
mod error;
mod genotype;
mod json;
mod labeling;
mod mutation;
mod operation;
pub mod published;
mod space;
mod text;

pub use cell::{Branch, Cell, PairwiseCombination};
pub use cell_kind::CellKind;
pub use crossover::PairCrossover;
pub use error::NasnetError;
pub use genotype::NasnetGenotype;
pub use mutation::{HiddenStateMutation, OperationMutation};
pub use operation::Operation;
pub use space::NasnetSpace;
