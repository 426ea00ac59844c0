//! Drawings of cells, as in the figures of the paper: operations as boxes, hidden states above them.

mod coordinates;
mod dot;
mod error;
mod graph;
mod labels;
mod layers;
mod layout;
mod scene;
mod svg;
#[cfg(test)]
mod tests;
mod text_width;

pub use dot::genotype_dot;
pub use error::CellDrawingError;
pub use svg::{cell_svg, genotype_svg};

pub(super) use coordinates::spaced;
pub(super) use labels::label;
pub(super) use svg::{STYLE, cell_image};
pub(super) use text_width::text_width;

/// The most pairwise combinations of a cell that can be drawn.
pub const MOST_DRAWN_PAIRS: usize = 100;
