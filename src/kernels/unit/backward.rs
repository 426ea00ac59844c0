//! The gradients of a unit.

use rayon::prelude::*;

use super::{Plan, Rows};
use crate::kernels::depthwise::{self, ImageGradient, Plane};
use crate::kernels::matrix::{Panels, outer};
use crate::kernels::norm::InputGradient;
use crate::kernels::sink::{Masked, Pixels, Sink};
use crate::kernels::vector::{ByLanes, LANES, Lanes, blocks_of, load, padded, run};
use crate::kernels::window::Window;
use crate::kernels::{patches, recycled, scratch};

/// A batch norm behind the unit.
#[derive(Clone, Copy)]
pub(in crate::kernels) struct NormBehind<'a> {
    /// Its input, the unit's output.
    pub(in crate::kernels) input: &'a [f32],
    pub(in crate::kernels) by_input: &'a InputGradient,
}

/// The gradient by the output (of the batch norm, if there is one), and where the one by the image
/// goes.
pub(in crate::kernels) enum Backwards<'a> {
    /// The image's isn't wanted.
    WeightsOnly(&'a [f32]),
    /// To another place.
    Apart {
        gradient: &'a [f32],
        by_image: &'a mut [f32],
    },
    /// In place of the output's, which is of the same size.
    InPlace(&'a mut [f32]),
}

/// The gradients of a unit's weights.
pub(in crate::kernels) struct WeightGradients {
    /// `[channel, tap]`
    pub(in crate::kernels) depthwise: Option<Vec<f32>>,
    /// `[output, channel, tap]`
    pub(in crate::kernels) dense: Option<Vec<f32>>,
}

/// The gradients by the weights and, if wanted, by the image.
pub(in crate::kernels) fn backward(
    plan: &Plan,
    image: &[f32],
    norm: Option<NormBehind<'_>>,
    gradients: Backwards<'_>,
) -> WeightGradients {
    // The matrix the other way around.
    let back = plan.matrix.as_ref().map(Panels::transposed);
    let images = plan.images_of_a_task;
    let size = images * plan.pixels * plan.channels;
    let out_size = images * plan.out_pixels * plan.outputs;
    let work = |task: usize, gradient: Option<&[f32]>, by_image: &mut [f32]| {
        let behind = norm.map(|norm| NormBehind {
            input: part(norm.input, task, out_size),
            ..norm
        });
        let image = part(image, task, size);
        plan.backward_task(back.as_ref(), image, behind, gradient, by_image)
    };
    let sums: Vec<Vec<f32>> = match gradients {
        Backwards::WeightsOnly(gradient) => gradient
            .par_chunks(out_size)
            .enumerate()
            .map(|(task, gradient)| work(task, Some(gradient), &mut []))
            .collect(),
        Backwards::Apart { gradient, by_image } => by_image
            .par_chunks_mut(size)
            .zip(gradient.par_chunks(out_size))
            .enumerate()
            .map(|(task, (by_image, gradient))| work(task, Some(gradient), by_image))
            .collect(),
        Backwards::InPlace(gradient) => gradient
            .par_chunks_mut(size)
            .enumerate()
            .map(|(task, gradient)| work(task, None, gradient))
            .collect(),
    };
    let mut tasks = sums.into_iter();
    let mut total = tasks.next().unwrap_or_default();
    for task in tasks {
        for (total, value) in total.iter_mut().zip(task) {
            *total += value;
        }
    }
    let (dense, taps) = total.split_at(plan.dense_sums());
    WeightGradients {
        depthwise: matches!(plan.unit.rows, Rows::Depthwise(_)).then(|| {
            let mut weights = vec![0.0; plan.channels * plan.unit.taps()];
            depthwise::by_channels(taps, plan.unit.taps(), &mut weights);
            weights
        }),
        dense: plan.matrix.as_ref().map(|_| plan.dense_weights(dense)),
    }
}

/// A task's part of values of which each task has `size`.
fn part(values: &[f32], task: usize, size: usize) -> &[f32] {
    &values[task * size..((task + 1) * size).min(values.len())]
}

impl Plan {
    /// How many sums the dense weights' gradient takes.
    fn dense_sums(&self) -> usize {
        match self.matrix {
            Some(_) => padded(self.outputs) * padded(self.inner),
            None => 0,
        }
    }

    /// The sums of some images: those of the dense weights, then those of the depthwise ones.
    fn backward_task(
        &self,
        back: Option<&Panels>,
        image: &[f32],
        norm: Option<NormBehind<'_>>,
        incoming: Option<&[f32]>,
        by_image: &mut [f32],
    ) -> Vec<f32> {
        let mut sums = vec![0.0; self.dense_sums() + self.taps.len()];
        let (dense, taps) = sums.split_at_mut(self.dense_sums());
        let group = self.images_of_a_group() * self.out_pixels;
        let back_plane = match self.unit.rows {
            Rows::Depthwise(window) if !by_image.is_empty() => ImageGradient::plane(&window).len(),
            _ => 0,
        };
        let lengths = [
            self.plane_length(),
            back_plane,
            self.rows_length(),
            group * padded(self.outputs),
            self.rows_length(),
        ];
        scratch::with(lengths, |[plane, back_plane, rows, gradient, by_rows]| {
            run(Backward {
                plan: self,
                back,
                image,
                norm,
                incoming,
                plane,
                back_plane,
                rows,
                gradient,
                by_rows,
                by_image,
                dense,
                taps,
            });
        });
        sums
    }
}

impl Plan {
    /// `[output, channel, tap]` from `[output, (tap, channel)]` with padding.
    fn dense_weights(&self, sums: &[f32]) -> Vec<f32> {
        let (channels, spatial) = (self.channels, self.inner / self.channels);
        let mut weights = recycled::values(self.outputs * self.inner);
        let rows = sums.chunks_exact(padded(self.inner));
        for (row, target) in rows.zip(weights.chunks_exact_mut(self.inner)) {
            for (k, &value) in row[..self.inner].iter().enumerate() {
                target[k % channels * spatial + k / channels] = value;
            }
        }
        weights
    }
}

struct Backward<'a> {
    plan: &'a Plan,
    back: Option<&'a Panels>,
    image: &'a [f32],
    norm: Option<NormBehind<'a>>,
    /// The gradient by the output; without it, `by_image` holds it at first.
    incoming: Option<&'a [f32]>,
    plane: &'a mut [f32],
    back_plane: &'a mut [f32],
    rows: &'a mut [f32],
    gradient: &'a mut [f32],
    by_rows: &'a mut [f32],
    by_image: &'a mut [f32],
    dense: &'a mut [f32],
    taps: &'a mut [f32],
}

impl ByLanes for Backward<'_> {
    fn is_whole(&self) -> bool {
        self.plan.is_whole()
    }

    #[inline(always)]
    fn work<const FUSED: bool, const WHOLE: bool>(self) {
        let plan = self.plan;
        self.plane.fill(0.0);
        self.back_plane.fill(0.0);
        let group = plan.images_of_a_group();
        let size = plan.pixels * plan.channels;
        let out_size = plan.out_pixels * plan.outputs;
        let (stride, out_stride) = (padded(plan.inner), padded(plan.outputs));
        let wants_image = !self.by_image.is_empty();
        let count = self.image.len() / size;
        let mut first = 0;
        while first < count {
            let last = (first + group).min(count);
            let pixels = (last - first) * plan.out_pixels;
            let image = &self.image[first * size..last * size];
            let by_image = if wants_image {
                &mut self.by_image[first * size..last * size]
            } else {
                &mut []
            };
            let range = first * out_size..last * out_size;
            let incoming = match self.incoming {
                Some(incoming) => &incoming[range.clone()],
                None => &*by_image,
            };
            match self.norm {
                Some(norm) => norm.by_input.write::<FUSED, WHOLE>(
                    incoming,
                    &norm.input[range],
                    plan.outputs,
                    self.gradient,
                ),
                None => pad_channels::<WHOLE>(incoming, plan.outputs, self.gradient),
            }
            let gradient: &[f32] = self.gradient;
            let by_rows: &[f32] = match self.back {
                None => gradient,
                Some(back) => {
                    let (rows, _) = plan.stored_rows::<FUSED, WHOLE>(image, self.plane, self.rows);
                    outer::<FUSED>(gradient, out_stride, rows, stride, pixels, self.dense);
                    if plan.unit.rows == Rows::Pixels {
                        if wants_image {
                            let mut sink = Pixels::<WHOLE> {
                                target: by_image,
                                channels: plan.channels,
                            };
                            if plan.unit.relu {
                                let mut sink = Masked {
                                    pixels: sink,
                                    image,
                                };
                                back.product::<FUSED>(gradient, out_stride, pixels, &mut sink);
                            } else {
                                back.product::<FUSED>(gradient, out_stride, pixels, &mut sink);
                            }
                        }
                        first = last;
                        continue;
                    }
                    // Nobody asks what an image gets that needs no gradient: the first layer's.
                    if !wants_image && matches!(plan.unit.rows, Rows::Patches(_)) {
                        first = last;
                        continue;
                    }
                    let mut sink = Pixels::<true> {
                        target: &mut *self.by_rows,
                        channels: stride,
                    };
                    back.product::<FUSED>(gradient, out_stride, pixels, &mut sink);
                    self.by_rows
                }
            };
            match plan.unit.rows {
                Rows::Pixels if wants_image => {
                    spread::<WHOLE>(by_rows, stride, plan, image, by_image);
                }
                Rows::Pixels => {}
                Rows::Depthwise(window) => {
                    for number in 0..last - first {
                        let image = &image[number * size..(number + 1) * size];
                        let by_image = if wants_image {
                            &mut by_image[number * size..(number + 1) * size]
                        } else {
                            &mut []
                        };
                        let by_rows = &by_rows[number * plan.out_pixels * stride..];
                        plan.depthwise_gradients::<FUSED, WHOLE>(
                            &window,
                            image,
                            by_rows,
                            self.plane,
                            self.back_plane,
                            by_image,
                            self.taps,
                        );
                    }
                }
                Rows::Patches(window) if wants_image => {
                    by_image.fill(0.0);
                    for number in 0..last - first {
                        let image = &image[number * size..(number + 1) * size];
                        let by_image = &mut by_image[number * size..(number + 1) * size];
                        let by_rows = &by_rows[number * plan.out_pixels * stride..]
                            [..plan.out_pixels * stride];
                        patches::scatter(by_rows, stride, plan.channels, &window, by_image);
                        if plan.unit.relu {
                            for (gradient, &value) in by_image.iter_mut().zip(image) {
                                *gradient = if value > 0.0 { *gradient } else { 0.0 };
                            }
                        }
                    }
                }
                Rows::Patches(_) => {}
            }
            first = last;
        }
    }
}

/// `[pixel, padded channel]` from `[pixel, channel]`.
#[inline(always)]
fn pad_channels<const WHOLE: bool>(values: &[f32], channels: usize, target: &mut [f32]) {
    let mut sink = Pixels::<true> {
        target,
        channels: padded(channels),
    };
    for pixel in 0..values.len() / channels {
        for block in 0..blocks_of(channels) {
            let first = block * LANES;
            let count = LANES.min(channels - first);
            let lanes = load::<WHOLE>(values, pixel * channels + first, count);
            sink.put(pixel, block, &lanes);
        }
    }
}

/// The gradient by an image of which the unit took the ReLU, or nothing but the batch norm.
#[inline(always)]
fn spread<const WHOLE: bool>(
    by_rows: &[f32],
    stride: usize,
    plan: &Plan,
    image: &[f32],
    by_image: &mut [f32],
) {
    let pixels = image.len() / plan.channels;
    let mut sink = Pixels::<WHOLE> {
        target: by_image,
        channels: plan.channels,
    };
    if plan.unit.relu {
        let mut sink = Masked {
            pixels: sink,
            image,
        };
        each(by_rows, stride, pixels, &mut sink);
    } else {
        each(by_rows, stride, pixels, &mut sink);
    }
}

#[inline(always)]
fn each(rows: &[f32], stride: usize, pixels: usize, sink: &mut impl Sink) {
    for pixel in 0..pixels {
        for block in 0..stride / LANES {
            let values: Lanes = load::<true>(rows, pixel * stride + block * LANES, LANES);
            sink.put(pixel, block, &values);
        }
    }
}

impl Plan {
    /// Adds one image's gradient by the depthwise weights, and gives the one by the image.
    #[inline(always)]
    fn depthwise_gradients<const FUSED: bool, const WHOLE: bool>(
        &self,
        window: &Window,
        image: &[f32],
        by_rows: &[f32],
        plane: &mut [f32],
        back_plane: &mut [f32],
        by_image: &mut [f32],
        sums: &mut [f32],
    ) {
        let channels = self.channels;
        let stride = padded(channels);
        let at = Plane::of_image(window);
        let size = [window.height, window.width];
        let per_block = window.taps() * LANES;
        for block in 0..blocks_of(channels) {
            let of_block = block * per_block..(block + 1) * per_block;
            depthwise::pad::<WHOLE>(image, channels, block, size, self.unit.relu, at, plane);
            depthwise::weight_gradient::<FUSED>(
                plane,
                at,
                by_rows,
                stride,
                block,
                window,
                &mut sums[of_block.clone()],
            );
            if by_image.is_empty() {
                continue;
            }
            let gradient = ImageGradient {
                window,
                weights: &self.taps[of_block.clone()],
                turned: &self.turned[of_block],
                gradient: by_rows,
                stride,
                block,
                at: ImageGradient::plane(window),
                plane: back_plane,
            };
            let mut sink = Pixels::<WHOLE> {
                target: &mut *by_image,
                channels,
            };
            if self.unit.relu {
                let mut sink = Masked {
                    pixels: sink,
                    image,
                };
                gradient.run::<FUSED>(&mut sink);
            } else {
                gradient.run::<FUSED>(&mut sink);
            }
        }
    }
}
