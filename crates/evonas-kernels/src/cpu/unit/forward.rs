//! The forward pass of a unit: its rows and its output.

use rayon::prelude::*;

use super::plan::{Plan, Way};
use crate::cpu::depthwise::PlaneConvolution;
use crate::cpu::matrix::Product;
use crate::cpu::target::Target;
use crate::cpu::vector::{padded, run};
use crate::cpu::{channels, flat, norm, scratch};

/// Computes the unit's output and, if `statistics` isn't empty, the means and squares of every output image.
pub(in crate::cpu) fn forward(
    plan: &Plan,
    image: &[f32],
    output: &mut [f32],
    statistics: &mut [f32],
) {
    let images = plan.images_of_a_task;
    let size = plan.pixels * plan.channels;
    let out_size = plan.out_pixels * plan.outputs;
    let of_image = statistics.len() / plan.images;
    let tasks = output
        .par_chunks_mut(images * out_size)
        .zip(image.par_chunks(images * size));
    if of_image == 0 {
        tasks.for_each(|(output, image)| plan.forward_task(image, output));
    } else {
        tasks
            .zip(statistics.par_chunks_mut(images * of_image))
            .for_each(|((output, image), statistics)| {
                plan.forward_task(image, output);
                norm::of_images(output, plan.outputs, plan.out_pixels, statistics);
            });
    }
}

/// Images unchanged, and with channels that fill whole lanes.
#[derive(Clone, Copy)]
pub(super) struct Images<'a> {
    pub(super) bare: &'a [f32],
    pub(super) whole: &'a [f32],
}

impl Plan {
    fn forward_task(&self, images: &[f32], output: &mut [f32]) {
        let [group, out_group] = self.group();
        let lengths = [
            self.plane_length(),
            self.rows_length(),
            self.copied_images(),
            self.copied_outputs(),
        ];
        scratch::with(lengths, |[plane, rows, image_copy, copy]| {
            let outputs = output.chunks_mut(out_group * self.outputs);
            for (images, output) in images.chunks(group * self.channels).zip(outputs) {
                let pixels = output.len() / self.outputs;
                let images = self.whole(images, image_copy);
                let copy = match self.copies_outputs() {
                    true => &mut copy[..pixels * padded(self.outputs)],
                    false => &mut [],
                };
                let target = match self.copies_outputs() {
                    true => &mut *copy,
                    false => &mut *output,
                };
                match &self.matrix {
                    None => self.write_rows(images, plane, target),
                    Some(matrix) => run(Product {
                        matrix,
                        rows: self.rows(images, pixels, plane, rows),
                        stride: padded(self.inner),
                        pixels,
                        target: Target {
                            values: target,
                            stride: padded(self.outputs),
                            mask: None,
                        },
                    }),
                }
                if self.copies_outputs() {
                    channels::unpad(copy, self.outputs, output);
                }
            }
        });
    }

    /// Adds a version whose channels fill whole lanes, in `copy` if theirs don't.
    pub(super) fn whole<'a>(&self, bare: &'a [f32], copy: &'a mut [f32]) -> Images<'a> {
        if !self.copies_images() {
            return Images { bare, whole: bare };
        }
        let copy = &mut copy[..bare.len() / self.channels * padded(self.channels)];
        channels::pad(bare, self.channels, copy);
        Images { bare, whole: copy }
    }

    /// The rows of a group of images, `[pixel, padded value]`, with unspecified values as padding.
    pub(super) fn rows<'a>(
        &self,
        images: Images<'a>,
        pixels: usize,
        plane: &mut [f32],
        rows: &'a mut [f32],
    ) -> &'a [f32] {
        let length = pixels * padded(self.inner);
        match &self.way {
            Way::Pixels if !self.unit.relu => return images.whole,
            Way::Patches(patches) => patches.gather(images.bare, self.unit.relu, plane, rows),
            Way::Pixels | Way::Depthwise { .. } => {
                self.write_rows(images, plane, &mut rows[..length]);
            }
        }
        &rows[..length]
    }

    /// Writes the output of a group without a dense convolution: its pixels, or their depthwise sums.
    fn write_rows(&self, images: Images<'_>, plane: &mut [f32], target: &mut [f32]) {
        match &self.way {
            Way::Depthwise { shape, taps, .. } => run(PlaneConvolution {
                shape,
                relu: self.unit.relu,
                weights: taps,
                images: images.whole,
                plane,
                target: Target {
                    values: target,
                    stride: padded(self.channels),
                    mask: None,
                },
            }),
            _ if self.unit.relu => flat::rectify(images.whole, target),
            _ => target.copy_from_slice(images.whole),
        }
    }
}
