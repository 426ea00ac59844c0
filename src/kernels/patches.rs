//! Windows of all channels as rows, for convolutions that are neither depthwise nor 1x1.

use std::marker::PhantomData;

use super::depthwise::{Held, Plain, Relu};
use super::target::masked;
use super::vector::{Kernel, LANES, Vectors, padded, rectified, run};
use super::window::Window;

/// What a window sees of all channels, image by image.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patches {
    window: Window,
    channels: usize,
}

/// Values behind the end that may be read or written, since runs are copied in whole lanes.
pub(super) const SLACK: usize = LANES;

impl Patches {
    pub(super) const fn new(window: Window, channels: usize) -> Self {
        Self { window, channels }
    }

    /// How many values the plane has: the image with its border.
    pub(super) const fn plane(&self) -> usize {
        self.plane_rows() * self.pitch() + SLACK
    }

    const fn plane_rows(&self) -> usize {
        span(&self.window, 0, self.window.out_height)
    }

    /// The distance of the plane's rows.
    const fn pitch(&self) -> usize {
        span(&self.window, 1, self.window.out_width) * self.channels
    }

    /// Neighbouring values of a window's row, and how many such runs a row has.
    const fn run(&self) -> (usize, usize) {
        let columns = self.window.kernel[1];
        if self.window.dilation == 1 {
            (columns * self.channels, 1)
        } else {
            (self.channels, columns)
        }
    }

    /// Where in the plane the first run of a window's row begins.
    #[inline(always)]
    fn first_run(&self, out_row: usize, out_column: usize, row: usize) -> usize {
        let Window {
            stride, dilation, ..
        } = self.window;
        let plane_row = out_row * stride[0] + row * dilation;
        plane_row * self.pitch() + out_column * stride[1] * self.channels
    }

    /// What of the image lies in a row of the plane: where in the row it begins, which value of the image
    /// comes first, and how many there are.
    #[inline(always)]
    fn place(&self, row: usize) -> Option<(usize, usize, usize)> {
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

    /// Writes what every window of some images sees, `[pixel, stride]` with `[tap, channel]` in front, or
    /// its ReLU. What stands behind is whatever it is. `rows` has `SLACK` values more.
    pub(super) fn gather(&self, images: &[f32], relu: bool, plane: &mut [f32], rows: &mut [f32]) {
        match (self.window.taps(), relu) {
            (1, false) => run(Pick::<Plain>::new(self, images, rows)),
            (1, true) => run(Pick::<Relu>::new(self, images, rows)),
            _ => run(Gather {
                patches: self,
                images,
                relu,
                plane,
                rows,
            }),
        }
    }

    /// What `gather` took apart as a gradient by the images, which are the mask of it if their ReLU was
    /// taken.
    pub(super) fn scatter(
        &self,
        rows: &[f32],
        mask: Option<&[f32]>,
        plane: &mut [f32],
        by_images: &mut [f32],
    ) {
        match self.window.taps() {
            1 => run(PutBack {
                patches: self,
                rows,
                mask,
                by_images,
            }),
            _ => run(Scatter {
                patches: self,
                rows,
                mask,
                plane,
                by_images,
            }),
        }
    }
}

impl Patches {
    /// The image's pixel that the only tap sees.
    #[inline(always)]
    fn picked(&self, out_row: usize, out_column: usize) -> Option<usize> {
        let Window {
            stride,
            before,
            height,
            width,
            ..
        } = self.window;
        let row = (out_row * stride[0]).checked_add_signed(-before[0])?;
        let column = (out_column * stride[1]).checked_add_signed(-before[1])?;
        (row < height && column < width).then_some(row * width + column)
    }
}

/// The rows of windows of a single pixel.
struct Pick<'a, H> {
    patches: &'a Patches,
    images: &'a [f32],
    rows: &'a mut [f32],
    held: PhantomData<H>,
}

impl<'a, H> Pick<'a, H> {
    const fn new(patches: &'a Patches, images: &'a [f32], rows: &'a mut [f32]) -> Self {
        Self {
            patches,
            images,
            rows,
            held: PhantomData,
        }
    }
}

impl<H: Held> Kernel for Pick<'_, H> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vectors>(self, simd: S) {
        let Patches { window, channels } = *self.patches;
        let images = self.images.chunks_exact(window.pixels() * channels);
        let mut rows = self.rows.chunks_exact_mut(padded(channels));
        for image in images {
            for out_row in 0..window.out_height {
                for out_column in 0..window.out_width {
                    let Some(target) = rows.next() else { return };
                    let Some(pixel) = self.patches.picked(out_row, out_column) else {
                        target.fill(0.0);
                        continue;
                    };
                    let values = &image[pixel * channels..(pixel + 1) * channels];
                    let (values, rest) = values.as_chunks::<LANES>();
                    let (targets, _) = target.as_chunks_mut::<LANES>();
                    for (target, values) in targets.iter_mut().zip(values) {
                        *target = simd.store(H::held(simd, simd.load(values)));
                    }
                    if let Some(target) = targets.get_mut(values.len()) {
                        let mut last = [0.0; LANES];
                        last[..rest.len()].copy_from_slice(rest);
                        *target = simd.store(H::held(simd, simd.load(&last)));
                    }
                }
            }
        }
    }
}

/// The gradient by images of which windows of a single pixel were taken.
struct PutBack<'a> {
    patches: &'a Patches,
    rows: &'a [f32],
    mask: Option<&'a [f32]>,
    by_images: &'a mut [f32],
}

impl Kernel for PutBack<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vectors>(self, _: S) {
        let Patches { window, channels } = *self.patches;
        let size = window.pixels() * channels;
        let mut rows = self.rows.chunks_exact(padded(channels));
        self.by_images.fill(0.0);
        for (number, by_image) in self.by_images.chunks_exact_mut(size).enumerate() {
            for out_row in 0..window.out_height {
                for out_column in 0..window.out_width {
                    let Some(values) = rows.next() else { return };
                    let Some(pixel) = self.patches.picked(out_row, out_column) else {
                        continue;
                    };
                    let place = pixel * channels..(pixel + 1) * channels;
                    let target = &mut by_image[place.clone()];
                    target.copy_from_slice(&values[..channels]);
                    if let Some(mask) = self.mask {
                        let mask = &mask[number * size..][place];
                        for (gradient, &value) in target.iter_mut().zip(mask) {
                            *gradient = masked(*gradient, value);
                        }
                    }
                }
            }
        }
    }
}

/// What the windows of so many outputs see, in pixels.
const fn span(window: &Window, axis: usize, out: usize) -> usize {
    (out - 1) * window.stride[axis] + (window.kernel[axis] - 1) * window.dilation + 1
}

struct Gather<'a> {
    patches: &'a Patches,
    images: &'a [f32],
    relu: bool,
    plane: &'a mut [f32],
    rows: &'a mut [f32],
}

impl Kernel for Gather<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vectors>(self, _: S) {
        match self.patches.run().0.div_ceil(LANES) {
            1 => self.work::<1>(),
            2 => self.work::<2>(),
            4 => self.work::<4>(),
            _ => self.work::<0>(),
        }
    }
}

impl Gather<'_> {
    /// `L` lanes hold a run; 0 if the number isn't known.
    #[inline(always)]
    fn work<const L: usize>(self) {
        let patches = self.patches;
        let Window {
            out_height,
            out_width,
            kernel,
            ..
        } = patches.window;
        let (length, of_a_row) = patches.run();
        let apart = patches.window.dilation * patches.channels;
        let stride = padded(patches.channels * patches.window.taps());
        let size = patches.window.pixels() * patches.channels;
        self.plane.fill(0.0);
        let mut first = 0;
        for image in self.images.chunks_exact(size) {
            let plane_rows = self.plane.chunks_exact_mut(patches.pitch());
            for (row, target) in plane_rows.enumerate().take(patches.plane_rows()) {
                let Some((start, from, count)) = patches.place(row) else {
                    continue;
                };
                let values = &image[from..from + count];
                let target = &mut target[start..start + count];
                if self.relu {
                    for (target, &value) in target.iter_mut().zip(values) {
                        *target = rectified(value);
                    }
                } else {
                    target.copy_from_slice(values);
                }
            }
            for out_row in 0..out_height {
                for out_column in 0..out_width {
                    let mut place = first;
                    for row in 0..kernel[0] {
                        let mut start = patches.first_run(out_row, out_column, row);
                        for _ in 0..of_a_row {
                            if L == 0 {
                                let run = &self.plane[start..start + length];
                                self.rows[place..place + length].copy_from_slice(run);
                            } else {
                                // The next run overwrites what is too much.
                                let run = &self.plane[start..start + L * LANES];
                                let target = &mut self.rows[place..place + L * LANES];
                                let (run, _) = run.as_chunks::<LANES>();
                                let (target, _) = target.as_chunks_mut::<LANES>();
                                for l in 0..L {
                                    target[l] = run[l];
                                }
                            }
                            place += length;
                            start += apart;
                        }
                    }
                    first += stride;
                }
            }
        }
    }
}

struct Scatter<'a> {
    patches: &'a Patches,
    rows: &'a [f32],
    mask: Option<&'a [f32]>,
    plane: &'a mut [f32],
    by_images: &'a mut [f32],
}

impl Kernel for Scatter<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vectors>(self, _: S) {
        // Lengths of the published cells' convolutions at small widths.
        match self.patches.run().0 {
            4 => self.work::<4>(),
            8 => self.work::<8>(),
            12 => self.work::<12>(),
            16 => self.work::<16>(),
            24 => self.work::<24>(),
            28 => self.work::<28>(),
            56 => self.work::<56>(),
            _ => self.work::<0>(),
        }
    }
}

impl Scatter<'_> {
    /// `N` is a run's length; 0 if it isn't known.
    #[inline(always)]
    fn work<const N: usize>(self) {
        let patches = self.patches;
        let Window {
            out_height,
            out_width,
            kernel,
            ..
        } = patches.window;
        let (length, of_a_row) = patches.run();
        let length = if N == 0 { length } else { N };
        let apart = patches.window.dilation * patches.channels;
        let stride = padded(patches.channels * patches.window.taps());
        let size = patches.window.pixels() * patches.channels;
        let mut rows = self.rows.chunks_exact(stride);
        for (number, by_image) in self.by_images.chunks_exact_mut(size).enumerate() {
            self.plane.fill(0.0);
            for out_row in 0..out_height {
                for out_column in 0..out_width {
                    let Some(values) = rows.next() else { return };
                    let mut place = 0;
                    for row in 0..kernel[0] {
                        let mut start = patches.first_run(out_row, out_column, row);
                        for _ in 0..of_a_row {
                            let target = &mut self.plane[start..start + length];
                            let values = &values[place..place + length];
                            for (target, &value) in target.iter_mut().zip(values) {
                                *target += value;
                            }
                            place += length;
                            start += apart;
                        }
                    }
                }
            }
            // Pixels that no window sees have no gradient.
            by_image.fill(0.0);
            let plane_rows = self.plane.chunks_exact(patches.pitch());
            for (row, values) in plane_rows.enumerate().take(patches.plane_rows()) {
                let Some((start, from, count)) = patches.place(row) else {
                    continue;
                };
                by_image[from..from + count].copy_from_slice(&values[start..start + count]);
            }
            if let Some(mask) = self.mask {
                let mask = &mask[number * size..(number + 1) * size];
                for (gradient, &value) in by_image.iter_mut().zip(mask) {
                    *gradient = masked(*gradient, value);
                }
            }
        }
    }
}
