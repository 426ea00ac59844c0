//! Windows of several pixels.

use super::geometry::Patches;
use crate::cpu::target::masked;
use crate::cpu::vector::{Kernel, LANES, Vectors, padded, rectified};
use crate::window::Window;

/// The rows of windows.
pub(super) struct Gather<'a> {
    pub(super) patches: &'a Patches,
    pub(super) images: &'a [f32],
    pub(super) relu: bool,
    pub(super) plane: &'a mut [f32],
    pub(super) rows: &'a mut [f32],
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
    /// `L` is the number of lanes that hold a run; 0 if it isn't constant.
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
                                // The next run overwrites the surplus.
                                let run = &self.plane[start..start + L * LANES];
                                let target = &mut self.rows[place..place + L * LANES];
                                let (run, _) = run.as_chunks::<LANES>();
                                let (target, _) = target.as_chunks_mut::<LANES>();
                                if let (Some(target), Some(run)) =
                                    (target.first_chunk_mut::<L>(), run.first_chunk::<L>())
                                {
                                    *target = *run;
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

pub(super) struct Scatter<'a> {
    pub(super) patches: &'a Patches,
    pub(super) rows: &'a [f32],
    pub(super) mask: Option<&'a [f32]>,
    pub(super) plane: &'a mut [f32],
    pub(super) by_images: &'a mut [f32],
}

impl Kernel for Scatter<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vectors>(self, _: S) {
        // The lengths in the published cells' convolutions at small widths.
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
    /// `N` is the length of a run; 0 if it isn't constant.
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
