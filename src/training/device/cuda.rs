//! CUDA devices.

use super::{DeviceError, Devices};

/// A CUDA device by its number, or all.
#[cfg(feature = "cuda")]
pub(super) fn open(number: Option<usize>) -> Result<Devices, DeviceError> {
    use burn::tensor::{Device, DeviceType};

    use crate::panics::caught;

    // Without a driver the first operation panics in a thread of the runtime's own, so look first:
    // the device files of Linux, of WSL, and the library of Windows.
    let driver = [
        "/dev/nvidiactl",
        "/dev/dxg",
        r"C:\Windows\System32\nvcuda.dll",
    ];
    if !driver
        .iter()
        .any(|path| std::path::Path::new(path).exists())
    {
        return Err(DeviceError::NoDriver);
    }
    let available = caught(|| Device::enumerate(DeviceType::Cuda).len()).map_err(|reason| {
        DeviceError::Failed {
            device: "CUDA",
            reason,
        }
    })?;
    let numbers = match number {
        None if available > 0 => 0..available,
        Some(number) if number < available => number..number + 1,
        _ => {
            return Err(DeviceError::NoSuchDevice {
                number: number.unwrap_or(0),
                available,
            });
        }
    };
    Ok(Devices {
        devices: numbers
            .map(|number| (format!("cuda:{number}"), Device::cuda(number)))
            .collect(),
        not_cuda: None,
    })
}

#[cfg(not(feature = "cuda"))]
pub(super) const fn open(_number: Option<usize>) -> Result<Devices, DeviceError> {
    Err(DeviceError::NotBuilt {
        device: "CUDA",
        feature: "cuda",
    })
}
