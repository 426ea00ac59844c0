//! The precision in which a network computes.

#[cfg(feature = "burn")]
use burn::tensor::{Device, FloatDType, Tensor};
#[cfg(feature = "burn")]
use evonas_kernels::Products;
use serde::{Deserialize, Serialize};

#[cfg(feature = "burn")]
use super::error::NetworkError;

/// The precision in which a network computes. Weights, their gradients and updates, the statistics of batch norm, the sums
/// inside an operation, the classifier and the loss are in single precision whatever is chosen.
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
    /// Eight bits of precision with the range of single precision, for GPUs that multiply such numbers faster. Hidden states
    /// and the gradients by them are stored in it, in half as many bytes; dense convolutions multiply weights rounded to it.
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

    /// How convolutions compute their products; of hidden states in bfloat16 there is one way.
    pub(super) const fn products(self) -> Products {
        match self {
            Self::Float32 | Self::BFloat16 => Products::Single,
            Self::Tf32 => Products::Tf32,
        }
    }

    /// The type in which hidden states of images in single precision are stored.
    pub(super) const fn stored_type(self) -> FloatDType {
        match self {
            Self::Float32 | Self::Tf32 => FloatDType::F32,
            Self::BFloat16 => FloatDType::BF16,
        }
    }

    /// Images in the type in which hidden states are stored.
    pub(super) fn stored(self, images: Tensor<4>) -> Tensor<4> {
        match self {
            Self::Float32 | Self::Tf32 => images,
            Self::BFloat16 => images.cast(self.stored_type()),
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
