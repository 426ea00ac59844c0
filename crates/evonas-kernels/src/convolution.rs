//! One convolution of a unit.

use crate::weight::Weight;
use crate::window::Window;

/// A convolution without bias.
#[derive(Clone, Debug)]
pub struct Convolution {
    /// `[outputs, channels, kernel height, kernel width]`; of a depthwise convolution
    /// `[channels, 1, kernel height, kernel width]`.
    pub weight: Weight,
    /// How it moves over its input.
    pub window: Window,
    /// How its products are computed, if it is dense: a depthwise convolution multiplies little and reads much, and the
    /// kernels always compute it in single precision.
    pub products: Products,
}

/// How the products of a dense convolution are computed, if its input is in single precision. Sums and output are in single
/// precision either way.
///
/// Of an input in half precision (bfloat16), the products are those of its values and of the weight rounded to its type; the
/// sums are in single precision, the output is rounded again, and the gradient by the weight is in single precision.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Products {
    /// In single precision.
    #[default]
    Single,
    /// Input, weight and the gradients that flow back may be rounded to TF32, which has ten bits after the point, where
    /// the device multiplies such numbers faster (CUDA from compute capability 8.0 on) and tuning finds that it pays.
    Tf32,
}
