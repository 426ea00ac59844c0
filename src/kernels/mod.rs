//! Operations of cell networks on the CPU, with their gradients; see `README.md` in this folder.
//!
//! [`accelerates`] says for which tensors these take the place of Burn's own operations. The results
//! are the same up to rounding, and don't depend on the number of threads.

// Loops over indices of several arrays at once, and slices with their sizes, are what a kernel is.
#![allow(clippy::needless_range_loop, clippy::too_many_arguments)]

mod batch_norm;
mod depthwise;
mod operations;
mod plane;
mod pointwise;
mod pool;
mod primitives;
mod vector;

#[cfg(test)]
mod tests;

pub(crate) use operations::{accelerates, batch_norm_train, depthwise, pointwise, pool};
pub(crate) use plane::Window;
pub(crate) use pool::Take;
