//! Opens devices by name, and says why one is missing.

mod cuda;
mod wgpu;

use std::fmt;
use std::str::FromStr;

use burn::tensor::Device;

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

/// Why a device can't be opened.
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
        /// The feature of the crate that adds it.
        feature: &'static str,
    },
    /// The machine has no NVIDIA driver.
    #[error("no NVIDIA driver was found on this machine; install it, or choose the device cpu")]
    NoDriver,
    /// There is a driver, but it offers no device.
    #[error(
        "there is an NVIDIA driver but no CUDA device: its library libcuda can't be loaded, or no card is visible"
    )]
    NoDevice,
    /// The library of functions that CUDA kernels call is missing.
    #[error(
        "nvvm/libdevice/libdevice.10.bc of the CUDA toolkit was not found: set CUDA_PATH to a folder that holds it (it comes with the toolkit, and with the Python package nvidia-cuda-nvcc-cu12)"
    )]
    NoLibdevice,
    /// The machine has fewer devices.
    #[error("there is no CUDA device {number}; this machine has {available}, counted from 0")]
    NoSuchDevice {
        /// The number asked for.
        number: usize,
        /// The number of devices there are.
        available: usize,
    },
    /// The machine has no graphics device.
    #[error("no graphics device with a Vulkan, Metal or DirectX driver was found on this machine")]
    NoGraphicsDevice,
    /// The backend failed to start.
    #[error("{device} doesn't start: {reason}")]
    Failed {
        /// The device.
        device: &'static str,
        /// The backend's message.
        reason: String,
    },
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

/// The devices of a name, at least one.
///
/// Displayed as `cpu`, `cuda:0, cuda:1` or `cpu (not CUDA: …)`, which tells a user what was chosen and why.
#[derive(Clone, Debug)]
pub struct Devices {
    devices: Vec<(String, Device)>,
    not_cuda: Option<DeviceError>,
}

impl Devices {
    fn one(name: &str, device: Device) -> Self {
        Self {
            devices: vec![(name.to_owned(), device)],
            not_cuda: None,
        }
    }

    /// The first device.
    #[must_use]
    pub fn first(&self) -> Device {
        self.devices[0].1.clone()
    }

    /// Drops all devices but the first.
    #[must_use]
    pub fn only_first(mut self) -> Self {
        self.devices.truncate(1);
        self
    }

    /// All devices.
    #[must_use]
    pub fn all(&self) -> Vec<Device> {
        let devices = self.devices.iter();
        devices.map(|(_, device)| device.clone()).collect()
    }

    /// The number of devices.
    #[must_use]
    pub fn count(&self) -> usize {
        self.devices.len()
    }

    /// Whether the device is the CPU.
    #[must_use]
    pub fn is_cpu(&self) -> bool {
        self.devices[0].0 == "cpu"
    }

    /// Why [`DeviceName::Auto`] chose the CPU over CUDA. `None` for every other name, and with CUDA.
    #[must_use]
    pub const fn not_cuda(&self) -> Option<&DeviceError> {
        self.not_cuda.as_ref()
    }
}

impl fmt::Display for Devices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.devices.iter().map(|(name, _)| name.as_str()).collect();
        f.write_str(&names.join(", "))?;
        match &self.not_cuda {
            Some(reason) => write!(f, " (not CUDA: {reason})"),
            None => Ok(()),
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

/// The number of devices that a backend has. Looking for them panics on some machines.
#[cfg(any(feature = "cuda", feature = "wgpu"))]
fn count(device: &'static str, kind: burn::tensor::DeviceType) -> Result<usize, DeviceError> {
    std::panic::catch_unwind(|| Device::enumerate(kind).len()).map_err(|payload| {
        let message = payload.downcast_ref::<String>().map(String::as_str);
        let message = message.or_else(|| payload.downcast_ref::<&str>().copied());
        DeviceError::Failed {
            device,
            reason: message
                .unwrap_or("it panicked without a message")
                .to_owned(),
        }
    })
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
