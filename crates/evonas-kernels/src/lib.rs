//! The operations of cell networks (NASNet, AmoebaNet) as Burn operations with gradients, fast on every
//! device.
//!
//! A network hands its images to [`HiddenState::enter`], applies operations, and gets a tensor back from
//! [`HiddenState::leave`] or [`HiddenState::flatten`]. The operations are
//!
//! - [`Unit`]: ReLU, a depthwise convolution, a dense convolution and batch norm in one pass,
//! - [`HiddenState::pool`]: average, max and min pooling,
//! - [`FactorizedPaths`]: the two convolutions that halve height and width,
//! - [`Normalized::sum`]: two batch norms and the sum of their outputs,
//! - [`HiddenState::concatenate`], [`HiddenState::global_average_pool`], the sum of two states, and
//!   [`HiddenState::multiply`] for dropout and drop path.
//!
//! Each has one signature for all devices. What runs is decided here alone: vector kernels on the CPU in
//! single precision, CubeCL kernels on CUDA and WGPU in single or half precision, Burn's operations
//! elsewhere. The order in which a hidden state's values are stored follows from that and stays private
//! too. [`DeviceName`] opens devices by name.
//!
//! ```
//! use burn::tensor::{Device, Tensor};
//! use evonas_kernels::{BatchNorm, Convolution, HiddenState, Pooling, Products, Unit, Window};
//!
//! let device = Device::flex();
//! let norm = BatchNorm::new(16, &device);
//! let state = HiddenState::enter(Tensor::ones([2, 8, 12, 12], &device));
//!
//! // A 3x3 convolution that keeps height and width, between ReLU and batch norm.
//! let window = Window {
//!     kernel: [3, 3],
//!     before: [1, 1],
//!     ..Window::pixel(state.size())
//! };
//! let unit = Unit {
//!     relu: true,
//!     dense: Some(Convolution {
//!         weight: Tensor::ones([16, 8, 3, 3], &device).into(),
//!         window,
//!         products: Products::Single,
//!     }),
//!     norm: Some(&norm),
//!     ..Unit::default()
//! };
//! let state = unit.forward(state);
//! let state = state.clone() + state.pool(Pooling::Max, window);
//! assert_eq!(state.leave().dims(), [2, 16, 12, 12]);
//! ```

#![deny(unsafe_code)]
// docs.rs says of each item which feature it needs.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod batch_norm;
mod composed;
mod convolution;
mod cpu;
#[cfg(any(feature = "cuda", feature = "wgpu"))]
mod cube;
mod device;
mod epilogue;
mod hidden_state;
mod loss;
mod normalized;
mod operations;
mod pooling;
mod recording;
mod reduction;
#[cfg(test)]
mod tests;
mod unit;
mod unit_shape;
mod update;
mod weight;
mod window;

pub use batch_norm::{BatchNorm, RunningStatistic};
pub use convolution::{Convolution, Products};
pub use device::{DeviceError, DeviceName, Devices};
pub use epilogue::Epilogue;
pub use hidden_state::HiddenState;
pub use loss::ClassifierLoss;
pub use normalized::Normalized;
pub use pooling::Pooling;
pub use recording::{RecordedStep, RecordingError, StepPlace, StepRecorder, StepShape, StepTensor};
pub use reduction::FactorizedPaths;
pub use unit::Unit;
pub use update::{
    Clipping, ParameterUpdate, UpdateRule, UpdatedParameter, blend_together, update_together,
    updates_together,
};
pub use weight::{Weight, round_together};
pub use window::Window;

use burn::tensor::{Device, FloatDType};

/// A part of a tensor that begins at a multiple of this many values of four bytes can be read on every device without
/// being copied.
pub const PART_ALIGNMENT: usize = 128;

/// Whether tensors of this device are computed by this machine's cores, in threads of Rayon's current pool.
#[must_use]
pub fn runs_on_cpu(device: &Device) -> bool {
    cpu::run_on(device)
}

/// Whether the hidden states on this device can be stored in bfloat16. The CPU's kernels know single precision only.
#[must_use]
pub fn supports_bfloat16(device: &Device) -> bool {
    !cpu::run_on(device) && device.supports_dtype(FloatDType::BF16)
}
