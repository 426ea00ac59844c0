//! How a window moves over an image.

/// How the window of a convolution or a pooling moves over images of one size, in pixels.
///
/// The padding after an image follows from the other figures: as much as the last window needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The image's height.
    pub height: usize,
    /// The image's width.
    pub width: usize,
    /// Rows and columns of the window.
    pub kernel: [usize; 2],
    /// The steps down and to the right.
    pub stride: [usize; 2],
    /// The distance between neighboring pixels of the window; 1 if it has no gaps.
    pub dilation: usize,
    /// Rows and columns of padding before the image. A negative number skips as many of the image.
    pub before: [isize; 2],
    /// The output's height.
    pub out_height: usize,
    /// The output's width.
    pub out_width: usize,
}

impl Window {
    /// A window of a single pixel that visits every pixel of images of this height and width: what others
    /// are derived from (`Window { kernel: [3, 3], before: [1, 1], ..Window::pixel(size) }`).
    #[must_use]
    pub const fn pixel([height, width]: [usize; 2]) -> Self {
        Self {
            height,
            width,
            kernel: [1, 1],
            stride: [1, 1],
            dilation: 1,
            before: [0, 0],
            out_height: height,
            out_width: width,
        }
    }

    /// Refuses images of another size than the window's.
    pub(crate) fn assert_fits(&self, size: [usize; 2]) {
        assert_eq!(
            size,
            [self.height, self.width],
            "the window is for images of another size"
        );
    }

    /// Pixels of the image.
    pub(crate) const fn pixels(&self) -> usize {
        self.height * self.width
    }

    /// Pixels of the output.
    pub(crate) const fn out_pixels(&self) -> usize {
        self.out_height * self.out_width
    }

    /// Pixels of the window.
    pub(crate) const fn taps(&self) -> usize {
        self.kernel[0] * self.kernel[1]
    }

    /// Whether every output pixel sees just its own pixel of the image.
    pub(crate) fn is_single_pixel(&self) -> bool {
        self.kernel == [1, 1]
            && self.stride == [1, 1]
            && self.before == [0, 0]
            && self.out_pixels() == self.pixels()
    }

    /// Rows and columns of padding before and after the image, none of them negative.
    pub(crate) fn padding(&self) -> [(usize, usize); 2] {
        let size = [self.height, self.width];
        let output = [self.out_height, self.out_width];
        [0, 1].map(|axis| {
            let before = usize::try_from(self.before[axis]).expect(
                "only windows with padding before the image are composed of Burn's operations",
            );
            let steps = output[axis].saturating_sub(1) * self.stride[axis];
            let span = steps + (self.kernel[axis] - 1) * self.dilation + 1;
            (before, span.saturating_sub(size[axis] + before))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_padding_after_an_image_is_what_the_last_window_needs() {
        let window = Window {
            kernel: [3, 2],
            stride: [2, 1],
            out_height: 4,
            ..Window::pixel([8, 8])
        };
        assert_eq!(window.padding(), [(0, 1), (0, 1)]);
        let before = Window {
            kernel: [5, 1],
            dilation: 2,
            before: [4, 0],
            ..Window::pixel([8, 8])
        };
        assert_eq!(before.padding(), [(4, 4), (0, 0)]);
        let strided = Window {
            stride: [2, 2],
            out_height: 4,
            out_width: 4,
            ..Window::pixel([8, 7])
        };
        assert_eq!(strided.padding(), [(0, 0), (0, 0)]);
    }
}
