//! Opens devices by name, and says why one is missing.

#[cfg(any(feature = "cuda", feature = "wgpu"))]
mod count;
mod cuda;
mod devices;
mod error;
mod name;
mod wgpu;

pub use devices::Devices;
pub use error::DeviceError;
pub use name::DeviceName;
