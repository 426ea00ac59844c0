//! One channel of one image, padded, as a flat slice.

/// How a window moves over an image: sizes, padding, stride, dilation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) height: usize,
    pub(crate) width: usize,
    pub(crate) kernel: usize,
    pub(crate) stride: usize,
    pub(crate) dilation: usize,
    pub(crate) top: usize,
    pub(crate) left: usize,
    pub(crate) out_height: usize,
    pub(crate) out_width: usize,
}

/// Lanes of a block of outputs.
pub(crate) const BLOCK: usize = 32;

impl Window {
    /// TensorFlow's SAME padding.
    pub(crate) fn same(
        height: usize,
        width: usize,
        kernel: usize,
        stride: usize,
        dilation: usize,
    ) -> Self {
        let out = |size: usize| size.div_ceil(stride);
        let before = |size: usize| {
            let span = (out(size) - 1) * stride + (kernel - 1) * dilation + 1;
            span.saturating_sub(size) / 2
        };
        Self {
            height,
            width,
            kernel,
            stride,
            dilation,
            top: before(height),
            left: before(width),
            out_height: out(height),
            out_width: out(width),
        }
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
            let start = (self.top + row) * pitch + self.left;
            let target = &mut padded[start..start + self.width];
            if relu {
                for (target, &value) in target.iter_mut().zip(values) {
                    *target = value.max(0.0);
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
