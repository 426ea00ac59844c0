//! A depthwise convolution and its gradients, in CubeCL.
//!
//! Sums are in single precision for images of any type. Like Burn's convolutions, these kernels store
//! the channels of a pixel together, and neighboring threads work on neighboring channels.

use burn::backend::TensorMetadata as _;
use burn::tensor::DType;
use burn_cubecl::ops::permute;
use burn_cubecl::tensor::CubeTensor;
use cubecl::ir::ElemType;
use cubecl::prelude::*;

use crate::cube::fold::folded;
use crate::cube::launch::{CHANNELS_FIRST, CHANNELS_LAST, element, empty, groups, threads};
use crate::window::Window;

/// The constants that a kernel is compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Taps {
    rows: u32,
    columns: u32,
    down: u32,
    right: u32,
    dilation: u32,
    above: i32,
    left: i32,
}

impl Taps {
    fn of(window: &Window) -> Self {
        let [rows, columns] = window.kernel.map(|size| size as u32);
        let [down, right] = window.stride.map(|step| step as u32);
        let [above, left] = window.before.map(|pixels| pixels as i32);
        Self {
            rows,
            columns,
            down,
            right,
            dilation: window.dilation as u32,
            above,
            left,
        }
    }
}

/// One thread for each value of the output: `image` and `output` are
/// `[images, height, width, channels]`, `weight` is `[channels, 1, rows, columns]`.
#[cube(launch)]
fn forward_kernel<E: Float>(
    image: &Tensor<E>,
    weight: &Tensor<E>,
    output: &mut Tensor<E>,
    #[comptime] taps: Taps,
    #[define(E)] _dtype: ElemType,
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
    let base = line / output.shape(1) * image.stride(0) + channel * image.stride(3);
    let height = image.shape(1) as i32;
    let width = image.shape(2) as i32;
    let mut sum = f32::new(0.0);
    #[unroll]
    for row in 0..taps.rows {
        let image_y = (y as u32 * taps.down + row * taps.dilation) as i32 - taps.above;
        if image_y >= 0 && image_y < height {
            #[unroll]
            for column in 0..taps.columns {
                let image_x = (x as u32 * taps.right + column * taps.dilation) as i32 - taps.left;
                if image_x >= 0 && image_x < width {
                    let value = image[base
                        + image_y as usize * image.stride(1)
                        + image_x as usize * image.stride(2)];
                    let tap = weight[channel * weight.stride(0)
                        + row as usize * weight.stride(2)
                        + column as usize * weight.stride(3)];
                    sum += f32::cast_from(value) * f32::cast_from(tap);
                }
            }
        }
    }
    output[ABSOLUTE_POS] = E::cast_from(sum);
}

/// One thread for each value of the image, which gathers from the outputs that have seen it.
#[cube(launch)]
fn image_gradient_kernel<E: Float>(
    gradient: &Tensor<E>,
    weight: &Tensor<E>,
    image: &mut Tensor<E>,
    #[comptime] taps: Taps,
    #[define(E)] _dtype: ElemType,
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
    let base = line / image.shape(1) * gradient.stride(0) + channel * gradient.stride(3);
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
                    let value = gradient[base
                        + (from_top / down) as usize * gradient.stride(1)
                        + (from_left / right) as usize * gradient.stride(2)];
                    let tap = weight[channel * weight.stride(0)
                        + row as usize * weight.stride(2)
                        + column as usize * weight.stride(3)];
                    sum += f32::cast_from(value) * f32::cast_from(tap);
                }
            }
        }
    }
    image[ABSOLUTE_POS] = E::cast_from(sum);
}

/// One thread for each channel and group of pixels: `sums` is `[groups, taps, channels]`.
#[cube(launch)]
fn weight_gradient_kernel<E: Float>(
    image: &Tensor<E>,
    gradient: &Tensor<E>,
    sums: &mut Tensor<f32>,
    #[comptime] taps: Taps,
    #[define(E)] _dtype: ElemType,
) {
    let channels = gradient.shape(3);
    let groups = sums.shape(0);
    if ABSOLUTE_POS >= groups * channels {
        terminate!();
    }
    let channel = ABSOLUTE_POS % channels;
    let group = ABSOLUTE_POS / channels;
    let height = image.shape(1) as i32;
    let width = image.shape(2) as i32;
    let count = comptime!((taps.rows * taps.columns) as usize);
    let mut own = Array::<f32>::new(count);
    #[unroll]
    for tap in 0..count {
        own[tap] = f32::new(0.0);
    }
    let pixels = gradient.shape(0) * gradient.shape(1) * gradient.shape(2);
    let mut pixel = group;
    while pixel < pixels {
        let x = pixel % gradient.shape(2);
        let line = pixel / gradient.shape(2);
        let y = line % gradient.shape(1);
        let number = line / gradient.shape(1);
        let value = f32::cast_from(
            gradient[number * gradient.stride(0)
                + y * gradient.stride(1)
                + x * gradient.stride(2)
                + channel * gradient.stride(3)],
        );
        let base = number * image.stride(0) + channel * image.stride(3);
        #[unroll]
        for row in 0..taps.rows {
            let image_y = (y as u32 * taps.down + row * taps.dilation) as i32 - taps.above;
            if image_y >= 0 && image_y < height {
                #[unroll]
                for column in 0..taps.columns {
                    let image_x =
                        (x as u32 * taps.right + column * taps.dilation) as i32 - taps.left;
                    if image_x >= 0 && image_x < width {
                        let seen = image[base
                            + image_y as usize * image.stride(1)
                            + image_x as usize * image.stride(2)];
                        let tap = comptime!((row * taps.columns + column) as usize);
                        own[tap] += value * f32::cast_from(seen);
                    }
                }
            }
        }
        pixel += groups;
    }
    #[unroll]
    for tap in 0..count {
        sums[(group * count + tap) * channels + channel] = own[tap];
    }
}

/// One thread for each weight, which adds up the groups. `weight` is `[channels, 1, rows, columns]`.
#[cube(launch)]
fn add_groups_kernel<E: Float>(
    sums: &Tensor<f32>,
    weight: &mut Tensor<E>,
    #[define(E)] _dtype: ElemType,
) {
    if ABSOLUTE_POS >= weight.len() {
        terminate!();
    }
    let channels = sums.shape(2);
    let count = sums.shape(1);
    // Neighboring threads read neighboring channels.
    let channel = ABSOLUTE_POS % channels;
    let tap = ABSOLUTE_POS / channels;
    let mut sum = f32::new(0.0);
    for group in 0..sums.shape(0) {
        sum += sums[(group * count + tap) * channels + channel];
    }
    weight[channel * count + tap] = E::cast_from(sum);
}

pub(super) fn forward(image: CubeTensor, weight: CubeTensor, window: &Window) -> CubeTensor {
    let [images, channels, ..] = image.shape().dims::<4>();
    let shape = [images, window.out_height, window.out_width, channels];
    let output = empty(&image, shape.into(), image.dtype);
    let values = output.meta.num_elements();
    if values > 0 {
        let image = permute(image, &CHANNELS_LAST);
        let (count, dim) = threads(&output, values);
        let dtype = element(output.dtype);
        forward_kernel::launch(
            &output.client,
            count,
            dim,
            image.into_tensor_arg(),
            weight.into_tensor_arg(),
            output.clone().into_tensor_arg(),
            Taps::of(window),
            dtype,
        );
    }
    permute(output, &CHANNELS_FIRST)
}

pub(super) fn image_gradient(
    gradient: CubeTensor,
    weight: CubeTensor,
    window: &Window,
) -> CubeTensor {
    let [images, channels, ..] = gradient.shape().dims::<4>();
    let shape = [images, window.height, window.width, channels];
    let image = empty(&gradient, shape.into(), gradient.dtype);
    let values = image.meta.num_elements();
    if values > 0 {
        let gradient = permute(gradient, &CHANNELS_LAST);
        let (count, dim) = threads(&image, values);
        let dtype = element(image.dtype);
        image_gradient_kernel::launch(
            &image.client,
            count,
            dim,
            gradient.into_tensor_arg(),
            weight.into_tensor_arg(),
            image.clone().into_tensor_arg(),
            Taps::of(window),
            dtype,
        );
    }
    permute(image, &CHANNELS_FIRST)
}

pub(super) fn weight_gradient(
    image: CubeTensor,
    gradient: CubeTensor,
    window: &Window,
) -> CubeTensor {
    let [images, channels, height, width] = gradient.shape().dims();
    let [rows, columns] = window.kernel;
    let weight = empty(
        &gradient,
        [channels, 1, rows, columns].into(),
        gradient.dtype,
    );
    let pixels = images * height * width;
    let groups = groups(pixels, channels);
    let sums = empty(
        &gradient,
        [groups, rows * columns, channels].into(),
        DType::F32,
    );
    let dtype = element(gradient.dtype);
    let (count, dim) = threads(&sums, groups * channels);
    weight_gradient_kernel::launch(
        &sums.client,
        count,
        dim,
        permute(image, &CHANNELS_LAST).into_tensor_arg(),
        permute(gradient, &CHANNELS_LAST).into_tensor_arg(),
        sums.clone().into_tensor_arg(),
        Taps::of(window),
        dtype,
    );
    let (count, dim) = threads(&weight, channels * rows * columns);
    add_groups_kernel::launch(
        &weight.client,
        count,
        dim,
        folded(sums).into_tensor_arg(),
        weight.clone().into_tensor_arg(),
        dtype,
    );
    weight
}
