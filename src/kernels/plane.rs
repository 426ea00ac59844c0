//! One channel of one image, padded, as a flat slice.

use super::vector::rectified;

/// How a window moves over an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    /// The image's height in pixels.
    pub(crate) height: usize,
    /// The image's width in pixels.
    pub(crate) width: usize,
    /// Pixels of the window in either direction.
    pub(crate) kernel: usize,
    /// The step in either direction.
    pub(crate) stride: usize,
    /// The distance of the window's pixels.
    pub(crate) dilation: usize,
    /// Rows of padding before the image.
    pub(crate) top: usize,
    /// Columns of padding before the image.
    pub(crate) left: usize,
    /// The output's height in pixels.
    pub(crate) out_height: usize,
    /// The output's width in pixels.
    pub(crate) out_width: usize,
}

/// Lanes of a block of outputs.
pub(crate) const BLOCK: usize = 32;

impl Window {
    /// Every pixel of the window in turn: how far it lies behind the window's position.
    pub(crate) fn offsets(&self) -> Vec<usize> {
        (0..self.kernel)
            .flat_map(|row| (0..self.kernel).map(move |column| self.offset(row, column)))
            .collect()
    }

    /// How far the last pixel of the window lies behind the window's position.
    pub(crate) fn front(&self) -> usize {
        self.offset(self.kernel - 1, self.kernel - 1)
    }

    /// The offsets for a gradient that is spread `front` behind the start: the same pixels seen from
    /// the image.
    pub(crate) fn back_offsets(&self) -> Vec<usize> {
        let front = self.front();
        let mut offsets = self.offsets();
        for offset in &mut offsets {
            *offset = front - *offset;
        }
        offsets
    }

    /// Where the image begins in the padded one.
    pub(crate) fn image_start(&self) -> usize {
        self.top * self.pitch() + self.left
    }

    /// Positions from the image's first pixel to its last in the padded image.
    pub(crate) fn image_positions(&self) -> usize {
        (self.height - 1) * self.pitch() + self.width
    }

    /// Pixels between the first and the last pixel of a window.
    pub(crate) const fn reach(&self) -> usize {
        (self.kernel - 1) * self.dilation
    }

    /// Rows and columns of the padded image.
    pub(crate) fn padded(&self) -> [usize; 2] {
        let one = |size, before, out: usize| {
            ((out - 1) * self.stride + self.reach() + 1).max(before + size)
        };
        [
            one(self.height, self.top, self.out_height),
            one(self.width, self.left, self.out_width),
        ]
    }

    /// The distance of a row to the next in the padded image.
    pub(crate) fn pitch(&self) -> usize {
        self.padded()[1]
    }

    /// The length of a padded image, with room for whole blocks behind every position.
    pub(crate) fn padded_length(&self) -> usize {
        let [rows, columns] = self.padded();
        rows * columns + self.reach() * columns + self.reach() + 2 * BLOCK
    }

    /// Positions of windows on the padded image, up to the last one.
    pub(crate) fn positions(&self) -> usize {
        (self.out_height - 1) * self.stride * self.pitch() + (self.out_width - 1) * self.stride + 1
    }

    /// Where a window's pixel lies behind the window's position.
    #[inline(always)]
    pub(crate) fn offset(&self, row: usize, column: usize) -> usize {
        row * self.dilation * self.pitch() + column * self.dilation
    }

    /// Copies an image into a padded one whose border is set already.
    #[inline(always)]
    pub(crate) fn pad(&self, image: &[f32], padded: &mut [f32], relu: bool) {
        let pitch = self.pitch();
        for (row, values) in image.chunks_exact(self.width).enumerate() {
            let start = self.image_start() + row * pitch;
            let target = &mut padded[start..start + self.width];
            if relu {
                for (target, &value) in target.iter_mut().zip(values) {
                    *target = rectified(value);
                }
            } else {
                target.copy_from_slice(values);
            }
        }
    }

    /// Copies what was computed at the windows' positions into an output.
    #[inline(always)]
    pub(crate) fn gather(&self, positions: &[f32], output: &mut [f32]) {
        let step = self.stride * self.pitch();
        for (row, target) in output.chunks_exact_mut(self.out_width).enumerate() {
            let values = &positions[row * step..];
            if self.stride == 1 {
                target.copy_from_slice(&values[..self.out_width]);
            } else {
                for (target, &value) in target.iter_mut().zip(values.iter().step_by(self.stride)) {
                    *target = value;
                }
            }
        }
    }

    /// Copies what was computed at the image's pixels, the first of them at the start, into an image.
    #[inline(always)]
    pub(crate) fn crop(&self, positions: &[f32], image: &mut [f32]) {
        let pitch = self.pitch();
        for (row, target) in image.chunks_exact_mut(self.width).enumerate() {
            target.copy_from_slice(&positions[row * pitch..][..self.width]);
        }
    }

    /// Copies an output into the positions of its windows, `front` behind the start; what lies
    /// between them is 0 already.
    #[inline(always)]
    pub(crate) fn spread(&self, output: &[f32], positions: &mut [f32], front: usize) {
        let pitch = self.pitch();
        for (row, values) in output.chunks_exact(self.out_width).enumerate() {
            let start = front + row * self.stride * pitch;
            if self.stride == 1 {
                positions[start..start + self.out_width].copy_from_slice(values);
            } else {
                for (column, &value) in values.iter().enumerate() {
                    positions[start + column * self.stride] = value;
                }
            }
        }
    }
}
