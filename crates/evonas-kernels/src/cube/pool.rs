//! Pooling and its gradients. Images are `[images, height, width, channels]`.

// NaN differs from itself.
#![allow(clippy::eq_op)]

use burn::backend::TensorMetadata as _;
use burn::tensor::DType;
use burn_cubecl::CubeBackend;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::launch::{Taps, contiguous, empty, threads};
use super::optional::{Optional, added, multiplied, optional};
use crate::operations::Epilogue;
use crate::pooling::Pooling;
use crate::window::Window;

/// One thread for each output: the mean of the pixels inside the image.
#[cube(launch)]
fn average_kernel(
    image: &Tensor<f32>,
    factors: &Optional,
    plus: &Optional,
    output: &mut Tensor<f32>,
    #[comptime] taps: Taps,
) {
    if ABSOLUTE_POS >= output.len() {
        terminate!();
    }
    let channels = output.shape(3);
    let channel = ABSOLUTE_POS % channels;
    let pixel = ABSOLUTE_POS / channels;
    let x = pixel % output.shape(2);
    let line = pixel / output.shape(2);
    let y = line % output.shape(1);
    let number = line / output.shape(1);
    let height = image.shape(1) as i32;
    let width = image.shape(2) as i32;
    let mut sum = f32::new(0.0);
    let mut count = f32::new(0.0);
    #[unroll]
    for row in 0..taps.rows {
        let image_y = (y as u32 * taps.down + row * taps.dilation) as i32 - taps.above;
        if image_y >= 0 && image_y < height {
            let base = (number * image.shape(1) + image_y as usize) * image.shape(2);
            #[unroll]
            for column in 0..taps.columns {
                let image_x = (x as u32 * taps.right + column * taps.dilation) as i32 - taps.left;
                if image_x >= 0 && image_x < width {
                    sum += image[(base + image_x as usize) * channels + channel];
                    count += f32::new(1.0);
                }
            }
        }
    }
    let mean = multiplied(sum / count, factors, number);
    output[ABSOLUTE_POS] = added(mean, plus, ABSOLUTE_POS);
}

/// How many of `size` neighboring places, from `first`, are inside an axis of this length.
#[cube]
fn inside(first: i32, length: i32, #[comptime] size: u32, #[comptime] dilation: u32) -> i32 {
    let mut count = 0i32;
    #[unroll]
    for step in 0..size {
        let place = first + comptime!((step * dilation) as i32);
        if place >= 0 && place < length {
            count += 1;
        }
    }
    count
}

/// One thread for each value of the image.
#[cube(launch)]
fn average_gradient_kernel(
    gradient: &Tensor<f32>,
    factors: &Optional,
    onto: &Optional,
    image: &mut Tensor<f32>,
    #[comptime] taps: Taps,
) {
    if ABSOLUTE_POS >= image.len() {
        terminate!();
    }
    let channels = image.shape(3);
    let channel = ABSOLUTE_POS % channels;
    let pixel = ABSOLUTE_POS / channels;
    let x = pixel % image.shape(2);
    let line = pixel / image.shape(2);
    let y = line % image.shape(1);
    let number = line / image.shape(1);
    let height = gradient.shape(1) as i32;
    let width = gradient.shape(2) as i32;
    let down = taps.down as i32;
    let right = taps.right as i32;
    let mut sum = f32::new(0.0);
    #[unroll]
    for row in 0..taps.rows {
        let from_top = y as i32 + taps.above - (row * taps.dilation) as i32;
        if from_top >= 0 && from_top % down == 0 && from_top / down < height {
            let high = inside(
                from_top - taps.above,
                image.shape(1) as i32,
                taps.rows,
                taps.dilation,
            );
            #[unroll]
            for column in 0..taps.columns {
                let from_left = x as i32 + taps.left - (column * taps.dilation) as i32;
                if from_left >= 0 && from_left % right == 0 && from_left / right < width {
                    let wide = inside(
                        from_left - taps.left,
                        image.shape(2) as i32,
                        taps.columns,
                        taps.dilation,
                    );
                    let line = number * gradient.shape(1) + (from_top / down) as usize;
                    let place = line * gradient.shape(2) + (from_left / right) as usize;
                    sum += gradient[place * channels + channel] / f32::cast_from(high * wide);
                }
            }
        }
    }
    let sum = multiplied(sum, factors, number);
    image[ABSOLUTE_POS] = added(sum, onto, ABSOLUTE_POS);
}

/// One thread for each output: the largest value (or the smallest), and the tap that sees it first. NaN counts as
/// the largest and as the smallest.
#[cube(launch)]
fn extreme_kernel(
    image: &Tensor<f32>,
    factors: &Optional,
    plus: &Optional,
    output: &mut Tensor<f32>,
    taken: &mut Tensor<u32>,
    #[comptime] taps: Taps,
    #[comptime] smallest: bool,
) {
    if ABSOLUTE_POS >= output.len() {
        terminate!();
    }
    let channels = output.shape(3);
    let channel = ABSOLUTE_POS % channels;
    let pixel = ABSOLUTE_POS / channels;
    let x = pixel % output.shape(2);
    let line = pixel / output.shape(2);
    let y = line % output.shape(1);
    let number = line / output.shape(1);
    let height = image.shape(1) as i32;
    let width = image.shape(2) as i32;
    let mut best = f32::new(0.0);
    let none = comptime!(taps.rows * taps.columns);
    let mut from = none.runtime();
    #[unroll]
    for row in 0..taps.rows {
        let image_y = (y as u32 * taps.down + row * taps.dilation) as i32 - taps.above;
        if image_y >= 0 && image_y < height {
            let base = (number * image.shape(1) + image_y as usize) * image.shape(2);
            #[unroll]
            for column in 0..taps.columns {
                let image_x = (x as u32 * taps.right + column * taps.dilation) as i32 - taps.left;
                if image_x >= 0 && image_x < width {
                    let value = image[(base + image_x as usize) * channels + channel];
                    let beats = if comptime!(smallest) {
                        value < best
                    } else {
                        value > best
                    };
                    if from == none || beats || (value != value && best == best) {
                        best = value;
                        from = comptime!(row * taps.columns + column).runtime();
                    }
                }
            }
        }
    }
    let value = multiplied(best, factors, number);
    output[ABSOLUTE_POS] = added(value, plus, ABSOLUTE_POS);
    taken[ABSOLUTE_POS] = from;
}

/// One thread for each value of the image, which gathers from the outputs that have taken it.
#[cube(launch)]
fn extreme_gradient_kernel(
    gradient: &Tensor<f32>,
    taken: &Tensor<u32>,
    factors: &Optional,
    onto: &Optional,
    image: &mut Tensor<f32>,
    #[comptime] taps: Taps,
) {
    if ABSOLUTE_POS >= image.len() {
        terminate!();
    }
    let channels = image.shape(3);
    let channel = ABSOLUTE_POS % channels;
    let pixel = ABSOLUTE_POS / channels;
    let x = pixel % image.shape(2);
    let line = pixel / image.shape(2);
    let y = line % image.shape(1);
    let number = line / image.shape(1);
    let height = gradient.shape(1) as i32;
    let width = gradient.shape(2) as i32;
    let down = taps.down as i32;
    let right = taps.right as i32;
    let mut sum = f32::new(0.0);
    #[unroll]
    for row in 0..taps.rows {
        let from_top = y as i32 + taps.above - (row * taps.dilation) as i32;
        if from_top >= 0 && from_top % down == 0 && from_top / down < height {
            #[unroll]
            for column in 0..taps.columns {
                let from_left = x as i32 + taps.left - (column * taps.dilation) as i32;
                if from_left >= 0 && from_left % right == 0 && from_left / right < width {
                    let line = number * gradient.shape(1) + (from_top / down) as usize;
                    let pixel = line * gradient.shape(2) + (from_left / right) as usize;
                    let place = pixel * channels + channel;
                    if taken[place] == comptime!(row * taps.columns + column) {
                        sum += gradient[place];
                    }
                }
            }
        }
    }
    let sum = multiplied(sum, factors, number);
    image[ABSOLUTE_POS] = added(sum, onto, ABSOLUTE_POS);
}

/// What the gradient needs.
#[derive(Clone, Debug)]
pub(crate) struct Saved {
    shape: [usize; 4],
    window: Window,
    /// The tap that each output took; `None` for an average.
    taken: Option<CubeTensor>,
    /// The epilogue's.
    factors: Option<CubeTensor>,
}

pub(super) fn forward(
    image: CubeTensor,
    window: &Window,
    take: Pooling,
    epilogue: Epilogue<CubeBackend>,
) -> (CubeTensor, Saved) {
    let shape @ [images, _, _, channels] = image.shape().dims();
    let out = [images, window.out_height, window.out_width, channels];
    let output = empty(&image, out, DType::F32);
    let client = image.client.clone();
    let (count, dim) = threads(&output, out.iter().product());
    let image = image.into_tensor_arg();
    let factors = epilogue.factors.map(contiguous);
    let (scaled, plus) = (optional(factors.clone()), optional(epilogue.plus));
    let taps = Taps::of(window);
    let taken = match take {
        Pooling::Average => {
            average_kernel::launch(
                &client,
                count,
                dim,
                image,
                scaled,
                plus,
                output.clone().into_tensor_arg(),
                taps,
            );
            None
        }
        Pooling::Max | Pooling::Min => {
            let taken = empty(&output, out, DType::U32);
            extreme_kernel::launch(
                &client,
                count,
                dim,
                image,
                scaled,
                plus,
                output.clone().into_tensor_arg(),
                taken.clone().into_tensor_arg(),
                taps,
                take == Pooling::Min,
            );
            Some(taken)
        }
    };
    let saved = Saved {
        shape,
        window: *window,
        taken,
        factors,
    };
    (output, saved)
}

pub(super) fn backward(saved: Saved, gradient: CubeTensor, onto: Option<CubeTensor>) -> CubeTensor {
    let by_image = empty(&gradient, saved.shape, DType::F32);
    let client = gradient.client.clone();
    let (count, dim) = threads(&by_image, saved.shape.iter().product());
    let gradient = gradient.into_tensor_arg();
    let output = by_image.clone().into_tensor_arg();
    let taps = Taps::of(&saved.window);
    let (factors, onto) = (optional(saved.factors), optional(onto));
    match saved.taken {
        None => average_gradient_kernel::launch(
            &client, count, dim, gradient, factors, onto, output, taps,
        ),
        Some(taken) => extreme_gradient_kernel::launch(
            &client,
            count,
            dim,
            gradient,
            taken.into_tensor_arg(),
            factors,
            onto,
            output,
            taps,
        ),
    }
    by_image
}
