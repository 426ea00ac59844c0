//! Own operations for devices that CubeCL compiles for (CUDA, WGSL), with their gradients.
//!
//! A cell network has little but depthwise convolutions and batch norms of small images, some hundred of
//! each. Burn tunes its grouped convolution anew for every shape, and a weight's gradient there is a sum
//! over the whole batch in one thread; its batch norm is a dozen operations and twice as many for the
//! way back, each to be launched. These kernels have nothing to tune, are few, and spread each sum over
//! many threads, in an order that depends on sizes alone.

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
