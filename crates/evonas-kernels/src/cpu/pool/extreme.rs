//! The largest or smallest value of a window.

use super::whole::with_whole_lanes;
use crate::cpu::depthwise::{Held, Negative, Plain, Plane};
use crate::cpu::vector::{Kernel, LANES, Lanes, Vectors, lanes, lanes_mut, padded, run};
use crate::window::Window;

/// How images are pooled.
pub(super) struct Extreme<'a> {
    pub(super) window: &'a Window,
    pub(super) channels: usize,
    /// Whether to take the smallest value instead of the largest.
    pub(super) smallest: bool,
}

impl Extreme<'_> {
    /// The extreme values of images.
    pub(super) fn forward(&self, images: &[f32], output: &mut [f32]) {
        let [size, out_size] = self.sizes();
        for (image, output) in images
            .chunks_exact(size)
            .zip(output.chunks_exact_mut(out_size))
        {
            let buffers = [self.plane(), 0];
            let work =
                |[plane, _]: [&mut [f32]; 2], [image, _]: [&[f32]; 2], output: &mut [f32]| {
                    run(Forward {
                        window: self.window,
                        smallest: self.smallest,
                        image,
                        stride: padded(self.channels),
                        plane,
                        output,
                    });
                };
            with_whole_lanes(self.channels, buffers, [image, &[]], output, work);
        }
    }

    /// The gradient by images. Of equal values in a window, the first gets it.
    pub(super) fn backward(&self, images: &[f32], gradient: &[f32], by_images: &mut [f32]) {
        let [size, out_size] = self.sizes();
        let images = images.chunks_exact(size);
        let gradients = gradient.chunks_exact(out_size);
        for ((image, gradient), by_image) in
            images.zip(gradients).zip(by_images.chunks_exact_mut(size))
        {
            let buffers = [self.plane(); 2];
            let work = |[plane, by_plane]: [&mut [f32]; 2],
                        [image, gradient]: [&[f32]; 2],
                        by_image: &mut [f32]| {
                run(Backward {
                    window: self.window,
                    smallest: self.smallest,
                    image,
                    gradient,
                    stride: padded(self.channels),
                    plane,
                    by_plane,
                    by_image,
                });
            };
            with_whole_lanes(self.channels, buffers, [image, gradient], by_image, work);
        }
    }

    fn plane(&self) -> usize {
        Plane::of_image(self.window).len()
    }

    fn sizes(&self) -> [usize; 2] {
        [self.window.pixels(), self.window.out_pixels()].map(|pixels| pixels * self.channels)
    }
}

struct Forward<'a> {
    window: &'a Window,
    smallest: bool,
    image: &'a [f32],
    stride: usize,
    plane: &'a mut [f32],
    output: &'a mut [f32],
}

impl Kernel for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vectors>(self, simd: S) {
        // A constant number of columns makes bounds checks of the loads unnecessary.
        match (self.window.kernel[1], self.smallest) {
            (2, false) => self.work::<S, Plain, 2>(simd),
            (3, false) => self.work::<S, Plain, 3>(simd),
            (2, true) => self.work::<S, Negative, 2>(simd),
            (3, true) => self.work::<S, Negative, 3>(simd),
            (_, false) => self.work::<S, Plain, 0>(simd),
            (_, true) => self.work::<S, Negative, 0>(simd),
        }
    }
}

impl Forward<'_> {
    #[inline(always)]
    fn work<S: Vectors, H: Held, const K: usize>(self, simd: S) {
        let (window, stride) = (self.window, self.stride);
        let at = Plane::of_image(window);
        let (plane, _) = self.plane.as_chunks_mut::<LANES>();
        at.surround(f32::NEG_INFINITY, plane);
        for block in 0..stride / LANES {
            let first = block * LANES;
            at.fill::<S, H>(simd, self.image, stride, first, plane);
            let outputs = self.output.chunks_exact_mut(window.out_width * stride);
            for (row, outputs) in outputs.enumerate() {
                let lines = &plane[row * window.stride[0] * at.pitch..];
                for (column, output) in outputs.chunks_exact_mut(stride).enumerate() {
                    let start = column * window.stride[1];
                    let best = most::<S, K>(simd, lines, start, at.pitch, window.kernel);
                    *lanes_mut(output, first) = simd.store(H::held(simd, best));
                }
            }
        }
    }
}

/// The largest values of a window.
#[inline(always)]
fn most<S: Vectors, const K: usize>(
    simd: S,
    plane: &[Lanes],
    start: usize,
    pitch: usize,
    [rows, columns]: [usize; 2],
) -> S::V {
    let columns = if K == 0 { columns } else { K };
    let mut best = simd.splat(f32::NEG_INFINITY);
    // NaN counts as the largest of all, so that diverged training is noticed.
    let mut nan = simd.zero();
    for row in 0..rows {
        for values in &plane[start + row * pitch..][..columns] {
            let values = simd.load(values);
            best = simd.max(best, values);
            nan = simd.where_equal(values, values, nan, values);
        }
    }
    simd.where_equal(nan, nan, best, nan)
}

struct Backward<'a> {
    window: &'a Window,
    smallest: bool,
    image: &'a [f32],
    gradient: &'a [f32],
    stride: usize,
    plane: &'a mut [f32],
    by_plane: &'a mut [f32],
    by_image: &'a mut [f32],
}

impl Kernel for Backward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vectors>(self, simd: S) {
        match (self.window.kernel[1], self.smallest) {
            (2, false) => self.work::<S, Plain, 2>(simd),
            (3, false) => self.work::<S, Plain, 3>(simd),
            (2, true) => self.work::<S, Negative, 2>(simd),
            (3, true) => self.work::<S, Negative, 3>(simd),
            (_, false) => self.work::<S, Plain, 0>(simd),
            (_, true) => self.work::<S, Negative, 0>(simd),
        }
    }
}

impl Backward<'_> {
    #[inline(always)]
    fn work<S: Vectors, H: Held, const K: usize>(self, simd: S) {
        let (window, stride) = (self.window, self.stride);
        let at = Plane::of_image(window);
        let (plane, _) = self.plane.as_chunks_mut::<LANES>();
        let (by_plane, _) = self.by_plane.as_chunks_mut::<LANES>();
        at.surround(f32::NEG_INFINITY, plane);
        for block in 0..stride / LANES {
            let first = block * LANES;
            at.fill::<S, H>(simd, self.image, stride, first, plane);
            by_plane.fill([0.0; LANES]);
            let gradients = self.gradient.chunks_exact(window.out_width * stride);
            for (row, gradients) in gradients.enumerate() {
                let line = row * window.stride[0] * at.pitch;
                for (column, gradient) in gradients.chunks_exact(stride).enumerate() {
                    let start = line + column * window.stride[1];
                    let best = most::<S, K>(simd, plane, start, at.pitch, window.kernel);
                    let gradient = simd.load(lanes(gradient, first));
                    give::<S, K>(
                        simd,
                        plane,
                        by_plane,
                        start,
                        at.pitch,
                        window.kernel,
                        best,
                        gradient,
                    );
                }
            }
            let rows = self.by_image.chunks_exact_mut(window.width * stride);
            for (row, values) in rows.zip(at.inside(by_plane)) {
                for (pixel, values) in row.chunks_exact_mut(stride).zip(values) {
                    *lanes_mut(pixel, first) = *values;
                }
            }
        }
    }
}

/// In each lane, adds a gradient to the first pixel of a window that has this value.
#[inline(always)]
fn give<S: Vectors, const K: usize>(
    simd: S,
    plane: &[Lanes],
    by_plane: &mut [Lanes],
    start: usize,
    pitch: usize,
    [rows, columns]: [usize; 2],
    best: S::V,
    gradient: S::V,
) {
    let columns = if K == 0 { columns } else { K };
    let zero = simd.zero();
    let mut left = gradient;
    for row in 0..rows {
        let place = start + row * pitch;
        let values = &plane[place..][..columns];
        let targets = &mut by_plane[place..][..columns];
        for column in 0..columns {
            let values = simd.load(&values[column]);
            let taken = simd.where_equal(values, best, left, zero);
            left = simd.where_equal(values, best, zero, left);
            let sum = simd.add(simd.load(&targets[column]), taken);
            targets[column] = simd.store(sum);
        }
    }
}
