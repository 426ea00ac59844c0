//! CubeCL kernels for GPUs (CUDA, WGSL), with their gradients.
//!
//! Hidden states and the gradients by them are stored in single or half precision; everything is computed in single
//! precision, and statistics, weights and the gradients by weights are stored in it.
//!
//! A cell network consists of a few hundred small operations, so what a step costs is mostly the number of
//! launches. A unit (ReLU, depthwise and dense convolution, batch norm) takes four in the forward pass and six
//! in the backward pass: the ReLU is part of the kernel that reads the image, dense convolutions are matrix
//! products, and batch norm takes two each way. Images keep the channels of a pixel together, and
//! neighboring threads work on neighboring channels. All sums have an order that depends on sizes alone, except for
//! the matrix products of CUDA, whose tuning chooses among several.

mod backend;
mod concatenate;
mod cross_entropy;
mod depthwise;
mod launch;
mod matrix;
mod norm;
mod optional;
mod patches;
mod place;
mod pool;
mod recording;
mod rounding;
#[cfg(feature = "cuda")]
mod tuned;
mod unit;
mod update;
mod whole;

pub(crate) use backend::{run_on, tensor_of, values_of};
pub(crate) use cross_entropy::{Loss, cross_entropy, cross_entropy_gradient};
pub(crate) use launch::is_stored;
pub(crate) use recording::{
    Recorded, Recorder, any_values_of, can_be_replaced, copied, replace, with_values,
};
pub(crate) use rounding::round;
pub(crate) use update::{Parameter, blend, update};
