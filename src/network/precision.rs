//! What a network's convolutions compute in.

#[cfg(feature = "burn")]
use burn::tensor::{Device, FloatDType};
use serde::{Deserialize, Serialize};

#[cfg(feature = "burn")]
use evonas_kernels::cpu as kernels;

/// What a network's convolutions compute in. Weights, batch norm and all else are single precision
/// either way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// Single precision.
    #[default]
    Float32,
    /// Eight bits of precision with the range of single precision, for devices that multiply them
    /// faster: inputs and weights of convolutions are rounded to it, and so are the gradients that
    /// come back. Not on the CPU.
    BFloat16,
}

#[cfg(feature = "burn")]
impl Precision {
    /// Whether networks on this device can compute in it. The CPU's own kernels compute in single
    /// precision only.
    #[must_use]
    pub fn supported_by(self, device: &Device) -> bool {
        match self {
            Self::Float32 => true,
            Self::BFloat16 => !kernels::run_on(device) && device.supports_dtype(FloatDType::BF16),
        }
    }
}
