//! The backward pass of a unit.

use rayon::prelude::*;

use super::group::{Back, Group};
use super::plan::{Plan, Way};
use crate::cpu::depthwise::{self, Shape};
use crate::cpu::flat::Combination;
use crate::cpu::recycled::{self, Memory};
use crate::cpu::vector::padded;
use crate::cpu::{channels, scratch};

/// The batch norm that follows the unit.
#[derive(Clone, Copy)]
pub(in crate::cpu) struct FollowingNorm<'a> {
    /// Its input, the unit's output.
    pub(in crate::cpu) input: &'a [f32],
    /// How the gradient by this input follows from it and from the gradient by batch norm's output.
    pub(in crate::cpu) by_input: &'a Combination,
}

/// The gradient by the output (of batch norm, if there is one), and where the gradient by the image is
/// written.
pub(in crate::cpu) enum Backwards<'a> {
    /// The gradient by the image isn't needed.
    WeightsOnly(&'a [f32]),
    /// It has memory of its own.
    Apart {
        gradient: &'a [f32],
        by_image: &'a mut [f32],
    },
    /// It overwrites the gradient by the output, which has the same size.
    InPlace(&'a mut [f32]),
}

/// The gradients of a unit's weights.
pub(in crate::cpu) struct WeightGradients {
    /// `[channel, tap]`
    pub(in crate::cpu) depthwise: Option<Memory>,
    /// `[output, channel, tap]`
    pub(in crate::cpu) dense: Option<Memory>,
}

/// Computes the gradients by the weights and, if needed, by the image.
pub(in crate::cpu) fn backward(
    plan: &Plan,
    image: &[f32],
    norm: Option<FollowingNorm<'_>>,
    gradients: Backwards<'_>,
) -> WeightGradients {
    let wants_image = !matches!(gradients, Backwards::WeightsOnly(_));
    let back = Back::new(plan, wants_image);
    let images = plan.images_of_a_task;
    let size = images * plan.pixels * plan.channels;
    let out_size = images * plan.out_pixels * plan.outputs;
    let work = |task: usize, gradient: Option<&[f32]>, by_image: &mut [f32]| {
        let following = norm.map(|norm| FollowingNorm {
            input: part(norm.input, task, out_size),
            ..norm
        });
        let image = part(image, task, size);
        plan.backward_task(&back, image, following, gradient, by_image)
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
        depthwise: matches!(plan.way, Way::Depthwise { .. }).then(|| {
            let mut weights = vec![0.0; plan.channels * plan.unit.taps()];
            depthwise::by_channels(taps, plan.unit.taps(), &mut weights);
            weights.into()
        }),
        dense: plan.matrix.as_ref().map(|_| plan.dense_weights(dense)),
    }
}

/// The part of one task in values of which each task has `size`.
fn part(values: &[f32], task: usize, size: usize) -> &[f32] {
    &values[task * size..((task + 1) * size).min(values.len())]
}

impl Plan {
    /// The number of sums in the gradient by the dense weights.
    fn dense_sums(&self) -> usize {
        match self.matrix {
            Some(_) => padded(self.outputs) * padded(self.inner),
            None => 0,
        }
    }

    /// The sums over some images: those of the dense weights, then those of the depthwise ones.
    fn backward_task(
        &self,
        back: &Back,
        images: &[f32],
        norm: Option<FollowingNorm<'_>>,
        incoming: Option<&[f32]>,
        by_images: &mut [f32],
    ) -> Vec<f32> {
        let mut sums = vec![0.0; self.dense_sums() + self.way.taps().len()];
        let (dense, taps) = sums.split_at_mut(self.dense_sums());
        let wants_images = !by_images.is_empty();
        let [group, out_group] = self.group();
        let lengths = [
            self.plane_length(),
            back.shape.as_ref().map_or(0, Shape::plane),
            self.rows_length(),
            out_group * padded(self.outputs),
            self.rows_length(),
            self.copied_images(),
            self.copied_images(),
            self.copied_outputs(),
        ];
        scratch::with(lengths, |buffers| {
            let [
                plane,
                back_plane,
                rows,
                gradient,
                by_rows,
                image_copy,
                by_copy,
                combined,
            ] = buffers;
            let mut group_of = Group {
                plan: self,
                back,
                plane,
                back_plane,
                rows,
                by_rows,
                by_copy,
                dense,
                taps,
            };
            let out_size = out_group * self.outputs;
            for (number, images) in images.chunks(group * self.channels).enumerate() {
                let start = number * group * self.channels;
                let by_images = match wants_images {
                    true => &mut by_images[start..start + images.len()],
                    false => &mut [],
                };
                let incoming = match incoming {
                    Some(incoming) => part(incoming, number, out_size),
                    None => &*by_images,
                };
                let norm = norm.map(|norm| FollowingNorm {
                    input: part(norm.input, number, out_size),
                    ..norm
                });
                let pixels = incoming.len() / self.outputs;
                let gradient = &mut gradient[..pixels * padded(self.outputs)];
                self.by_outputs(norm, incoming, combined, gradient);
                let images = self.whole(images, image_copy);
                group_of.work(images, gradient, by_images);
            }
        });
        sums
    }

    /// The gradient by a group's outputs, with channels that fill whole lanes.
    fn by_outputs(
        &self,
        norm: Option<FollowingNorm<'_>>,
        incoming: &[f32],
        combined: &mut [f32],
        target: &mut [f32],
    ) {
        match (norm, self.copies_outputs()) {
            (Some(norm), false) => norm.by_input.apply(incoming, norm.input, target),
            (Some(norm), true) => {
                let combined = &mut combined[..incoming.len()];
                norm.by_input.apply(incoming, norm.input, combined);
                channels::pad(combined, self.outputs, target);
            }
            (None, false) => target.copy_from_slice(incoming),
            (None, true) => channels::pad(incoming, self.outputs, target),
        }
    }

    /// `[output, channel, tap]` from `[output, (tap, channel)]` with padding.
    fn dense_weights(&self, sums: &[f32]) -> Memory {
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
