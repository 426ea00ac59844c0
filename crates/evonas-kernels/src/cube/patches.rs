//! The rows that a dense convolution multiplies, and back. A row holds everything that one output pixel sees,
//! `[channels, taps]`, in the order of a weight's values; images are `[images, height, width, channels]`.
//!
//! With a window of one pixel these kernels are a ReLU, or pick every second pixel.

use burn::backend::TensorMetadata as _;
use burn::tensor::DType;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::launch::{Taps, empty, threads};
use super::optional::{Optional, added, masked, optional};
use crate::window::Window;

/// The size of an output, for kernels whose tensors don't say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct OutSize {
    height: u32,
    width: u32,
}

impl OutSize {
    const fn of(window: &Window) -> Self {
        Self {
            height: window.out_height as u32,
            width: window.out_width as u32,
        }
    }
}

/// One thread for each value of `rows`, `[pixels, channels · taps]`.
#[cube(launch)]
fn gather_kernel(
    image: &Tensor<f32>,
    rows: &mut Tensor<f32>,
    #[comptime] taps: Taps,
    #[comptime] out: OutSize,
    #[comptime] relu: bool,
) {
    if ABSOLUTE_POS >= rows.len() {
        terminate!();
    }
    let channels = image.shape(3);
    let columns = comptime!(taps.columns as usize);
    let count = comptime!((taps.rows * taps.columns) as usize);
    let tap = ABSOLUTE_POS % count;
    let rest = ABSOLUTE_POS / count;
    let channel = rest % channels;
    let pixel = rest / channels;
    let out_width = comptime!(out.width as usize);
    let out_height = comptime!(out.height as usize);
    let x = pixel % out_width;
    let line = pixel / out_width;
    let y = line % out_height;
    let number = line / out_height;
    let row = (tap / columns) as u32;
    let column = (tap % columns) as u32;
    let image_y = (y as u32 * taps.down + row * taps.dilation) as i32 - taps.above;
    let image_x = (x as u32 * taps.right + column * taps.dilation) as i32 - taps.left;
    let mut value = f32::new(0.0);
    if image_y >= 0
        && image_y < image.shape(1) as i32
        && image_x >= 0
        && image_x < image.shape(2) as i32
    {
        let line = number * image.shape(1) + image_y as usize;
        value = image[(line * image.shape(2) + image_x as usize) * channels + channel];
        if comptime!(relu) {
            // NaN stays NaN.
            value = select(value < f32::new(0.0), f32::new(0.0), value);
        }
    }
    rows[ABSOLUTE_POS] = value;
}

/// One thread for each value of the image, which adds up the gradients of the rows that hold it; 0 where `mask`
/// isn't positive, and then added to `onto`.
#[cube(launch)]
fn scatter_kernel(
    by_rows: &Tensor<f32>,
    mask: &Optional,
    onto: &Optional,
    image: &mut Tensor<f32>,
    #[comptime] taps: Taps,
    #[comptime] out: OutSize,
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
    let height = comptime!(out.height as i32);
    let width = comptime!(out.width as i32);
    let down = taps.down as i32;
    let right = taps.right as i32;
    let count = comptime!((taps.rows * taps.columns) as usize);
    let mut sum = f32::new(0.0);
    #[unroll]
    for row in 0..taps.rows {
        let from_top = y as i32 + taps.above - (row * taps.dilation) as i32;
        if from_top >= 0 && from_top % down == 0 && from_top / down < height {
            #[unroll]
            for column in 0..taps.columns {
                let from_left = x as i32 + taps.left - (column * taps.dilation) as i32;
                if from_left >= 0 && from_left % right == 0 && from_left / right < width {
                    let line = number * comptime!(out.height as usize) + (from_top / down) as usize;
                    let pixel = line * comptime!(out.width as usize) + (from_left / right) as usize;
                    let tap = comptime!((row * taps.columns + column) as usize);
                    sum += by_rows[(pixel * channels + channel) * count + tap];
                }
            }
        }
    }
    image[ABSOLUTE_POS] = added(masked(sum, mask, ABSOLUTE_POS), onto, ABSOLUTE_POS);
}

/// The rows of images, passed through a ReLU if `relu`: `[pixels of the output, channels · taps]`.
pub(super) fn gather(image: CubeTensor, window: &Window, relu: bool) -> CubeTensor {
    let [images, _, _, channels] = image.shape().dims();
    let shape = [images * window.out_pixels(), channels * window.taps()];
    let rows = empty(&image, shape, DType::F32);
    let (count, dim) = threads(&rows, shape.iter().product());
    gather_kernel::launch(
        &rows.client,
        count,
        dim,
        image.into_tensor_arg(),
        rows.clone().into_tensor_arg(),
        Taps::of(window),
        OutSize::of(window),
        relu,
    );
    rows
}

/// The gradient by images of a shape from the one by their rows; 0 where `mask`, if there is one, isn't positive, and
/// then added to `onto`.
pub(super) fn scatter(
    by_rows: CubeTensor,
    shape: [usize; 4],
    window: &Window,
    [mask, onto]: [Option<CubeTensor>; 2],
) -> CubeTensor {
    let image = empty(&by_rows, shape, DType::F32);
    let (count, dim) = threads(&image, shape.iter().product());
    scatter_kernel::launch(
        &image.client,
        count,
        dim,
        by_rows.into_tensor_arg(),
        optional(mask),
        optional(onto),
        image.clone().into_tensor_arg(),
        Taps::of(window),
        OutSize::of(window),
    );
    image
}
