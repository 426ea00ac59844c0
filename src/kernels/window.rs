//! How a window moves over an image.

/// How a window moves over an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    /// The image's height in pixels.
    pub(crate) height: usize,
    /// The image's width in pixels.
    pub(crate) width: usize,
    /// Rows and columns of the window.
    pub(crate) kernel: [usize; 2],
    /// The steps down and to the right.
    pub(crate) stride: [usize; 2],
    /// The distance of the window's pixels.
    pub(crate) dilation: usize,
    /// Rows and columns of padding before the image; where negative, as many are left out.
    pub(crate) before: [isize; 2],
    /// The output's height in pixels.
    pub(crate) out_height: usize,
    /// The output's width in pixels.
    pub(crate) out_width: usize,
}

impl Window {
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
}
