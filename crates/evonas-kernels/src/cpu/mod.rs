//! Operations of cell networks on the CPU, with their gradients; see `README.md` in this folder.
//!
//! [`accelerates`] says for which tensors these take the place of Burn's own operations. The results
//! are the same up to rounding, and don't depend on the number of threads.

// Loops over indices of several arrays at once, and slices with their sizes, are what a kernel is.
#![allow(clippy::needless_range_loop, clippy::too_many_arguments)]

mod channels;
mod concatenate;
mod depthwise;
mod flat;
mod matrix;
mod norm;
mod operations;
mod patches;
mod pool;
mod primitives;
mod recycled;
mod scratch;
mod target;
mod tasks;
mod unit;
mod vector;
mod window;

#[cfg(test)]
mod tests;

pub use operations::{
    BatchNormOutput, accelerates, concatenate, convolve, normalise, pool, run_on, scaled,
};
pub use pool::Take;
pub use unit::{Rows, Unit};
pub use window::Window;
