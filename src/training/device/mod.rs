//! Devices by name.

mod cuda;
mod wgpu;

use std::fmt;
use std::str::FromStr;

use burn::tensor::Device;

/// The name of a device: `auto`, `cpu`, `cuda`, `cuda:1` or `wgpu`.
///
/// `auto` is CUDA where the build and the machine have it, else the CPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum DeviceName {
    /// CUDA if there is one, else the CPU.
    #[default]
    Auto,
    /// Burn's Flex backend.
    Cpu,
    /// A CUDA device by its number; without one all of them, or the first where only one is wanted.
    Cuda(Option<usize>),
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
    /// There is a driver, but no device behind it.
    #[error(
        "there is an NVIDIA driver but no CUDA device: its library libcuda can't be loaded, or no card is visible"
    )]
    NoDevice,
    /// The functions that kernels compiled for CUDA call are missing.
    #[error(
        "nvvm/libdevice/libdevice.10.bc of the CUDA toolkit was not found: set CUDA_PATH to a folder that holds it (it comes with the toolkit, and with the Python package nvidia-cuda-nvcc-cu12)"
    )]
    NoLibdevice,
    /// The machine has fewer devices.
    #[error("there is no CUDA device {number}; this machine has {available}, counted from 0")]
    NoSuchDevice {
        /// The device's number.
        number: usize,
        /// How many there are.
        available: usize,
    },
    /// The machine has no graphics device.
    #[error("no graphics device with a Vulkan, Metal or DirectX driver was found on this machine")]
    NoGraphicsDevice,
    /// The backend doesn't start.
    #[error("{device} doesn't start: {reason}")]
    Failed {
        /// The device.
        device: &'static str,
        /// What the backend says.
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

/// The devices of a name, at least one, and what to tell a user of the choice.
///
/// It is displayed as `cpu`, `cuda:0, cuda:1` or `cpu (not CUDA: …)`.
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

    /// The first.
    #[must_use]
    pub fn first(&self) -> Device {
        self.devices[0].1.clone()
    }

    /// The first alone, for what one device does.
    #[must_use]
    pub fn only_first(mut self) -> Self {
        self.devices.truncate(1);
        self
    }

    /// All of them.
    #[must_use]
    pub fn all(&self) -> Vec<Device> {
        let devices = self.devices.iter();
        devices.map(|(_, device)| device.clone()).collect()
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.devices.len()
    }

    /// Whether they are the CPU.
    #[must_use]
    pub fn is_cpu(&self) -> bool {
        self.devices[0].0 == "cpu"
    }

    /// Why they are not CUDA devices, where [`DeviceName::Auto`] would have taken those.
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
    /// The device of this name; the first, if there are several.
    ///
    /// # Errors
    /// [`DeviceError`] if the build or the machine doesn't have it.
    pub fn open(self) -> Result<Device, DeviceError> {
        Ok(self.open_all()?.first())
    }

    /// All devices of this name, for a search with workers on each: `cuda` and `auto` take every
    /// CUDA device.
    ///
    /// # Errors
    /// [`DeviceError`] if the build or the machine has none.
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
