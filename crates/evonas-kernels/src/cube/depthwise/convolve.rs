//! The convolution itself, which is also the gradient by the image where there is no stride.

use cubecl::prelude::*;

use super::affine::Affine;
use super::weight_gradient::{GroupSums, add_groups};
use crate::cube::launch::{Taps, Tile};
use crate::cube::optional::{Optional, added, masked, rectified};

/// What [`convolve_kernel`] is compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Pass {
    pub(super) taps: Taps,
    /// Neighboring outputs of a thread, which share what they see.
    pub(super) several: u32,
    /// Whether the image is normalized, before the ReLU.
    pub(super) normalized: bool,
    /// Whether the image is passed through a ReLU.
    pub(super) relu: bool,
    /// Whether the window is turned by 180 degrees.
    pub(super) turned: bool,
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
pub(super) fn load_weights<N: Size>(
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

/// The place of a thread's neighboring outputs.
#[derive(CubeType, Clone, Copy)]
pub(super) struct Block {
    /// That of the first.
    pub(super) x: usize,
    /// The row, counted through all images.
    pub(super) line: usize,
}

/// The place of a block by its number in images of this width.
#[cube]
pub(super) fn block_of(number: usize, width: usize, #[comptime] several: usize) -> Block {
    let blocks = (width + comptime!(several - 1)) / several;
    Block {
        x: number % blocks * several,
        line: number / blocks,
    }
}

/// A vector of channels of each output of a block.
#[cube]
pub(super) fn outputs_of<F: Float, N: Size>(
    image: &Tensor<Vector<F, N>>,
    weights: &[Vector<f32, N>],
    affine: &Affine<N>,
    block: &Block,
    out_height: usize,
    channel: usize,
    #[comptime] pass: Pass,
    #[comptime] tile: Tile,
) -> Array<Vector<f32, N>> {
    let wide = comptime!(tile.channels as usize);
    let several = comptime!(pass.several as usize);
    let columns = comptime!(pass.taps.columns as usize);
    let channels = image.shape(3) / image.vector_size();
    let height = image.shape(1) as i32;
    let width = image.shape(2) as i32;
    let across = UNIT_POS_X as usize;
    let y = block.line % out_height;
    let number = block.line / out_height;
    let left = (block.x as u32 * pass.taps.right) as i32 - pass.taps.left;
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
            for position in 0..comptime!(pass.span()) {
                // The thread's first output is the first to see a column; a weight that was read before would only take
                // registers.
                if comptime!(pass.sees(position, 0)) {
                    of_row[comptime!(pass.column_of(position, 0) as usize)] = weights
                        [first + comptime!(pass.weight_column(pass.column_of(position, 0)) * wide)];
                }
                if comptime!(pass.is_seen(position)) {
                    let image_x = left + position as i32;
                    if image_x >= 0 && image_x < width {
                        let place = (base + image_x as usize) * channels + channel;
                        let value = affine.of(Vector::cast_from(image[place]), pass.normalized);
                        let value = rectified::<N>(value, pass.relu);
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
    sums
}

/// A thread computes a vector of channels of a few neighboring outputs, and then others, `of_each` of which are a
/// cube's. Cubes after the first `parts` rows of them add up the groups of a weight's gradient.
#[cube(launch)]
pub(super) fn convolve_kernel<F: Float, N: Size>(
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
    #[comptime] _given: u32,
    #[define(F)] _dtype: ElemType,
) {
    let wide = comptime!(tile.channels as usize);
    let high = comptime!(tile.rows as usize);
    let several = comptime!(pass.several as usize);
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
    let channel = CUBE_POS_X as usize * wide + UNIT_POS_X as usize;
    let height = output.shape(1);
    let width = output.shape(2);
    let blocks = (width + comptime!(several - 1)) / several;
    let mut number = part * of_each + UNIT_POS_Y as usize;
    let mut end = min((part + 1) * of_each, output.shape(0) * height * blocks);
    if channel >= channels {
        end = 0;
    }
    let affine = Affine::<N>::none();
    while number < end {
        let block = block_of(number, width, several);
        let sums = outputs_of::<F, N>(
            image, &weights, &affine, &block, height, channel, pass, tile,
        );
        #[unroll]
        for own in 0..several {
            if block.x + own < width {
                let place = (block.line * width + block.x + own) * channels + channel;
                let value = masked::<F, N>(sums[own], mask, place);
                output[place] = Vector::cast_from(added::<F, N>(value, onto, place));
            }
        }
        number += high;
    }
}
