//! Pooling and its gradients. Images are `[images, height, width, channels]`.

use burn::backend::TensorMetadata as _;
use burn::tensor::DType;
use burn_cubecl::CubeBackend;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::launch::{Taps, element, empty, empty_like, lanes, single, threads};
use super::optional::{Factors, Optional, added, given, multiplied, optional};
use super::place::place_of;
use super::whole::{is_whole, whole_average_gradient_kernel, whole_average_kernel};
use crate::operations::Epilogue;
use crate::pooling::Pooling;
use crate::window::Window;

/// One thread for each vector of the output: the mean of the pixels inside the image.
#[cube(launch)]
fn average_kernel<F: Float, N: Size>(
    image: &Tensor<Vector<F, N>>,
    factors: &Factors,
    plus: &Optional<F, N>,
    output: &mut Tensor<Vector<F, N>>,
    #[comptime] taps: Taps,
    #[comptime] _given: u32,
    #[define(F)] _dtype: ElemType,
) {
    if ABSOLUTE_POS >= output.len() {
        terminate!();
    }
    let channels = output.shape(3) / output.vector_size();
    let own = place_of(ABSOLUTE_POS, output.shape(1), output.shape(2), channels);
    let height = image.shape(1) as i32;
    let width = image.shape(2) as i32;
    let mut sum = Vector::<f32, N>::zeroed();
    let mut count = f32::new(0.0);
    #[unroll]
    for row in 0..taps.rows {
        let image_y = (own.y as u32 * taps.down + row * taps.dilation) as i32 - taps.above;
        if image_y >= 0 && image_y < height {
            let base = (own.image * image.shape(1) + image_y as usize) * image.shape(2);
            #[unroll]
            for column in 0..taps.columns {
                let image_x =
                    (own.x as u32 * taps.right + column * taps.dilation) as i32 - taps.left;
                if image_x >= 0 && image_x < width {
                    let place = (base + image_x as usize) * own.channels + own.channel;
                    sum += Vector::cast_from(image[place]);
                    count += f32::new(1.0);
                }
            }
        }
    }
    let mean = multiplied::<N>(sum / Vector::new(count), factors, own.image);
    output[ABSOLUTE_POS] = Vector::cast_from(added::<F, N>(mean, plus, ABSOLUTE_POS));
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

/// One thread for each vector of the image.
#[cube(launch)]
fn average_gradient_kernel<F: Float, N: Size>(
    gradient: &Tensor<Vector<F, N>>,
    factors: &Factors,
    onto: &Optional<F, N>,
    image: &mut Tensor<Vector<F, N>>,
    #[comptime] taps: Taps,
    #[comptime] _given: u32,
    #[define(F)] _dtype: ElemType,
) {
    if ABSOLUTE_POS >= image.len() {
        terminate!();
    }
    let channels = image.shape(3) / image.vector_size();
    let own = place_of(ABSOLUTE_POS, image.shape(1), image.shape(2), channels);
    let height = gradient.shape(1) as i32;
    let width = gradient.shape(2) as i32;
    let down = taps.down as i32;
    let right = taps.right as i32;
    let mut sum = Vector::<f32, N>::zeroed();
    #[unroll]
    for row in 0..taps.rows {
        let from_top = own.y as i32 + taps.above - (row * taps.dilation) as i32;
        if from_top >= 0 && from_top % down == 0 && from_top / down < height {
            let high = inside(
                from_top - taps.above,
                image.shape(1) as i32,
                taps.rows,
                taps.dilation,
            );
            #[unroll]
            for column in 0..taps.columns {
                let from_left = own.x as i32 + taps.left - (column * taps.dilation) as i32;
                if from_left >= 0 && from_left % right == 0 && from_left / right < width {
                    let wide = inside(
                        from_left - taps.left,
                        image.shape(2) as i32,
                        taps.columns,
                        taps.dilation,
                    );
                    let line = own.image * gradient.shape(1) + (from_top / down) as usize;
                    let pixel = line * gradient.shape(2) + (from_left / right) as usize;
                    let value = Vector::cast_from(gradient[pixel * own.channels + own.channel]);
                    sum += value / Vector::new(f32::cast_from(high * wide));
                }
            }
        }
    }
    let sum = multiplied::<N>(sum, factors, own.image);
    image[ABSOLUTE_POS] = Vector::cast_from(added::<F, N>(sum, onto, ABSOLUTE_POS));
}

/// One thread for each vector of the output: the largest values (or the smallest), and the taps that see them first.
/// NaN counts as the largest and as the smallest.
#[cube(launch)]
fn extreme_kernel<F: Float, N: Size>(
    image: &Tensor<Vector<F, N>>,
    factors: &Factors,
    plus: &Optional<F, N>,
    output: &mut Tensor<Vector<F, N>>,
    taken: &mut Tensor<Vector<u32, N>>,
    #[comptime] taps: Taps,
    #[comptime] smallest: bool,
    #[comptime] _given: u32,
    #[define(F)] _dtype: ElemType,
) {
    if ABSOLUTE_POS >= output.len() {
        terminate!();
    }
    let channels = output.shape(3) / output.vector_size();
    let own = place_of(ABSOLUTE_POS, output.shape(1), output.shape(2), channels);
    let height = image.shape(1) as i32;
    let width = image.shape(2) as i32;
    let mut best = Vector::<f32, N>::zeroed();
    let none = Vector::<u32, N>::new(comptime!(taps.rows * taps.columns).runtime());
    let mut from = none;
    #[unroll]
    for row in 0..taps.rows {
        let image_y = (own.y as u32 * taps.down + row * taps.dilation) as i32 - taps.above;
        if image_y >= 0 && image_y < height {
            let base = (own.image * image.shape(1) + image_y as usize) * image.shape(2);
            #[unroll]
            for column in 0..taps.columns {
                let image_x =
                    (own.x as u32 * taps.right + column * taps.dilation) as i32 - taps.left;
                if image_x >= 0 && image_x < width {
                    let place = (base + image_x as usize) * own.channels + own.channel;
                    let value = Vector::<f32, N>::cast_from(image[place]);
                    let beats = if comptime!(smallest) {
                        value.less_than(&best)
                    } else {
                        value.greater_than(&best)
                    };
                    let is_first_nan = value.not_equal(&value).vec_and(best.equal(&best));
                    let takes = from.equal(&none).or(beats).or(is_first_nan);
                    best = select_many(takes, value, best);
                    let tap = comptime!(row * taps.columns + column).runtime();
                    from = select_many(takes, Vector::new(tap), from);
                }
            }
        }
    }
    let value = multiplied::<N>(best, factors, own.image);
    output[ABSOLUTE_POS] = Vector::cast_from(added::<F, N>(value, plus, ABSOLUTE_POS));
    taken[ABSOLUTE_POS] = from;
}

/// One thread for each vector of the image, which gathers from the outputs that have taken it.
#[cube(launch)]
fn extreme_gradient_kernel<F: Float, N: Size>(
    gradient: &Tensor<Vector<F, N>>,
    taken: &Tensor<Vector<u32, N>>,
    factors: &Factors,
    onto: &Optional<F, N>,
    image: &mut Tensor<Vector<F, N>>,
    #[comptime] taps: Taps,
    #[comptime] _given: u32,
    #[define(F)] _dtype: ElemType,
) {
    if ABSOLUTE_POS >= image.len() {
        terminate!();
    }
    let channels = image.shape(3) / image.vector_size();
    let own = place_of(ABSOLUTE_POS, image.shape(1), image.shape(2), channels);
    let height = gradient.shape(1) as i32;
    let width = gradient.shape(2) as i32;
    let down = taps.down as i32;
    let right = taps.right as i32;
    let mut sum = Vector::<f32, N>::zeroed();
    #[unroll]
    for row in 0..taps.rows {
        let from_top = own.y as i32 + taps.above - (row * taps.dilation) as i32;
        if from_top >= 0 && from_top % down == 0 && from_top / down < height {
            #[unroll]
            for column in 0..taps.columns {
                let from_left = own.x as i32 + taps.left - (column * taps.dilation) as i32;
                if from_left >= 0 && from_left % right == 0 && from_left / right < width {
                    let line = own.image * gradient.shape(1) + (from_top / down) as usize;
                    let pixel = line * gradient.shape(2) + (from_left / right) as usize;
                    let place = pixel * own.channels + own.channel;
                    let tap = comptime!(row * taps.columns + column).runtime();
                    let is_taken = taken[place].equal(&Vector::new(tap));
                    let value = Vector::cast_from(gradient[place]);
                    sum += select_many(is_taken, value, Vector::zeroed());
                }
            }
        }
    }
    let sum = multiplied::<N>(sum, factors, own.image);
    image[ABSOLUTE_POS] = Vector::cast_from(added::<F, N>(sum, onto, ABSOLUTE_POS));
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
    let output = empty_like(&image, out);
    let client = image.client.clone();
    let lanes = lanes(channels);
    let (count, dim) = threads(&output, out.iter().product::<usize>() / lanes);
    let image = image.into_tensor_arg();
    let factors = epilogue.factors.map(single);
    let has = given([&factors, &epilogue.plus]);
    let scaled = optional(factors.clone());
    let taps = Taps::of(window);
    let written = output.clone().into_tensor_arg();
    let dtype = element(&output);
    let taken = match take {
        Pooling::Average if is_whole(window) => {
            whole_average_kernel::launch(
                &client,
                count,
                dim,
                lanes,
                image,
                scaled,
                optional(epilogue.plus),
                written,
                has,
                dtype,
            );
            None
        }
        Pooling::Average => {
            average_kernel::launch(
                &client,
                count,
                dim,
                lanes,
                image,
                scaled,
                optional(epilogue.plus),
                written,
                taps,
                has,
                dtype,
            );
            None
        }
        Pooling::Max | Pooling::Min => {
            let taken = empty(&output, out, DType::U32);
            extreme_kernel::launch(
                &client,
                count,
                dim,
                lanes,
                image,
                scaled,
                optional(epilogue.plus),
                written,
                taken.clone().into_tensor_arg(),
                taps,
                take == Pooling::Min,
                has,
                dtype,
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
    let by_image = empty_like(&gradient, saved.shape);
    let client = gradient.client.clone();
    let [.., channels] = saved.shape;
    let lanes = lanes(channels);
    let (count, dim) = threads(&by_image, saved.shape.iter().product::<usize>() / lanes);
    let output = by_image.clone().into_tensor_arg();
    let taps = Taps::of(&saved.window);
    let has = given([&saved.factors, &onto]);
    let factors = optional(saved.factors);
    let dtype = element(&by_image);
    match saved.taken {
        None if is_whole(&saved.window) => whole_average_gradient_kernel::launch(
            &client,
            count,
            dim,
            lanes,
            gradient.into_buffer_arg(),
            factors,
            optional(onto),
            output,
            has,
            dtype,
        ),
        None => average_gradient_kernel::launch(
            &client,
            count,
            dim,
            lanes,
            gradient.into_tensor_arg(),
            factors,
            optional(onto),
            output,
            taps,
            has,
            dtype,
        ),
        Some(taken) => extreme_gradient_kernel::launch(
            &client,
            count,
            dim,
            lanes,
            gradient.into_tensor_arg(),
            taken.into_tensor_arg(),
            factors,
            optional(onto),
            output,
            taps,
            has,
            dtype,
        ),
    }
    by_image
}
