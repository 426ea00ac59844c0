//! The padding around an image, and the sizes that follow from it.

use std::fmt;

/// The padding around an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Padding {
    /// TensorFlow's SAME: the output has the input's size divided by the stride, rounded up. An odd
    /// pixel of padding goes to the end.
    Same,
    /// No padding: windows stay inside the image.
    Valid,
    /// This many pixels on every side, as PyTorch pads; at most half a window.
    Around(usize),
}

/// One axis of an image, and the windows of a convolution or a pooling along it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowAxis {
    /// The image's size in pixels.
    pub size: usize,
    /// How many pixels a window reads, at least 1.
    pub kernel: usize,
    /// The distance between neighboring windows, at least 1.
    pub stride: usize,
    /// The distance between neighboring pixels of a window; 1 without gaps.
    pub dilation: usize,
}

impl WindowAxis {
    /// From a window's first pixel to its last, both included.
    const fn window(self) -> usize {
        (self.kernel - 1) * self.dilation + 1
    }
}

impl Padding {
    /// The size of the output along an axis; 0 if no window fits.
    #[must_use]
    pub const fn output(self, axis: WindowAxis) -> usize {
        match self {
            Self::Same => axis.size.div_ceil(axis.stride),
            Self::Valid => Self::inside(axis.size, axis),
            Self::Around(pixels) => Self::inside(axis.size + 2 * pixels, axis),
        }
    }

    /// How many windows fit into this many pixels.
    const fn inside(pixels: usize, axis: WindowAxis) -> usize {
        match pixels < axis.window() {
            true => 0,
            false => (pixels - axis.window()) / axis.stride + 1,
        }
    }

    /// The padding before and after an image along an axis, in pixels.
    #[must_use]
    pub const fn amount(self, axis: WindowAxis) -> (usize, usize) {
        match self {
            Self::Same => {
                let span = (self.output(axis) - 1) * axis.stride + axis.window();
                let total = span.saturating_sub(axis.size);
                (total / 2, total - total / 2)
            }
            Self::Valid => (0, 0),
            Self::Around(pixels) => (pixels, pixels),
        }
    }

    pub(super) fn describe(self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Same => Ok(()),
            Self::Valid => f.write_str(", no padding"),
            Self::Around(pixels) => write!(f, ", padding {pixels}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn axis(size: usize, kernel: usize, stride: usize) -> WindowAxis {
        WindowAxis {
            size,
            kernel,
            stride,
            dilation: 1,
        }
    }

    #[test]
    fn same_padding_is_tensorflow_s() {
        let same = |axis| Padding::Same.amount(axis);
        assert_eq!(same(axis(8, 3, 1)), (1, 1));
        assert_eq!(same(axis(8, 3, 2)), (0, 1));
        assert_eq!(same(axis(7, 3, 2)), (1, 1));
        assert_eq!(same(axis(8, 2, 1)), (0, 1));
        assert_eq!(same(axis(8, 7, 2)), (2, 3));
        assert_eq!(same(axis(1, 3, 2)), (1, 1));
        assert_eq!(same(axis(8, 1, 2)), (0, 0));
        let dilated = WindowAxis {
            dilation: 2,
            ..axis(8, 5, 1)
        };
        assert_eq!(same(dilated), (4, 4));
    }

    #[test]
    fn without_padding_every_window_fits_the_image() {
        assert_eq!(Padding::Valid.amount(axis(8, 5, 3)), (0, 0));
        assert_eq!(Padding::Valid.output(axis(8, 5, 3)), 2);
        assert_eq!(Padding::Valid.output(axis(4, 5, 1)), 0);
        let dilated = WindowAxis {
            dilation: 2,
            ..axis(8, 3, 1)
        };
        assert_eq!(Padding::Valid.output(dilated), 4);
    }

    #[test]
    fn padding_around_is_the_same_on_both_sides() {
        let around = Padding::Around(1);
        assert_eq!(around.amount(axis(32, 3, 2)), (1, 1));
        assert_eq!(around.output(axis(32, 3, 2)), 16);
        assert_eq!(around.output(axis(32, 3, 1)), 32);
        assert_eq!(around.output(axis(1, 4, 1)), 0);
    }
}
