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

    /// The row of the image that a row of the window sees from an output's row.
    #[inline(always)]
    pub(crate) fn row(&self, out_row: usize, tap: usize) -> Option<usize> {
        inside(
            out_row * self.stride[0] + tap * self.dilation,
            self.before[0],
            self.height,
        )
    }

    /// The column of the image that a column of the window sees from an output's column.
    #[inline(always)]
    pub(crate) fn column(&self, out_column: usize, tap: usize) -> Option<usize> {
        inside(
            out_column * self.stride[1] + tap * self.dilation,
            self.before[1],
            self.width,
        )
    }
}

#[inline(always)]
fn inside(position: usize, before: isize, size: usize) -> Option<usize> {
    match position.checked_add_signed(-before) {
        Some(pixel) if pixel < size => Some(pixel),
        _ => None,
    }
}
