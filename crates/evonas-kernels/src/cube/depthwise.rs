//! ReLU and a depthwise convolution in one kernel, and its gradients. Images are
//! `[images, height, width, channels]`, weights `[channels, 1, rows, columns]`.

use burn::backend::TensorMetadata as _;
use burn::tensor::DType;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::launch::{
    Groups, Taps, Tile, at_most_lanes, element, empty, empty_like, lanes, threads,
};
use super::optional::{Optional, added, masked, optional, rectified};
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

    /// The column of the weights that a column of the window takes.
    const fn weight_column(self, column: u32) -> usize {
        let column = if self.turned {
            self.taps.columns - 1 - column
        } else {
            column
        };
        column as usize
    }
}

/// The weights of a few channels, in an order in which neighboring threads read neighboring ones: `[taps, vectors]`.
#[cube]
fn load_weights<N: Size>(
    weight: &Tensor<f32>,
    weights: &mut [Vector<f32, N>],
    channels: usize,
    #[comptime] taps: Taps,
    #[comptime] tile: Tile,
) {
    let wide = comptime!(tile.channels as usize);
    let count = comptime!((taps.rows * taps.columns) as usize);
    let mut place = UNIT_POS as usize;
    while place < comptime!(count * wide) {
        let channel = CUBE_POS_X as usize * wide + place % wide;
        let mut value = Vector::<f32, N>::zeroed();
        if channel < channels {
            #[unroll]
            for own in 0..value.vector_size() {
                let of_channel = (channel * value.vector_size() + own) * count;
                value.insert(own, weight[of_channel + place / wide]);
            }
        }
        weights[place] = value;
        place += comptime!((tile.channels * tile.rows) as usize);
    }
}

/// A thread computes a vector of channels of a few neighboring outputs, and then others, `of_each` of which are a
/// cube's. Cubes after the first `parts` rows of them add up the groups of a weight's gradient.
#[cube(launch)]
fn convolve_kernel<F: Float, N: Size>(
    image: &Tensor<Vector<F, N>>,
    weight: &Tensor<f32>,
    mask: &Optional<F, N>,
    onto: &Optional<F, N>,
    output: &mut Tensor<Vector<F, N>>,
    groups: &mut ComptimeOption<GroupSums>,
    parts: usize,
    of_each: usize,
    #[comptime] pass: Pass,
    #[comptime] tile: Tile,
    #[define(F)] _dtype: ElemType,
) {
    let wide = comptime!(tile.channels as usize);
    let high = comptime!(tile.rows as usize);
    let several = comptime!(pass.several as usize);
    let columns = comptime!(pass.taps.columns as usize);
    let channels = output.shape(3) / output.vector_size();
    let part = CUBE_POS_Y as usize;
    if part >= parts {
        #[comptime]
        match groups {
            ComptimeOption::Some(groups) => {
                let cube = (part - parts) * CUBE_COUNT_X as usize + CUBE_POS_X as usize;
                let number = cube * comptime!(wide * high) + UNIT_POS as usize;
                add_groups(&groups.sums, &mut groups.weight, number, output.shape(3));
            }
            ComptimeOption::None => {}
        }
        terminate!();
    }
    let mut weights = Shared::<[Vector<f32, N>]>::new_slice(comptime!(
        (pass.taps.rows * pass.taps.columns * tile.channels) as usize
    ));
    load_weights::<N>(weight, &mut weights, channels, pass.taps, tile);
    sync_cube();
    let across = UNIT_POS_X as usize;
    let channel = CUBE_POS_X as usize * wide + across;
    let out_width = output.shape(2);
    let blocks = (out_width + comptime!(several - 1)) / several;
    let height = image.shape(1) as i32;
    let width = image.shape(2) as i32;
    let mut block = part * of_each + UNIT_POS_Y as usize;
    let mut end = min(
        (part + 1) * of_each,
        output.shape(0) * output.shape(1) * blocks,
    );
    if channel >= channels {
        end = 0;
    }
    while block < end {
        let x = block % blocks * several;
        let line = block / blocks;
        let y = line % output.shape(1);
        let number = line / output.shape(1);
        let left = (x as u32 * pass.taps.right) as i32 - pass.taps.left;
        let mut sums = Array::<Vector<f32, N>>::new(several);
        #[unroll]
        for own in 0..several {
            sums[own] = Vector::zeroed();
        }
        for row in 0..pass.taps.rows {
            let image_y =
                (y as u32 * pass.taps.down + row * pass.taps.dilation) as i32 - pass.taps.above;
            if image_y >= 0 && image_y < height {
                let base = (number * image.shape(1) + image_y as usize) * image.shape(2);
                let mut weight_row = row;
                if comptime!(pass.turned) {
                    weight_row = pass.taps.rows - 1 - row;
                }
                let first = weight_row as usize * comptime!(columns * wide) + across;
                let mut of_row = Array::<Vector<f32, N>>::new(columns);
                #[unroll]
                for column in 0..pass.taps.columns {
                    of_row[comptime!(column as usize)] =
                        weights[first + comptime!(pass.weight_column(column) * wide)];
                }
                #[unroll]
                for position in 0..comptime!(pass.span()) {
                    if comptime!(pass.is_seen(position)) {
                        let image_x = left + position as i32;
                        if image_x >= 0 && image_x < width {
                            let place = (base + image_x as usize) * channels + channel;
                            let value = rectified::<N>(Vector::cast_from(image[place]), pass.relu);
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
                let value = masked::<F, N>(sums[own], mask, place);
                output[place] = Vector::cast_from(added::<F, N>(value, onto, place));
            }
        }
        block += high;
    }
}

/// One thread for each vector of the image, which gathers from the outputs that have seen it, for windows with
/// strides. Threads after the last one add up the groups of the weight's gradient.
#[cube(launch)]
fn strided_gradient_kernel<F: Float, N: Size>(
    gradient: &Tensor<Vector<F, N>>,
    weight: &Tensor<f32>,
    mask: &Optional<F, N>,
    onto: &Optional<F, N>,
    image: &mut Tensor<Vector<F, N>>,
    sums: &[f32],
    by_weight: &mut [f32],
    #[comptime] taps: Taps,
    #[define(F)] _dtype: ElemType,
) {
    if ABSOLUTE_POS >= image.len() {
        add_groups(sums, by_weight, ABSOLUTE_POS - image.len(), image.shape(3));
        terminate!();
    }
    let channels = image.shape(3) / image.vector_size();
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
    let count = comptime!((taps.rows * taps.columns) as usize);
    let mut sum = Vector::<f32, N>::zeroed();
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
                    let mut by = Vector::<f32, N>::zeroed();
                    #[unroll]
                    for own in 0..by.vector_size() {
                        let of_channel = (channel * by.vector_size() + own) * count;
                        let tap = comptime!((row * taps.columns + column) as usize);
                        by.insert(own, weight[of_channel + tap]);
                    }
                    sum += Vector::cast_from(gradient[place * channels + channel]) * by;
                }
            }
        }
    }
    let sum = masked::<F, N>(sum, mask, ABSOLUTE_POS);
    image[ABSOLUTE_POS] = Vector::cast_from(added::<F, N>(sum, onto, ABSOLUTE_POS));
}

/// `sums` is `[groups, taps, channels]`: the gradient by the weight of each group of pixels.
#[cube(launch)]
fn weight_gradient_kernel<F: Float, N: Size>(
    image: &Tensor<Vector<F, N>>,
    gradient: &Tensor<Vector<F, N>>,
    sums: &mut Tensor<Vector<f32, N>>,
    of_each: usize,
    #[comptime] taps: Taps,
    #[comptime] relu: bool,
    #[comptime] tile: Tile,
    #[define(F)] _dtype: ElemType,
) {
    let channels = gradient.shape(3) / gradient.vector_size();
    let wide = comptime!(tile.channels as usize);
    let high = comptime!(tile.rows as usize);
    let across = UNIT_POS_X as usize;
    let below = UNIT_POS_Y as usize;
    let channel = CUBE_POS_X as usize * wide + across;
    let group = CUBE_POS_Y as usize;
    let height = image.shape(1) as i32;
    let width = image.shape(2) as i32;
    let count = comptime!((taps.rows * taps.columns) as usize);
    let mut own = Array::<Vector<f32, N>>::new(count);
    #[unroll]
    for tap in 0..count {
        own[tap] = Vector::zeroed();
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
            let value = Vector::<f32, N>::cast_from(gradient[pixel * channels + channel]);
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
                            let place = (base + image_x as usize) * channels + channel;
                            let seen = rectified::<N>(Vector::cast_from(image[place]), relu);
                            let tap = comptime!((row * taps.columns + column) as usize);
                            own[tap] += value * seen;
                        }
                    }
                }
            }
            pixel += high;
        }
    }
    let mut shared = Shared::<[Vector<f32, N>]>::new_slice(comptime!(wide * high));
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

/// Bytes of a cube's weights: what every device has for threads to share.
const MOST_SHARED: usize = 1 << 14;
/// The most rows of cubes; every device takes twice as many.
const MOST_PARTS: usize = 1 << 15;
/// Neighboring outputs worth a thread, in blocks.
const BLOCKS_OF_A_THREAD: usize = 2;
/// The most sums of a thread of the gradient by a weight: more would not stay in registers.
const MOST_SUMS: usize = 64;

fn convolve(
    image: CubeTensor,
    weight: CubeTensor,
    [mask, onto]: [Option<CubeTensor>; 2],
    groups: Option<Groupwise>,
    shape: [usize; 4],
    pass: Pass,
) -> CubeTensor {
    let output = empty_like(&image, shape);
    let [images, height, width, channels] = shape;
    let of_channel = (pass.taps.rows * pass.taps.columns) as usize * size_of::<f32>();
    let fitting = MOST_SHARED / of_channel;
    let lanes = at_most_lanes(channels, fitting);
    let tile = Tile::at_most(fitting / lanes, channels / lanes);
    let blocks = images * height * width.div_ceil(pass.several as usize);
    let worthwhile = tile.rows as usize * BLOCKS_OF_A_THREAD;
    let of_each = worthwhile.max(blocks.div_ceil(MOST_PARTS));
    let parts = blocks.div_ceil(of_each);
    let columns = tile.columns(channels / lanes);
    let weights = groups
        .as_ref()
        .map_or(0, |groups| groups.weight.meta.num_elements());
    let adding = weights.div_ceil(columns * tile.threads());
    let groups = groups.map(|Groupwise { sums, weight }| {
        GroupSumsLaunch::new(sums.into_buffer_arg(), weight.into_buffer_arg())
    });
    convolve_kernel::launch(
        &output.client,
        CubeCount::Static(columns as u32, (parts + adding) as u32, 1),
        tile.dim(),
        lanes,
        image.into_tensor_arg(),
        weight.into_tensor_arg(),
        optional(mask),
        optional(onto),
        output.clone().into_tensor_arg(),
        groups.into(),
        parts,
        of_each,
        pass,
        tile,
        element(&output),
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
        let lanes = at_most_lanes(channels, MOST_SUMS / (rows * columns));
        let groups = Groups::at_most(MOST_GROUPS, images * height * width, channels / lanes);
        let shape = [groups.count, rows * columns, channels];
        let sums = empty(gradient, shape, DType::F32);
        weight_gradient_kernel::launch(
            &sums.client,
            groups.cubes(),
            groups.tile.dim(),
            lanes,
            self.image.clone().into_tensor_arg(),
            gradient.clone().into_tensor_arg(),
            sums.clone().into_tensor_arg(),
            groups.of_each,
            Taps::of(self.window),
            self.relu,
            groups.tile,
            element(gradient),
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
    let image = empty_like(&gradient, shape);
    let weights = groups.weight.meta.num_elements();
    let lanes = lanes(channels);
    let (count, dim) = threads(&image, shape.iter().product::<usize>() / lanes + weights);
    strided_gradient_kernel::launch(
        &image.client,
        count,
        dim,
        lanes,
        gradient.into_tensor_arg(),
        weight.into_tensor_arg(),
        optional(mask),
        optional(onto),
        image.clone().into_tensor_arg(),
        groups.sums.into_buffer_arg(),
        groups.weight.into_buffer_arg(),
        taps,
        element(&image),
    );
    image
}

/// The most groups of pixels whose gradients are added up in the end.
const MOST_GROUPS: usize = 128;
