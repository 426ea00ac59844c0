//! ReLU, depthwise convolution, dense convolution and batch norm as one pass over the images.
//!
//! The rows that a dense convolution multiplies stay in buffers of a few images, so that only the input and
//! the output pass through memory. The backward pass computes the rows again.

mod backward;
mod forward;
mod group;
mod plan;

pub(super) use backward::{Backwards, FollowingNorm, backward};
pub(super) use forward::forward;
pub(super) use plan::{Plan, WeightSlices};
