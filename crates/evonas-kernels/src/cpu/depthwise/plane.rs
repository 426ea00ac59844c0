//! A plane: eight channels of an image with a border.

use crate::cpu::vector::{LANES, Lanes, Vectors, lanes};
use crate::window::Window;

/// How an image's values enter a plane.
pub(in crate::cpu) trait Held {
    fn held<S: Vectors>(simd: S, value: S::V) -> S::V;
}

/// Unchanged.
pub(in crate::cpu) struct Plain;

impl Held for Plain {
    #[inline(always)]
    fn held<S: Vectors>(_: S, value: S::V) -> S::V {
        value
    }
}

/// Through a ReLU.
pub(in crate::cpu) struct Relu;

impl Held for Relu {
    #[inline(always)]
    fn held<S: Vectors>(simd: S, value: S::V) -> S::V {
        // NaN stays NaN, so that diverged training is noticed.
        simd.max(simd.zero(), value)
    }
}

/// Negated.
pub(in crate::cpu) struct Negative;

impl Held for Negative {
    #[inline(always)]
    fn held<S: Vectors>(simd: S, value: S::V) -> S::V {
        simd.mul(value, simd.splat(-1.0))
    }
}

/// The size of a plane, and the image's position in it.
#[derive(Clone, Copy, Debug)]
pub(in crate::cpu) struct Plane {
    rows: usize,
    pub(in crate::cpu) pitch: usize,
    /// The row and column where the image begins.
    pub(super) start: [usize; 2],
    /// The image's rows and columns.
    size: [usize; 2],
}

impl Plane {
    /// A plane that contains every window.
    pub(in crate::cpu) fn of_image(window: &Window) -> Self {
        let start = before(window);
        let reach = reach(window);
        let span = |out: usize, axis: usize, size: usize| {
            ((out - 1) * window.stride[axis] + reach[axis] + 1).max(start[axis] + size)
        };
        // Pixels that the stride skips are read together with those of a tap.
        let left_out = window.stride[1] - 1;
        Self {
            rows: span(window.out_height, 0, window.height),
            pitch: span(window.out_width, 1, window.width) + left_out,
            start,
            size: [window.height, window.width],
        }
    }

    /// A plane of outputs in which every pixel of the image finds all outputs to which it contributes.
    pub(super) fn of_outputs(window: &Window) -> Self {
        let (before, reach) = (before(window), reach(window));
        let start = [0, 1].map(|axis| (reach[axis] - before[axis]).div_ceil(window.stride[axis]));
        let span = |size: usize, axis: usize, out: usize| {
            let last = (size - 1 + before[axis]) / window.stride[axis];
            start[axis] + out.max(last + 1)
        };
        Self {
            rows: span(window.height, 0, window.out_height),
            pitch: span(window.width, 1, window.out_width),
            start,
            size: [window.out_height, window.out_width],
        }
    }

    /// The number of values.
    pub(in crate::cpu) const fn len(self) -> usize {
        self.rows * self.pitch * LANES
    }

    /// Pixels of the image.
    pub(in crate::cpu) const fn pixels(self) -> usize {
        self.size[0] * self.size[1]
    }

    /// Fills the border.
    #[inline(always)]
    pub(in crate::cpu) fn surround(self, value: f32, plane: &mut [Lanes]) {
        let [top, left] = self.start;
        let [height, width] = self.size;
        let border = [value; LANES];
        plane[..top * self.pitch].fill(border);
        for row in plane[top * self.pitch..]
            .chunks_mut(self.pitch)
            .take(height)
        {
            row[..left].fill(border);
            row[left + width..].fill(border);
        }
        plane[(top + height) * self.pitch..].fill(border);
    }

    /// Copies eight channels of an image, starting with `first`, from `[pixel, stride]`.
    #[inline(always)]
    pub(in crate::cpu) fn fill<S: Vectors, H: Held>(
        self,
        simd: S,
        image: &[f32],
        stride: usize,
        first: usize,
        plane: &mut [Lanes],
    ) {
        let [top, left] = self.start;
        let [height, width] = self.size;
        let rows = plane[top * self.pitch..].chunks_mut(self.pitch);
        let mut sources = image;
        for target in rows.take(height) {
            let (source, others) = sources.split_at(width * stride);
            sources = others;
            let target = &mut target[left..left + width];
            if stride == LANES {
                let (source, _) = source.as_chunks::<LANES>();
                for (target, pixel) in target.iter_mut().zip(source) {
                    *target = simd.store(H::held(simd, simd.load(pixel)));
                }
            } else {
                for (target, pixel) in target.iter_mut().zip(source.chunks_exact(stride)) {
                    let values = simd.load(lanes(pixel, first));
                    *target = simd.store(H::held(simd, values));
                }
            }
        }
    }

    /// The rows of the plane that hold the image.
    #[inline(always)]
    pub(in crate::cpu) fn inside(self, plane: &[Lanes]) -> impl Iterator<Item = &[Lanes]> {
        let [top, left] = self.start;
        let [height, width] = self.size;
        let rows = plane[top * self.pitch..].chunks(self.pitch).take(height);
        rows.map(move |row| &row[left..left + width])
    }
}

/// Rows and columns of padding before the image.
pub(super) fn before(window: &Window) -> [usize; 2] {
    window
        .before
        .map(|before| usize::try_from(before).expect("a depthwise window skips no rows or columns"))
}

/// The distance between the first and the last pixel of a window.
const fn reach(window: &Window) -> [usize; 2] {
    [
        (window.kernel[0] - 1) * window.dilation,
        (window.kernel[1] - 1) * window.dilation,
    ]
}
