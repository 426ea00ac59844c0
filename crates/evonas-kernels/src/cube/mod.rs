//! CubeCL kernels for GPUs (CUDA, WGSL), with their gradients.
//!
//! A cell network consists mostly of depthwise convolutions and batch norms of small images, a few hundred of
//! each. Burn tunes its grouped convolution for every shape, and computes each weight's gradient as a sum over
//! the whole batch in one thread; its batch norm launches a dozen operations, and twice as many in the
//! backward pass. These kernels need no tuning, are few, and spread each sum over many threads, in an order that
//! depends on sizes alone.

mod batch_norm;
mod depthwise;
mod fold;
mod launch;

pub(crate) use batch_norm::batch_norm;
pub(crate) use depthwise::depthwise;

use burn::backend::DispatchDevice;
use burn::tensor::Device;

/// Whether the kernels run on this device.
pub(crate) fn run_on(device: &Device) -> bool {
    matches!(
        device.clone().inner().as_dispatch(),
        DispatchDevice::Cube(_)
    )
}
