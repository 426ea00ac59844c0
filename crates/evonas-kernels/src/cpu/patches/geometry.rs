//! The positions of a convolution's windows.

use crate::cpu::vector::LANES;
use crate::window::Window;

/// Everything that a window sees of all channels, image by image.
#[derive(Clone, Copy, Debug)]
pub(in crate::cpu) struct Patches {
    pub(super) window: Window,
    pub(super) channels: usize,
}

/// Values after the end that may be read or written, since runs are copied in whole lanes.
pub(in crate::cpu) const SLACK: usize = LANES;

impl Patches {
    pub(in crate::cpu) const fn new(window: Window, channels: usize) -> Self {
        Self { window, channels }
    }

    /// The number of values in the plane, the image with its border.
    pub(in crate::cpu) const fn plane(&self) -> usize {
        self.plane_rows() * self.pitch() + SLACK
    }

    pub(super) const fn plane_rows(&self) -> usize {
        span(&self.window, 0, self.window.out_height)
    }

    /// The distance between the rows of the plane.
    pub(super) const fn pitch(&self) -> usize {
        span(&self.window, 1, self.window.out_width) * self.channels
    }

    /// The length of a run of neighboring values in a window's row, and the number of runs.
    pub(super) const fn run(&self) -> (usize, usize) {
        let columns = self.window.kernel[1];
        if self.window.dilation == 1 {
            (columns * self.channels, 1)
        } else {
            (self.channels, columns)
        }
    }

    /// Where in the plane the first run of a window's row begins.
    #[inline(always)]
    pub(super) fn first_run(&self, out_row: usize, out_column: usize, row: usize) -> usize {
        let Window {
            stride, dilation, ..
        } = self.window;
        let plane_row = out_row * stride[0] + row * dilation;
        plane_row * self.pitch() + out_column * stride[1] * self.channels
    }

    /// The part of the image in a row of the plane: where it begins in the row, which value of the image
    /// comes first, and the number of values.
    #[inline(always)]
    pub(super) fn place(&self, row: usize) -> Option<(usize, usize, usize)> {
        let image_row = row.checked_add_signed(-self.window.before[0])?;
        if image_row >= self.window.height {
            return None;
        }
        let left_out = (-self.window.before[1]).max(0) as usize;
        let before = self.window.before[1].max(0) as usize;
        let room = self.pitch() / self.channels - before;
        let columns = (self.window.width - left_out).min(room);
        let start = image_row * self.window.width + left_out;
        Some((
            before * self.channels,
            start * self.channels,
            columns * self.channels,
        ))
    }
}

/// The number of pixels that the windows of this many outputs see.
const fn span(window: &Window, axis: usize, out: usize) -> usize {
    (out - 1) * window.stride[axis] + (window.kernel[axis] - 1) * window.dilation + 1
}
