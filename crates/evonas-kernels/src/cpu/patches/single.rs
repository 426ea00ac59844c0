//! Windows of a single pixel.

use std::marker::PhantomData;

use super::geometry::Patches;
use crate::cpu::depthwise::Held;
use crate::cpu::target::masked;
use crate::cpu::vector::{Kernel, LANES, Vectors, padded};
use crate::window::Window;

impl Patches {
    /// The pixel of the image that the only tap sees.
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
pub(super) struct Pick<'a, H> {
    patches: &'a Patches,
    images: &'a [f32],
    rows: &'a mut [f32],
    held: PhantomData<H>,
}

impl<'a, H> Pick<'a, H> {
    pub(super) const fn new(patches: &'a Patches, images: &'a [f32], rows: &'a mut [f32]) -> Self {
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

/// The gradient by images that were seen through windows of a single pixel.
pub(super) struct PutBack<'a> {
    pub(super) patches: &'a Patches,
    pub(super) rows: &'a [f32],
    pub(super) mask: Option<&'a [f32]>,
    pub(super) by_images: &'a mut [f32],
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
