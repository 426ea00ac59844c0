//! What the convolutions of a unit look like, for every implementation.

use crate::convolution::Products;
use crate::window::Window;

/// The rows that the dense convolution multiplies, one for each pixel of the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rows {
    /// The pixel itself.
    Pixels,
    /// The sums of a depthwise convolution.
    Depthwise(Window),
    /// Everything that a window sees.
    Patches(Window),
}

/// The shape of a unit's convolutions: a depthwise one, a dense one, or one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct UnitShape {
    pub(crate) rows: Rows,
    /// Whether the input is passed through a ReLU.
    pub(crate) relu: bool,
    /// How the dense convolution's products are computed.
    pub(crate) products: Products,
}

impl UnitShape {
    /// That of a unit without convolutions.
    pub(crate) const PIXELS: Self = Self {
        rows: Rows::Pixels,
        relu: false,
        products: Products::Single,
    };

    pub(crate) fn taps(&self) -> usize {
        match self.rows {
            Rows::Pixels => 1,
            Rows::Depthwise(window) | Rows::Patches(window) => window.taps(),
        }
    }

    /// Pixels of the output for images of this size.
    pub(crate) const fn out_pixels(&self, [height, width]: [usize; 2]) -> usize {
        match self.rows {
            Rows::Pixels => height * width,
            Rows::Depthwise(window) | Rows::Patches(window) => window.out_pixels(),
        }
    }
}
