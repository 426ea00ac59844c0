//! Why a device can't be opened.

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
    /// The NVIDIA driver can't be loaded.
    #[error(
        "no NVIDIA driver was found on this machine (its library libcuda can't be loaded); install it, or choose the device cpu"
    )]
    NoDriver,
    /// There is a driver, but it offers no device.
    #[error("there is an NVIDIA driver but no CUDA device is visible")]
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
