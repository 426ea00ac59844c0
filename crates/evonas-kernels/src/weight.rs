//! Weights of convolutions.

use burn::tensor::{FloatDType, Tensor};

/// The weight of a convolution, in single precision.
#[derive(Clone, Debug)]
pub struct Weight {
    pub(crate) values: Tensor<4>,
    /// The values in half precision, without autodiff.
    pub(crate) rounded: Option<Tensor<4>>,
}

impl From<Tensor<4>> for Weight {
    fn from(values: Tensor<4>) -> Self {
        Self {
            values,
            rounded: None,
        }
    }
}

impl Weight {
    /// `[outputs, channels, kernel height, kernel width]`; of a depthwise convolution `[channels, 1, kernel height,
    /// kernel width]`.
    #[must_use]
    pub fn dims(&self) -> [usize; 4] {
        self.values.dims()
    }

    /// The values, and the rounded ones if there are any.
    pub(crate) fn split(weight: Option<Self>) -> [Option<Tensor<4>>; 2] {
        match weight {
            Some(weight) => [Some(weight.values), weight.rounded],
            None => [None, None],
        }
    }
}

/// Weights of dense convolutions, rounded to the type of the hidden states that they are for, in few launches on devices
/// where that takes one. Those that weren't are rounded one by one where they are used; gradients are those of the
/// weights either way.
#[must_use]
pub fn round_together(weights: Vec<Tensor<4>>, dtype: FloatDType) -> Vec<Weight> {
    #[cfg(any(feature = "cuda", feature = "wgpu"))]
    if let Some(first) = weights.first()
        && crate::cube::run_on(&first.device())
        && dtype != FloatDType::F32
    {
        use crate::cube::{round, tensor_of, values_of};

        let values = weights.iter().cloned().map(Tensor::without_autodiff);
        let rounded = round(values.map(values_of).collect(), dtype.into());
        return weights
            .into_iter()
            .zip(rounded)
            .map(|(values, rounded)| Weight {
                values,
                rounded: Some(tensor_of(rounded)),
            })
            .collect();
    }
    let _ = dtype;
    weights.into_iter().map(Weight::from).collect()
}
