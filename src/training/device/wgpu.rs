//! Devices of Burn's portable GPU backend.

use super::{DeviceError, Devices};

/// The default device.
#[cfg(feature = "wgpu")]
pub(super) fn open() -> Result<Devices, DeviceError> {
    use burn::tensor::{Device, DeviceKind, DeviceType};

    use crate::panics::caught;

    // Without one the first operation panics.
    let available = caught(|| Device::enumerate(DeviceType::Wgpu).len()).map_err(|reason| {
        DeviceError::Failed {
            device: "WGPU",
            reason,
        }
    })?;
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
