//! Devices by name.

use std::fmt;
use std::str::FromStr;

use burn::tensor::Device;

/// The name of a device: `auto`, `cpu`, `cuda`, `cuda:1` or `wgpu`.
///
/// `auto` is the first CUDA device where the build and the machine have one, else the CPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum DeviceName {
    /// CUDA if there is one, else the CPU.
    #[default]
    Auto,
    /// Burn's Flex backend.
    Cpu,
    /// A CUDA device by its number.
    Cuda(usize),
    /// Burn's portable GPU backend, its default device.
    Wgpu,
}

/// A device that isn't there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DeviceError {
    /// No device has this name.
    #[error("'{0}' is not a device; choose auto, cpu, cuda, cuda:N or wgpu")]
    UnknownName(String),
    /// The program was built without this backend.
    #[error("this program was built without {device}; build it with --features {feature}")]
    NotBuilt {
        /// The device.
        device: &'static str,
        /// The crate's feature.
        feature: &'static str,
    },
    /// The machine has no NVIDIA driver.
    #[error("no NVIDIA driver was found on this machine; install it, or choose the device cpu")]
    NoDriver,
}

impl FromStr for DeviceName {
    type Err = DeviceError;

    fn from_str(name: &str) -> Result<Self, DeviceError> {
        match name {
            "auto" => Ok(Self::Auto),
            "cpu" => Ok(Self::Cpu),
            "cuda" => Ok(Self::Cuda(0)),
            "wgpu" => Ok(Self::Wgpu),
            _ => name
                .strip_prefix("cuda:")
                .and_then(|number| number.parse().ok())
                .map(Self::Cuda)
                .ok_or_else(|| DeviceError::UnknownName(name.to_owned())),
        }
    }
}

impl fmt::Display for DeviceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.pad("auto"),
            Self::Cpu => f.pad("cpu"),
            Self::Cuda(number) => write!(f, "cuda:{number}"),
            Self::Wgpu => f.pad("wgpu"),
        }
    }
}

impl DeviceName {
    /// The device of this name.
    ///
    /// # Errors
    /// [`DeviceError`] if the build or the machine doesn't have it.
    pub fn open(self) -> Result<Device, DeviceError> {
        match self {
            Self::Auto => Ok(cuda(0).unwrap_or_else(|_| Device::flex())),
            Self::Cpu => Ok(Device::flex()),
            Self::Cuda(number) => cuda(number),
            Self::Wgpu => wgpu(),
        }
    }
}

#[cfg(feature = "cuda")]
fn cuda(number: usize) -> Result<Device, DeviceError> {
    // Without a driver the first operation panics in a thread of the runtime's own, so look first:
    // the device files of Linux, of WSL, and the library of Windows.
    let driver = [
        "/dev/nvidiactl",
        "/dev/dxg",
        r"C:\Windows\System32\nvcuda.dll",
    ];
    if driver
        .iter()
        .any(|path| std::path::Path::new(path).exists())
    {
        Ok(Device::cuda(number))
    } else {
        Err(DeviceError::NoDriver)
    }
}

#[cfg(not(feature = "cuda"))]
const fn cuda(_number: usize) -> Result<Device, DeviceError> {
    Err(DeviceError::NotBuilt {
        device: "CUDA",
        feature: "cuda",
    })
}

#[cfg(feature = "wgpu")]
fn wgpu() -> Result<Device, DeviceError> {
    Ok(Device::wgpu(burn::tensor::DeviceKind::DefaultDevice))
}

#[cfg(not(feature = "wgpu"))]
const fn wgpu() -> Result<Device, DeviceError> {
    Err(DeviceError::NotBuilt {
        device: "WGPU",
        feature: "wgpu",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_parse_back_and_unknown_ones_are_refused() {
        for name in ["auto", "cpu", "cuda:0", "cuda:3", "wgpu"] {
            assert_eq!(name.parse::<DeviceName>().unwrap().to_string(), name);
        }
        for name in ["gpu", "cuda:", "cuda:x", ""] {
            assert_eq!(
                name.parse::<DeviceName>(),
                Err(DeviceError::UnknownName(name.to_owned()))
            );
        }
    }

    #[cfg(not(feature = "cuda"))]
    #[test]
    fn a_backend_that_is_not_built_names_its_feature() {
        let error = DeviceName::Cuda(0).open().unwrap_err();
        assert!(error.to_string().contains("--features cuda"));
    }
}
