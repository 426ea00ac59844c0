//! One convolution of a unit.

use burn::tensor::Tensor;

use crate::window::Window;

/// A convolution without bias.
#[derive(Clone, Debug)]
pub struct Convolution {
    /// `[outputs, channels, kernel height, kernel width]`; of a depthwise convolution
    /// `[channels, 1, kernel height, kernel width]`.
    pub weight: Tensor<4>,
    /// How it moves over its input.
    pub window: Window,
    /// How its products are computed, if it is dense: a depthwise convolution multiplies little and reads much, and the
    /// kernels always compute it in single precision.
    pub products: Products,
}

/// How the products of a dense convolution are computed. Its output is in single precision either way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Products {
    /// In single precision.
    #[default]
    Single,
    /// Input, weight and the gradients that flow back may be rounded to TF32, which has ten bits after the point, where
    /// the device multiplies such numbers faster (CUDA from compute capability 8.0 on) and tuning finds that it pays.
    Tf32,
    /// Input, weight and the gradients that flow back are rounded to bfloat16, except for products with so long an inner
    /// dimension that splitting it matters more: gradients by weights. Only for devices that
    /// [support it](crate::supports_bfloat16): the CPU's kernels ignore it.
    BFloat16,
}
