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
    /// Whether its input and weight, and the gradients that flow back, are rounded to bfloat16; the output
    /// is single precision either way. Only for devices that
    /// [support it](crate::supports_bfloat16): the CPU's kernels ignore it, and so do the depthwise
    /// convolutions of GPUs, which multiply little and read much.
    pub bfloat16: bool,
}
