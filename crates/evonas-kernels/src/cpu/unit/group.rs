//! The gradients of a group of images.

use super::forward::Images;
use super::plan::{Plan, Way};
use crate::cpu::channels;
use crate::cpu::depthwise::{PlaneConvolution, Shape, WeightGradient};
use crate::cpu::flat;
use crate::cpu::matrix::{Outer, Panels, Product};
use crate::cpu::target::Target;
use crate::cpu::vector::{padded, run};

/// What the backward pass of a unit needs besides its plan.
pub(super) struct Back {
    matrix: Option<Panels>,
    /// The shape of the depthwise convolution.
    pub(super) shape: Option<Shape>,
    /// Its weights in the order in which it uses them.
    taps: Vec<f32>,
}

impl Back {
    pub(super) fn new(plan: &Plan, wants_image: bool) -> Self {
        let (shape, taps) = match &plan.way {
            Way::Depthwise { window, taps, .. } if wants_image => {
                let shape = Shape::backward(window);
                let taps = shape.ordered(taps);
                (Some(shape), taps)
            }
            _ => (None, Vec::new()),
        };
        Self {
            matrix: plan.matrix.as_ref().map(Panels::transposed),
            shape,
            taps,
        }
    }
}

/// The buffers for the gradients of a group of images.
pub(super) struct Group<'a> {
    pub(super) plan: &'a Plan,
    pub(super) back: &'a Back,
    pub(super) plane: &'a mut [f32],
    pub(super) back_plane: &'a mut [f32],
    pub(super) rows: &'a mut [f32],
    pub(super) by_rows: &'a mut [f32],
    /// The gradient by the images with channels that fill whole lanes, if theirs don't.
    pub(super) by_copy: &'a mut [f32],
    /// The sums over all groups.
    pub(super) dense: &'a mut [f32],
    pub(super) taps: &'a mut [f32],
}

impl Group<'_> {
    /// Adds up the gradients by the weights and, unless `by_images` is empty, writes those by the images.
    pub(super) fn work(&mut self, images: Images<'_>, gradient: &[f32], by_images: &mut [f32]) {
        let Self { plan, back, .. } = *self;
        let stride = padded(plan.channels);
        let pixels = gradient.len() / padded(plan.outputs);
        let wants_images = !by_images.is_empty();
        let mask = plan.unit.relu.then_some(images.whole);
        let copies = wants_images && plan.copies_images();
        let copy: &mut [f32] = match copies {
            true => &mut self.by_copy[..images.whole.len()],
            false => &mut [],
        };
        let target = Target {
            values: match copies {
                true => &mut *copy,
                false => &mut *by_images,
            },
            stride,
            mask,
        };
        match &plan.way {
            Way::Pixels => {
                if plan.matrix.is_some() {
                    plan.outer(gradient, images.whole, plan.unit.relu, self.dense);
                }
                if wants_images {
                    back.by_pixels(plan, gradient, pixels, target);
                }
            }
            Way::Depthwise {
                window,
                shape,
                taps,
            } => {
                let by_rows = back.by_rows(plan, gradient, pixels, self.by_rows);
                let rows = &mut self.rows[..pixels * stride];
                run(WeightGradient {
                    window,
                    shape,
                    relu: plan.unit.relu,
                    weights: taps,
                    images: images.whole,
                    gradient: by_rows,
                    stride,
                    plane: self.plane,
                    by_weights: self.taps,
                    sums: plan.matrix.is_some().then_some(&mut *rows),
                });
                if plan.matrix.is_some() {
                    plan.outer(gradient, rows, false, self.dense);
                }
                if let Some(shape) = &back.shape {
                    run(PlaneConvolution {
                        shape,
                        relu: false,
                        weights: &back.taps,
                        images: by_rows,
                        plane: self.back_plane,
                        target,
                    });
                }
            }
            Way::Patches(patches) => {
                let rows = plan.rows(images, pixels, self.plane, self.rows);
                plan.outer(gradient, rows, false, self.dense);
                // The image of the first layer needs no gradient.
                if wants_images {
                    let by_rows = back.by_rows(plan, gradient, pixels, self.by_rows);
                    patches.scatter(by_rows, mask, self.plane, target.values);
                }
            }
        }
        if copies {
            channels::unpad(copy, plan.channels, by_images);
        }
    }
}

impl Plan {
    /// Adds up the gradient by the dense weights.
    fn outer(&self, gradient: &[f32], rows: &[f32], relu: bool, sums: &mut [f32]) {
        run(Outer {
            left: gradient,
            left_stride: padded(self.outputs),
            right: rows,
            right_stride: padded(self.inner),
            relu,
            sums,
        });
    }
}

impl Back {
    /// The gradient by the rows from the gradient by the outputs.
    fn by_rows<'a>(
        &self,
        plan: &Plan,
        gradient: &'a [f32],
        pixels: usize,
        rows: &'a mut [f32],
    ) -> &'a [f32] {
        let Some(matrix) = &self.matrix else {
            return gradient;
        };
        let stride = padded(plan.inner);
        let rows = &mut rows[..pixels * stride];
        run(Product {
            matrix,
            rows: gradient,
            stride: padded(plan.outputs),
            pixels,
            target: Target {
                values: rows,
                stride,
                mask: None,
            },
        });
        rows
    }

    /// The gradient by images whose pixels are the rows.
    fn by_pixels(&self, plan: &Plan, gradient: &[f32], pixels: usize, target: Target<'_>) {
        match (&self.matrix, target.mask) {
            (Some(matrix), _) => run(Product {
                matrix,
                rows: gradient,
                stride: padded(plan.outputs),
                pixels,
                target,
            }),
            (None, Some(mask)) => flat::mask(gradient, mask, target.values),
            (None, None) => target.values.copy_from_slice(gradient),
        }
    }
}
