//! ReLU and a depthwise convolution in one kernel, and its gradients. Images are
//! `[images, height, width, channels]`, weights `[channels, 1, rows, columns]`.

use burn::backend::TensorMetadata as _;
use burn::tensor::DType;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::launch::{Groups, Taps, Tile, empty, threads};
use crate::window::Window;

/// What [`convolve_kernel`] is compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Pass {
    taps: Taps,
    /// Neighboring outputs of a thread, which share what they see.
    several: u32,
    /// Whether the image is passed through a ReLU.
    relu: bool,
    /// Whether the window is turned by 180 degrees.
    turned: bool,
    /// Whether outputs are 0 where `mask` isn't positive.
    masked: bool,
}

impl Pass {
    /// The column of the window that output `number` of a thread sees at a distance from its first pixel.
    const fn column(self, position: u32, number: u32) -> Option<u32> {
        let Some(offset) = position.checked_sub(number * self.taps.right) else {
            return None;
        };
        let column = offset / self.taps.dilation;
        if offset.is_multiple_of(self.taps.dilation) && column < self.taps.columns {
            Some(column)
        } else {
            None
        }
    }

    const fn sees(self, position: u32, number: u32) -> bool {
        self.column(position, number).is_some()
    }

    const fn column_of(self, position: u32, number: u32) -> u32 {
        match self.column(position, number) {
            Some(column) => column,
            None => 0,
        }
    }

    fn is_seen(self, position: u32) -> bool {
        (0..self.several).any(|number| self.sees(position, number))
    }

    const fn span(self) -> u32 {
        (self.several - 1) * self.taps.right + (self.taps.columns - 1) * self.taps.dilation + 1
    }

    /// The place of a tap among a channel's weights.
    const fn tap(self, row: u32, column: u32) -> usize {
        let tap = row * self.taps.columns + column;
        let place = if self.turned {
            self.taps.rows * self.taps.columns - 1 - tap
        } else {
            tap
        };
        place as usize
    }
}

/// One thread for each channel of a few neighboring outputs.
#[cube(launch)]
fn convolve_kernel(
    image: &Tensor<f32>,
    weight: &Tensor<f32>,
    mask: &Tensor<f32>,
    output: &mut Tensor<f32>,
    #[comptime] pass: Pass,
) {
    let several = comptime!(pass.several as usize);
    let channels = output.shape(3);
    let out_width = output.shape(2);
    let blocks = (out_width + comptime!(several - 1)) / several;
    if ABSOLUTE_POS >= output.shape(0) * output.shape(1) * blocks * channels {
        terminate!();
    }
    let channel = ABSOLUTE_POS % channels;
    let block = ABSOLUTE_POS / channels;
    let x = block % blocks * several;
    let line = block / blocks;
    let y = line % output.shape(1);
    let number = line / output.shape(1);
    let height = image.shape(1) as i32;
    let width = image.shape(2) as i32;
    let left = (x as u32 * pass.taps.right) as i32 - pass.taps.left;
    let weights = channel * comptime!((pass.taps.rows * pass.taps.columns) as usize);
    let mut sums = Array::<f32>::new(several);
    #[unroll]
    for own in 0..several {
        sums[own] = f32::new(0.0);
    }
    #[unroll]
    for row in 0..pass.taps.rows {
        let image_y =
            (y as u32 * pass.taps.down + row * pass.taps.dilation) as i32 - pass.taps.above;
        if image_y >= 0 && image_y < height {
            let base = (number * image.shape(1) + image_y as usize) * image.shape(2);
            let mut of_row = Array::<f32>::new(comptime!(pass.taps.columns as usize));
            #[unroll]
            for column in 0..pass.taps.columns {
                of_row[comptime!(column as usize)] =
                    weight[weights + comptime!(pass.tap(row, column))];
            }
            #[unroll]
            for position in 0..comptime!(pass.span()) {
                if comptime!(pass.is_seen(position)) {
                    let image_x = left + position as i32;
                    if image_x >= 0 && image_x < width {
                        let mut value = image[(base + image_x as usize) * channels + channel];
                        if comptime!(pass.relu) {
                            // NaN stays NaN.
                            value = select(value < f32::new(0.0), f32::new(0.0), value);
                        }
                        #[unroll]
                        for own in 0..pass.several {
                            if comptime!(pass.sees(position, own)) {
                                sums[comptime!(own as usize)] += value
                                    * of_row[comptime!(pass.column_of(position, own) as usize)];
                            }
                        }
                    }
                }
            }
        }
    }
    #[unroll]
    for own in 0..several {
        if x + own < out_width {
            let place = (line * out_width + x + own) * channels + channel;
            if comptime!(pass.masked) {
                output[place] = select(mask[place] > f32::new(0.0), sums[own], f32::new(0.0));
            } else {
                output[place] = sums[own];
            }
        }
    }
}

/// One thread for each value of the image, which gathers from the outputs that have seen it, for windows with
/// strides.
#[cube(launch)]
fn strided_gradient_kernel(
    gradient: &Tensor<f32>,
    weight: &Tensor<f32>,
    mask: &Tensor<f32>,
    image: &mut Tensor<f32>,
    #[comptime] taps: Taps,
    #[comptime] masked: bool,
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
    let weights = channel * comptime!((taps.rows * taps.columns) as usize);
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
                    let place = line * gradient.shape(2) + (from_left / right) as usize;
                    sum += gradient[place * channels + channel]
                        * weight[weights + comptime!((row * taps.columns + column) as usize)];
                }
            }
        }
    }
    if comptime!(masked) {
        sum = select(mask[ABSOLUTE_POS] > f32::new(0.0), sum, f32::new(0.0));
    }
    image[ABSOLUTE_POS] = sum;
}

/// `sums` is `[groups, taps, channels]`: the gradient by the weight of each group of pixels.
#[cube(launch)]
fn weight_gradient_kernel(
    image: &Tensor<f32>,
    gradient: &Tensor<f32>,
    sums: &mut Tensor<f32>,
    of_each: usize,
    #[comptime] taps: Taps,
    #[comptime] relu: bool,
    #[comptime] tile: Tile,
) {
    let channels = gradient.shape(3);
    let wide = comptime!(tile.channels as usize);
    let high = comptime!(tile.rows as usize);
    let across = UNIT_POS_X as usize;
    let below = UNIT_POS_Y as usize;
    let channel = CUBE_POS_X as usize * wide + across;
    let group = CUBE_POS_Y as usize;
    let height = image.shape(1) as i32;
    let width = image.shape(2) as i32;
    let count = comptime!((taps.rows * taps.columns) as usize);
    let mut own = Array::<f32>::new(count);
    #[unroll]
    for tap in 0..count {
        own[tap] = f32::new(0.0);
    }
    if channel < channels {
        let pixels = gradient.shape(0) * gradient.shape(1) * gradient.shape(2);
        let end = min((group + 1) * of_each, pixels);
        let mut pixel = group * of_each + below;
        while pixel < end {
            let x = pixel % gradient.shape(2);
            let line = pixel / gradient.shape(2);
            let y = line % gradient.shape(1);
            let number = line / gradient.shape(1);
            let value = gradient[pixel * channels + channel];
            #[unroll]
            for row in 0..taps.rows {
                let image_y = (y as u32 * taps.down + row * taps.dilation) as i32 - taps.above;
                if image_y >= 0 && image_y < height {
                    let base = (number * image.shape(1) + image_y as usize) * image.shape(2);
                    #[unroll]
                    for column in 0..taps.columns {
                        let image_x =
                            (x as u32 * taps.right + column * taps.dilation) as i32 - taps.left;
                        if image_x >= 0 && image_x < width {
                            let mut seen = image[(base + image_x as usize) * channels + channel];
                            if comptime!(relu) {
                                seen = select(seen < f32::new(0.0), f32::new(0.0), seen);
                            }
                            let tap = comptime!((row * taps.columns + column) as usize);
                            own[tap] += value * seen;
                        }
                    }
                }
            }
            pixel += high;
        }
    }
    let mut shared = Shared::<[f32]>::new_slice(comptime!(wide * high));
    #[unroll]
    for tap in 0..count {
        shared[below * wide + across] = own[tap];
        sync_cube();
        if below == 0 && channel < channels {
            let mut sum = own[tap];
            let mut row = 1usize;
            while row < high {
                sum += shared[row * wide + across];
                row += 1;
            }
            sums[(group * count + tap) * channels + channel] = sum;
        }
        sync_cube();
    }
}

/// One thread for each weight, which adds up the groups. `weight` is `[channels, 1, rows, columns]`.
#[cube(launch)]
fn add_groups_kernel(sums: &Tensor<f32>, weight: &mut Tensor<f32>) {
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
    weight[channel * count + tap] = sum;
}

/// The outputs of a thread.
const fn several(out_width: usize) -> u32 {
    if out_width >= 4 { 4 } else { 1 }
}

fn convolve(
    image: CubeTensor,
    weight: CubeTensor,
    mask: Option<CubeTensor>,
    shape: [usize; 4],
    pass: Pass,
) -> CubeTensor {
    let output = empty(&image, shape, DType::F32);
    let [images, height, width, channels] = shape;
    let values = images * height * width.div_ceil(pass.several as usize) * channels;
    let (count, dim) = threads(&output, values);
    // A kernel that masks nothing reads no mask.
    let mask = mask.unwrap_or_else(|| image.clone());
    convolve_kernel::launch(
        &output.client,
        count,
        dim,
        image.into_tensor_arg(),
        weight.into_tensor_arg(),
        mask.into_tensor_arg(),
        output.clone().into_tensor_arg(),
        pass,
    );
    output
}

pub(super) fn forward(
    image: CubeTensor,
    weight: CubeTensor,
    window: &Window,
    relu: bool,
) -> CubeTensor {
    let [images, _, _, channels] = image.shape().dims();
    let pass = Pass {
        taps: Taps::of(window),
        several: several(window.out_width),
        relu,
        turned: false,
        masked: false,
    };
    let shape = [images, window.out_height, window.out_width, channels];
    convolve(image, weight, None, shape, pass)
}

/// The gradient by the image; 0 where `mask`, if there is one, isn't positive.
pub(super) fn image_gradient(
    gradient: CubeTensor,
    weight: CubeTensor,
    window: &Window,
    mask: Option<CubeTensor>,
) -> CubeTensor {
    let [images, _, _, channels] = gradient.shape().dims();
    let shape = [images, window.height, window.width, channels];
    let taps = Taps::of(window);
    let masked = mask.is_some();
    if window.stride == [1, 1] {
        // Every pixel sees the gradients around it, as an output does the image.
        let before = |size: u32, before: i32| ((size - 1) * taps.dilation) as i32 - before;
        let pass = Pass {
            taps: Taps {
                above: before(taps.rows, taps.above),
                left: before(taps.columns, taps.left),
                ..taps
            },
            several: several(window.width),
            relu: false,
            turned: true,
            masked,
        };
        return convolve(gradient, weight, mask, shape, pass);
    }
    let image = empty(&gradient, shape, DType::F32);
    let (count, dim) = threads(&image, shape.iter().product());
    let mask = mask.unwrap_or_else(|| gradient.clone());
    strided_gradient_kernel::launch(
        &image.client,
        count,
        dim,
        gradient.into_tensor_arg(),
        weight.into_tensor_arg(),
        mask.into_tensor_arg(),
        image.clone().into_tensor_arg(),
        taps,
        masked,
    );
    image
}

/// The most groups of pixels whose gradients are added up in the end.
const MOST_GROUPS: usize = 128;

/// The gradient by the weight.
pub(super) fn weight_gradient(
    image: CubeTensor,
    gradient: CubeTensor,
    window: &Window,
    relu: bool,
) -> CubeTensor {
    let [images, height, width, channels] = gradient.shape().dims();
    let [rows, columns] = window.kernel;
    let groups = Groups::at_most(MOST_GROUPS, images * height * width, channels);
    let sums = empty(
        &gradient,
        [groups.count, rows * columns, channels],
        DType::F32,
    );
    weight_gradient_kernel::launch(
        &sums.client,
        groups.cubes(),
        groups.tile.dim(),
        image.into_tensor_arg(),
        gradient.into_tensor_arg(),
        sums.clone().into_tensor_arg(),
        groups.of_each,
        Taps::of(window),
        relu,
        groups.tile,
    );
    let weight = empty(&sums, [channels, 1, rows, columns], DType::F32);
    let (count, dim) = threads(&weight, channels * rows * columns);
    add_groups_kernel::launch(
        &weight.client,
        count,
        dim,
        sums.into_tensor_arg(),
        weight.clone().into_tensor_arg(),
    );
    weight
}
