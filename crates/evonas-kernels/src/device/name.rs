//! The names of devices, and how they are opened.

use std::fmt;
use std::str::FromStr;

use burn::tensor::Device;

use super::devices::Devices;
use super::error::DeviceError;
use super::{cuda, wgpu};

/// The name of a device: `auto`, `cpu`, `cuda`, `cuda:1` or `wgpu`.
///
/// `auto` is CUDA if this build and this machine have it, and the CPU otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum DeviceName {
    /// CUDA if there is one, the CPU otherwise.
    #[default]
    Auto,
    /// Burn's Flex backend.
    Cpu,
    /// The CUDA device of this number. Without a number, all of them, or the first where one is wanted.
    Cuda(Option<usize>),
    /// The default device of Burn's portable GPU backend.
    Wgpu,
}

impl FromStr for DeviceName {
    type Err = DeviceError;

    fn from_str(name: &str) -> Result<Self, DeviceError> {
        match name {
            "auto" => Ok(Self::Auto),
            "cpu" => Ok(Self::Cpu),
            "cuda" => Ok(Self::Cuda(None)),
            "wgpu" => Ok(Self::Wgpu),
            _ => name
                .strip_prefix("cuda:")
                .and_then(|number| number.parse().ok())
                .map(|number| Self::Cuda(Some(number)))
                .ok_or_else(|| DeviceError::UnknownName(name.to_owned())),
        }
    }
}

impl fmt::Display for DeviceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.pad("auto"),
            Self::Cpu => f.pad("cpu"),
            Self::Cuda(None) => f.pad("cuda"),
            Self::Cuda(Some(number)) => write!(f, "cuda:{number}"),
            Self::Wgpu => f.pad("wgpu"),
        }
    }
}

impl DeviceName {
    /// Opens the device of this name, the first if there are several.
    ///
    /// # Errors
    /// [`DeviceError`] if this build or this machine lacks it.
    pub fn open(self) -> Result<Device, DeviceError> {
        Ok(self.open_all()?.first())
    }

    /// Opens all devices of this name: `cuda` and `auto` mean every CUDA device.
    ///
    /// # Errors
    /// [`DeviceError`] if this build or this machine has none.
    pub fn open_all(self) -> Result<Devices, DeviceError> {
        match self {
            Self::Auto => Ok(cuda::open(None).unwrap_or_else(|reason| Devices {
                not_cuda: Some(reason),
                ..Devices::one("cpu", Device::flex())
            })),
            Self::Cpu => Ok(Devices::one("cpu", Device::flex())),
            Self::Cuda(number) => cuda::open(number),
            Self::Wgpu => wgpu::open(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_parse_back_and_unknown_ones_are_refused() {
        for name in ["auto", "cpu", "cuda", "cuda:0", "cuda:3", "wgpu"] {
            assert_eq!(name.parse::<DeviceName>().unwrap().to_string(), name);
        }
        for name in ["gpu", "cuda:", "cuda:x", "cuda:-1", ""] {
            assert_eq!(
                name.parse::<DeviceName>(),
                Err(DeviceError::UnknownName(name.to_owned()))
            );
        }
    }

    #[test]
    fn the_cpu_is_always_there() {
        let devices = DeviceName::Cpu.open_all().unwrap();
        assert_eq!((devices.count(), devices.is_cpu()), (1, true));
        assert_eq!(devices.to_string(), "cpu");
    }

    #[test]
    fn auto_says_why_it_is_not_cuda() {
        let devices = DeviceName::Auto.open_all().unwrap();
        assert_eq!(devices.is_cpu(), devices.not_cuda().is_some());
        if devices.is_cpu() {
            assert!(devices.to_string().starts_with("cpu (not CUDA: "));
        }
    }

    #[cfg(not(feature = "cuda"))]
    #[test]
    fn a_backend_that_is_not_built_names_its_feature() {
        let error = DeviceName::Cuda(None).open().unwrap_err();
        assert!(error.to_string().contains("--features cuda"));
    }
}
