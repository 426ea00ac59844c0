//! The precision of a network's convolutions.

#[cfg(feature = "burn")]
use burn::tensor::Device;
#[cfg(feature = "burn")]
use evonas_kernels::Products;
use serde::{Deserialize, Serialize};

#[cfg(feature = "burn")]
use super::error::NetworkError;

/// The precision of a network's convolutions. Weights, batch norm and everything else are in single
/// precision either way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Precision {
    /// Single precision.
    #[default]
    Float32,
    /// Single precision, but for the products of dense convolutions: their inputs, weights and gradients may be rounded
    /// to TF32, which has the range of single precision and ten bits after the point, where the device multiplies such
    /// numbers faster (CUDA from compute capability 8.0 on). Everywhere else it is single precision.
    Tf32,
    /// Eight bits of precision with the range of single precision, for GPUs that multiply it faster.
    /// The inputs and weights of convolutions are rounded to it, and so are the gradients that flow
    /// back.
    BFloat16,
}

#[cfg(feature = "burn")]
impl Precision {
    /// Whether networks on this device can compute in it. The CPU computes in single precision only.
    #[must_use]
    pub fn supported_by(self, device: &Device) -> bool {
        match self {
            Self::Float32 | Self::Tf32 => true,
            Self::BFloat16 => evonas_kernels::supports_bfloat16(device),
        }
    }

    /// How convolutions compute their products.
    pub(super) const fn products(self) -> Products {
        match self {
            Self::Float32 => Products::Single,
            Self::Tf32 => Products::Tf32,
            Self::BFloat16 => Products::BFloat16,
        }
    }

    /// An error for a device that doesn't compute in it.
    pub(super) fn check(self, device: &Device) -> Result<(), NetworkError> {
        if self.supported_by(device) {
            return Ok(());
        }
        Err(NetworkError::NoBFloat16 {
            device: format!("{:?}", device.clone().inner()),
        })
    }
}
