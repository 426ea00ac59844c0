//! Own operations for devices that CubeCL compiles for (CUDA, WGSL), with their gradients.
//!
//! Burn's grouped convolution is tuned anew for every shape, and its weight gradient is a convolution
//! whose every output adds up a whole batch in one thread. A cell network has little else: some hundred
//! depthwise convolutions of small images. These kernels have nothing to tune and spread each sum over
//! many threads; the results don't depend on how many.

mod depthwise;
mod operations;

pub(crate) use operations::{depthwise, run_on};
