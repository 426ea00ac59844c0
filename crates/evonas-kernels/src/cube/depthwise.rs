//! ReLU and a depthwise convolution in one kernel, and its gradients. Images are
//! `[images, height, width, channels]`, weights `[channels, 1, rows, columns]`.

use burn::backend::TensorMetadata as _;
use burn::tensor::DType;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::launch::{Groups, Taps, Tile, empty, threads};
use super::optional::{Optional, added, masked, optional};
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
    mask: &Optional,
    onto: &Optional,
    output: &mut Tensor<f32>,
    groups: &mut ComptimeOption<GroupSums>,
    #[comptime] pass: Pass,
) {
    let several = comptime!(pass.several as usize);
    let channels = output.shape(3);
    let out_width = output.shape(2);
    let blocks = (out_width + comptime!(several - 1)) / several;
    let values = output.shape(0) * output.shape(1) * blocks * channels;
    if ABSOLUTE_POS >= values {
        #[comptime]
        match groups {
            ComptimeOption::Some(groups) => {
                add_groups(
                    &groups.sums,
                    &mut groups.weight,
                    ABSOLUTE_POS - values,
                    channels,
                );
            }
            ComptimeOption::None => {}
        }
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
    let mut of_own = Array::<f32>::new(several);
    #[unroll]
    for own in 0..several {
        of_own[own] = f32::new(0.0);
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
                                of_own[comptime!(own as usize)] += value
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
            output[place] = added(masked(of_own[own], mask, place), onto, place);
        }
    }
}

/// One thread for each value of the image, which gathers from the outputs that have seen it, for windows with
/// strides.
#[cube(launch)]
fn strided_gradient_kernel(
    gradient: &Tensor<f32>,
    weight: &Tensor<f32>,
    mask: &Optional,
    onto: &Optional,
    image: &mut Tensor<f32>,
    sums: &[f32],
    by_weight: &mut [f32],
    #[comptime] taps: Taps,
) {
    let channels = image.shape(3);
    if ABSOLUTE_POS >= image.len() {
        add_groups(sums, by_weight, ABSOLUTE_POS - image.len(), channels);
        terminate!();
    }
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
    image[ABSOLUTE_POS] = added(masked(sum, mask, ABSOLUTE_POS), onto, ABSOLUTE_POS);
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

/// The gradient by the weight of each group of pixels, `[groups, taps, channels]`, and their sum,
/// `[channels, 1, rows, columns]`.
#[derive(CubeType, CubeLaunch)]
struct GroupSums {
    sums: Box<[f32]>,
    weight: Box<[f32]>,
}

/// Adds up the groups of one weight's gradient. Nothing happens after the last one.
#[cube]
fn add_groups(sums: &[f32], weight: &mut [f32], number: usize, channels: usize) {
    let weights = weight.len();
    if number < weights {
        // Neighboring threads read neighboring channels.
        let channel = number % channels;
        let tap = number / channels;
        let mut sum = f32::new(0.0);
        for group in 0..sums.len() / weights {
            sum += sums[group * weights + number];
        }
        weight[channel * (weights / channels) + tap] = sum;
    }
}

/// One thread for each weight.
#[cube(launch)]
fn add_groups_kernel(sums: &[f32], weight: &mut [f32], channels: usize) {
    add_groups(sums, weight, ABSOLUTE_POS, channels);
}

/// The outputs of a thread.
const fn several(out_width: usize) -> u32 {
    if out_width >= 4 { 4 } else { 1 }
}

/// The tensors of [`GroupSums`], which the kernel of the gradient by the image adds up.
struct Groupwise {
    sums: CubeTensor,
    weight: CubeTensor,
}

fn convolve(
    image: CubeTensor,
    weight: CubeTensor,
    [mask, onto]: [Option<CubeTensor>; 2],
    groups: Option<Groupwise>,
    shape: [usize; 4],
    pass: Pass,
) -> CubeTensor {
    let output = empty(&image, shape, DType::F32);
    let [images, height, width, channels] = shape;
    let values = images * height * width.div_ceil(pass.several as usize) * channels;
    let weights = groups
        .as_ref()
        .map_or(0, |groups| groups.weight.meta.num_elements());
    let (count, dim) = threads(&output, values + weights);
    let groups = groups.map(|Groupwise { sums, weight }| {
        GroupSumsLaunch::new(sums.into_buffer_arg(), weight.into_buffer_arg())
    });
    convolve_kernel::launch(
        &output.client,
        count,
        dim,
        image.into_tensor_arg(),
        weight.into_tensor_arg(),
        optional(mask),
        optional(onto),
        output.clone().into_tensor_arg(),
        groups.into(),
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
    };
    let shape = [images, window.out_height, window.out_width, channels];
    convolve(image, weight, [None, None], None, shape, pass)
}

/// What the gradients need.
pub(super) struct Inputs<'a> {
    pub(super) image: CubeTensor,
    pub(super) weight: CubeTensor,
    pub(super) window: &'a Window,
    /// Whether the image was passed through a ReLU.
    pub(super) relu: bool,
}

impl Inputs<'_> {
    /// The gradient by the image, added to `onto` if there is one, and the gradient by the weight.
    pub(super) fn gradients(
        self,
        gradient: CubeTensor,
        onto: Option<CubeTensor>,
    ) -> [CubeTensor; 2] {
        let groups = self.group_sums(&gradient);
        let by_weight = groups.weight.clone();
        let mask = self.relu.then(|| self.image.clone());
        let by_image = image_gradient(gradient, self.weight, self.window, [mask, onto], groups);
        [by_image, by_weight]
    }

    /// The gradient by the weight alone.
    pub(super) fn weight_gradient(self, gradient: &CubeTensor) -> CubeTensor {
        let Groupwise { sums, weight } = self.group_sums(gradient);
        let (count, dim) = threads(&weight, weight.meta.num_elements());
        add_groups_kernel::launch(
            &weight.client,
            count,
            dim,
            sums.into_buffer_arg(),
            weight.clone().into_buffer_arg(),
            weight.shape().dims::<4>()[0],
        );
        weight
    }

    fn group_sums(&self, gradient: &CubeTensor) -> Groupwise {
        let [images, height, width, channels] = gradient.shape().dims();
        let [rows, columns] = self.window.kernel;
        let groups = Groups::at_most(MOST_GROUPS, images * height * width, channels);
        let shape = [groups.count, rows * columns, channels];
        let sums = empty(gradient, shape, DType::F32);
        weight_gradient_kernel::launch(
            &sums.client,
            groups.cubes(),
            groups.tile.dim(),
            self.image.clone().into_tensor_arg(),
            gradient.clone().into_tensor_arg(),
            sums.clone().into_tensor_arg(),
            groups.of_each,
            Taps::of(self.window),
            self.relu,
            groups.tile,
        );
        let weight = empty(&sums, [channels, 1, rows, columns], DType::F32);
        Groupwise { sums, weight }
    }
}

/// The gradient by the image; 0 where `mask`, if there is one, isn't positive, and then added to `onto`.
fn image_gradient(
    gradient: CubeTensor,
    weight: CubeTensor,
    window: &Window,
    [mask, onto]: [Option<CubeTensor>; 2],
    groups: Groupwise,
) -> CubeTensor {
    let [images, _, _, channels] = gradient.shape().dims();
    let shape = [images, window.height, window.width, channels];
    let taps = Taps::of(window);
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
        };
        return convolve(gradient, weight, [mask, onto], Some(groups), shape, pass);
    }
    let image = empty(&gradient, shape, DType::F32);
    let weights = groups.weight.meta.num_elements();
    let (count, dim) = threads(&image, shape.iter().product::<usize>() + weights);
    strided_gradient_kernel::launch(
        &image.client,
        count,
        dim,
        gradient.into_tensor_arg(),
        weight.into_tensor_arg(),
        optional(mask),
        optional(onto),
        image.clone().into_tensor_arg(),
        groups.sums.into_buffer_arg(),
        groups.weight.into_buffer_arg(),
        taps,
    );
    image
}

/// The most groups of pixels whose gradients are added up in the end.
const MOST_GROUPS: usize = 128;
