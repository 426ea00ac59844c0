//! The devices that a name stands for.

use std::fmt;

use burn::tensor::Device;

use super::error::DeviceError;

/// The devices of a name, at least one.
///
/// Displayed as `cpu`, `cuda:0, cuda:1` or `cpu (not CUDA: …)`, which tells a user what was chosen and why.
#[derive(Clone, Debug)]
pub struct Devices {
    pub(super) devices: Vec<(String, Device)>,
    pub(super) not_cuda: Option<DeviceError>,
}

impl Devices {
    pub(super) fn one(name: &str, device: Device) -> Self {
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

    /// Why [`DeviceName::Auto`](super::DeviceName::Auto) chose the CPU over CUDA. `None` for every other name,
    /// and with CUDA.
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
