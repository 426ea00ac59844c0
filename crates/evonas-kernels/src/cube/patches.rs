//! The rows that a dense convolution multiplies, and back. A row holds everything that one output pixel sees,
//! `[channels, taps]`, in the order of a weight's values; images are `[images, height, width, channels]`.
//!
//! With a window of one pixel these kernels are a ReLU, or pick every second pixel.

use burn::backend::TensorMetadata as _;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::launch::{Taps, element, empty_like, lanes, threads};
use super::optional::{Optional, added, given, masked, optional, rectified};
use super::place::place_of;
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

/// The channels of a vector: those of a row lie next to each other only if it has one tap.
fn lanes_of(window: &Window, channels: usize) -> usize {
    match window.taps() {
        1 => lanes(channels),
        _ => 1,
    }
}

/// One thread for each vector of `rows`, `[pixels, channels · taps]`.
#[cube(launch)]
fn gather_rows_kernel<F: Float, N: Size>(
    image: &Tensor<Vector<F, N>>,
    rows: &mut Tensor<Vector<F, N>>,
    #[comptime] taps: Taps,
    #[comptime] out: OutSize,
    #[comptime] relu: bool,
    #[define(F)] _dtype: ElemType,
) {
    if ABSOLUTE_POS >= rows.len() {
        terminate!();
    }
    let channels = image.shape(3) / image.vector_size();
    let columns = comptime!(taps.columns as usize);
    let count = comptime!((taps.rows * taps.columns) as usize);
    let tap = ABSOLUTE_POS % count;
    let out_width = comptime!(out.width as usize);
    let out_height = comptime!(out.height as usize);
    let own = place_of(ABSOLUTE_POS / count, out_height, out_width, channels);
    let row = (tap / columns) as u32;
    let column = (tap % columns) as u32;
    let image_y = (own.y as u32 * taps.down + row * taps.dilation) as i32 - taps.above;
    let image_x = (own.x as u32 * taps.right + column * taps.dilation) as i32 - taps.left;
    let mut value = Vector::<f32, N>::zeroed();
    if image_y >= 0
        && image_y < image.shape(1) as i32
        && image_x >= 0
        && image_x < image.shape(2) as i32
    {
        let line = own.image * image.shape(1) + image_y as usize;
        let place = (line * image.shape(2) + image_x as usize) * channels + own.channel;
        value = rectified::<N>(Vector::cast_from(image[place]), relu);
    }
    rows[ABSOLUTE_POS] = Vector::cast_from(value);
}

/// One thread for each vector of the image, which adds up the gradients of the rows that hold it; 0 where `mask`
/// isn't positive, and then added to `onto`.
#[cube(launch)]
fn scatter_rows_kernel<F: Float, N: Size>(
    by_rows: &Tensor<Vector<F, N>>,
    mask: &Optional<F, N>,
    onto: &Optional<F, N>,
    image: &mut Tensor<Vector<F, N>>,
    #[comptime] taps: Taps,
    #[comptime] out: OutSize,
    #[comptime] _given: u32,
    #[define(F)] _dtype: ElemType,
) {
    if ABSOLUTE_POS >= image.len() {
        terminate!();
    }
    let channels = image.shape(3) / image.vector_size();
    let own = place_of(ABSOLUTE_POS, image.shape(1), image.shape(2), channels);
    let height = comptime!(out.height as i32);
    let width = comptime!(out.width as i32);
    let down = taps.down as i32;
    let right = taps.right as i32;
    let count = comptime!((taps.rows * taps.columns) as usize);
    let mut sum = Vector::<f32, N>::zeroed();
    #[unroll]
    for row in 0..taps.rows {
        let from_top = own.y as i32 + taps.above - (row * taps.dilation) as i32;
        if from_top >= 0 && from_top % down == 0 && from_top / down < height {
            #[unroll]
            for column in 0..taps.columns {
                let from_left = own.x as i32 + taps.left - (column * taps.dilation) as i32;
                if from_left >= 0 && from_left % right == 0 && from_left / right < width {
                    let line =
                        own.image * comptime!(out.height as usize) + (from_top / down) as usize;
                    let pixel = line * comptime!(out.width as usize) + (from_left / right) as usize;
                    let tap = comptime!((row * taps.columns + column) as usize);
                    sum +=
                        Vector::cast_from(by_rows[(pixel * channels + own.channel) * count + tap]);
                }
            }
        }
    }
    let sum = masked::<F, N>(sum, mask, ABSOLUTE_POS);
    image[ABSOLUTE_POS] = Vector::cast_from(added::<F, N>(sum, onto, ABSOLUTE_POS));
}

/// The rows of images, passed through a ReLU if `relu`: `[pixels of the output, channels · taps]`.
pub(super) fn gather(image: CubeTensor, window: &Window, relu: bool) -> CubeTensor {
    let [images, _, _, channels] = image.shape().dims();
    let shape = [images * window.out_pixels(), channels * window.taps()];
    let rows = empty_like(&image, shape);
    let lanes = lanes_of(window, channels);
    let (count, dim) = threads(&rows, shape.iter().product::<usize>() / lanes);
    gather_rows_kernel::launch(
        &rows.client,
        count,
        dim,
        lanes,
        image.into_tensor_arg(),
        rows.clone().into_tensor_arg(),
        Taps::of(window),
        OutSize::of(window),
        relu,
        element(&rows),
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
    let image = empty_like(&by_rows, shape);
    let lanes = lanes_of(window, shape[3]);
    let (count, dim) = threads(&image, shape.iter().product::<usize>() / lanes);
    let has = given([&mask, &onto]);
    scatter_rows_kernel::launch(
        &image.client,
        count,
        dim,
        lanes,
        by_rows.into_tensor_arg(),
        optional(mask),
        optional(onto),
        image.clone().into_tensor_arg(),
        Taps::of(window),
        OutSize::of(window),
        has,
        element(&image),
    );
    image
}
