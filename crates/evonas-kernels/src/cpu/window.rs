//! How a window moves over an image.

/// How a window moves over an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The image's height in pixels.
    pub height: usize,
    /// The image's width in pixels.
    pub width: usize,
    /// Rows and columns of the window.
    pub kernel: [usize; 2],
    /// The steps down and to the right.
    pub stride: [usize; 2],
    /// The distance of the window's pixels.
    pub dilation: usize,
    /// Rows and columns of padding before the image; where negative, as many are left out.
    pub before: [isize; 2],
    /// The output's height in pixels.
    pub out_height: usize,
    /// The output's width in pixels.
    pub out_width: usize,
}

impl Window {
    /// Pixels of the image.
    pub const fn pixels(&self) -> usize {
        self.height * self.width
    }

    /// Pixels of the output.
    pub const fn out_pixels(&self) -> usize {
        self.out_height * self.out_width
    }

    /// Pixels of the window.
    pub const fn taps(&self) -> usize {
        self.kernel[0] * self.kernel[1]
    }

    /// Whether every output pixel sees just its own pixel of the image.
    pub fn is_single_pixel(&self) -> bool {
        self.kernel == [1, 1]
            && self.stride == [1, 1]
            && self.before == [0, 0]
            && self.out_pixels() == self.pixels()
    }
}
