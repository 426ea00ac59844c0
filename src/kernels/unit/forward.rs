//! The output of a unit, and the rows that it is made of.

use rayon::prelude::*;

use super::{Plan, Rows};
use crate::kernels::depthwise::{self, Plane};
use crate::kernels::norm::image_statistics;
use crate::kernels::sink::{Pixels, Sink};
use crate::kernels::vector::{ByLanes, LANES, blocks_of, load, padded, rectified, run};
use crate::kernels::{patches, scratch};

/// The unit's output, and, if `statistics` is not empty, every output image's means and squares.
pub(in crate::kernels) fn forward(
    plan: &Plan,
    image: &[f32],
    output: &mut [f32],
    statistics: &mut [f32],
) {
    let images = plan.images_of_a_task;
    let size = plan.pixels * plan.channels;
    let out_size = plan.out_pixels * plan.outputs;
    let of_image = statistics.len() / plan.images;
    let work = |image: &[f32], output: &mut [f32], statistics: &mut [f32]| {
        let lengths = [plan.plane_length(), plan.rows_length()];
        scratch::with(lengths, |[plane, rows]| {
            run(Forward {
                plan,
                image,
                plane,
                rows,
                output,
                statistics,
            });
        });
    };
    if of_image == 0 {
        output
            .par_chunks_mut(images * out_size)
            .zip(image.par_chunks(images * size))
            .for_each(|(output, image)| work(image, output, &mut []));
    } else {
        output
            .par_chunks_mut(images * out_size)
            .zip(image.par_chunks(images * size))
            .zip(statistics.par_chunks_mut(images * of_image))
            .for_each(|((output, image), statistics)| work(image, output, statistics));
    }
}

struct Forward<'a> {
    plan: &'a Plan,
    image: &'a [f32],
    plane: &'a mut [f32],
    rows: &'a mut [f32],
    output: &'a mut [f32],
    statistics: &'a mut [f32],
}

impl ByLanes for Forward<'_> {
    fn is_whole(&self) -> bool {
        self.plan.is_whole()
    }

    #[inline(always)]
    fn work<const FUSED: bool, const WHOLE: bool>(self) {
        let plan = self.plan;
        self.plane.fill(0.0);
        let group = plan.images_of_a_group();
        let outputs = self
            .output
            .chunks_mut(group * plan.out_pixels * plan.outputs);
        let images = self.image.chunks(group * plan.pixels * plan.channels);
        for (image, output) in images.zip(outputs) {
            let pixels = output.len() / plan.outputs;
            match &plan.matrix {
                None => {
                    let mut sink = Pixels::<WHOLE> {
                        target: output,
                        channels: plan.outputs,
                    };
                    plan.rows::<FUSED, WHOLE>(image, self.plane, &mut sink);
                }
                Some(matrix) => {
                    let (rows, stride) =
                        plan.stored_rows::<FUSED, WHOLE>(image, self.plane, self.rows);
                    let mut sink = Pixels::<WHOLE> {
                        target: output,
                        channels: plan.outputs,
                    };
                    matrix.product::<FUSED>(rows, stride, pixels, &mut sink);
                }
            }
        }
        if self.statistics.is_empty() {
            return;
        }
        let images = self.output.chunks_exact(plan.out_pixels * plan.outputs);
        for (image, target) in images.zip(self.statistics.chunks_exact_mut(2 * plan.outputs)) {
            let (means, squares) = target.split_at_mut(plan.outputs);
            image_statistics::<FUSED, WHOLE>(image, plan.outputs, means, squares);
        }
    }
}

impl Plan {
    /// The rows of a group of images, and their distance.
    #[inline(always)]
    pub(super) fn stored_rows<'a, const FUSED: bool, const WHOLE: bool>(
        &self,
        image: &'a [f32],
        plane: &mut [f32],
        rows: &'a mut [f32],
    ) -> (&'a [f32], usize) {
        let stride = padded(self.inner);
        match self.unit.rows {
            Rows::Pixels if !self.unit.relu && stride == self.inner => return (image, stride),
            Rows::Pixels | Rows::Depthwise(_) => {
                let mut sink = Pixels::<true> {
                    target: rows,
                    channels: stride,
                };
                self.rows::<FUSED, WHOLE>(image, plane, &mut sink);
            }
            Rows::Patches(window) => {
                let images = image.chunks_exact(self.pixels * self.channels);
                let targets = rows.chunks_exact_mut(self.out_pixels * stride);
                for (image, target) in images.zip(targets) {
                    patches::gather(
                        image,
                        self.channels,
                        &window,
                        self.unit.relu,
                        target,
                        stride,
                    );
                }
            }
        }
        (rows, stride)
    }

    /// Gives the pixels of a group of images, or their depthwise sums.
    #[inline(always)]
    fn rows<const FUSED: bool, const WHOLE: bool>(
        &self,
        image: &[f32],
        plane: &mut [f32],
        sink: &mut impl Sink,
    ) {
        let channels = self.channels;
        match self.unit.rows {
            Rows::Depthwise(window) => {
                let at = Plane::of_image(&window);
                let size = [window.height, window.width];
                let per_block = window.taps() * LANES;
                let images = image.chunks_exact(self.pixels * channels).enumerate();
                for (number, image) in images {
                    for block in 0..blocks_of(channels) {
                        depthwise::pad::<WHOLE>(
                            image,
                            channels,
                            block,
                            size,
                            self.unit.relu,
                            at,
                            plane,
                        );
                        let taps = &self.taps[block * per_block..(block + 1) * per_block];
                        let first = number * self.out_pixels;
                        depthwise::forward::<FUSED>(plane, at, taps, &window, first, block, sink);
                    }
                }
            }
            _ => {
                for pixel in 0..image.len() / channels {
                    for block in 0..blocks_of(channels) {
                        let first = block * LANES;
                        let count = LANES.min(channels - first);
                        let mut values = load::<WHOLE>(image, pixel * channels + first, count);
                        if self.unit.relu {
                            for value in &mut values {
                                *value = rectified(*value);
                            }
                        }
                        sink.put(pixel, block, &values);
                    }
                }
            }
        }
    }
}
