//! Vector kernels for the CPU, with their gradients, in single precision on Burn's Flex backend.
//!
//! Their results equal those of Burn's own operations up to rounding, and don't depend on the number of
//! threads. The crate's README explains how the files fit together.

// Loops over indices of several arrays at once, and slices with their sizes, are what a kernel is.
#![allow(clippy::needless_range_loop, clippy::too_many_arguments)]

mod backend;
mod channels;
mod concatenate;
mod depthwise;
mod flat;
mod matrix;
mod norm;
mod patches;
mod pool;
mod primitives;
mod recycled;
mod scratch;
mod target;
mod tasks;
mod unit;
mod vector;

#[cfg(test)]
mod tests;

pub(crate) use backend::run_on;
