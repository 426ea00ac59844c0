//! Devices of Burn's portable GPU backend.

use super::devices::Devices;
use super::error::DeviceError;

/// The default device.
#[cfg(feature = "wgpu")]
pub(super) fn open() -> Result<Devices, DeviceError> {
    use burn::tensor::{Device, DeviceKind, DeviceType};

    use super::count::count;

    // Without a device the first operation panics, so look first.
    let available = count("WGPU", DeviceType::Wgpu)?;
    if available == 0 {
        return Err(DeviceError::NoGraphicsDevice);
    }
    Ok(Devices::one(
        "wgpu",
        Device::wgpu(DeviceKind::DefaultDevice),
    ))
}

#[cfg(not(feature = "wgpu"))]
pub(super) const fn open() -> Result<Devices, DeviceError> {
    Err(DeviceError::NotBuilt {
        device: "WGPU",
        feature: "wgpu",
    })
}
