//! Batch norm of the image, which is normalized as it is read, and what it needs of the gradient.

use burn::backend::TensorMetadata as _;
use burn::tensor::DType;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::affine::{Affine, affine_of};
use super::convolve::{Pass, block_of, load_weights, outputs_of};
use super::weight_gradient::add_groups;
use super::{Groupwise, Inputs, MOST_SHARED, Split, several, turned};
use crate::cube::launch::{Taps, Tile, element, empty, empty_like, rows_of, sequence};
use crate::cube::norm::{self, Norm, Numbers, add_to_running, column_sums, statistics_of};
use crate::window::Window;

/// The most parts for which sums for batch norm are added up in the end.
const MOST_NORM_PARTS: usize = 512;

/// As [`convolve_kernel`](super::convolve::convolve_kernel), of an image that is normalized by the statistics that
/// `moments`, `[groups, 3, channels]`, amount to. The first row of cubes also writes these, and adds them to the running
/// ones.
#[cube(launch)]
pub(super) fn normalized_convolve_kernel<F: Float, N: Size>(
    image: &Tensor<Vector<F, N>>,
    weight: &Tensor<f32>,
    moments: &Tensor<Vector<f32, N>>,
    gamma: &[Vector<f32, N>],
    beta: &[Vector<f32, N>],
    running_mean: &mut [Vector<f32, N>],
    running_variance: &mut [Vector<f32, N>],
    output: &mut Tensor<Vector<F, N>>,
    statistics: &mut [Vector<f32, N>],
    numbers: &Numbers,
    of_each: usize,
    #[comptime] pass: Pass,
    #[comptime] tile: Tile,
    #[define(F)] _dtype: ElemType,
) {
    let wide = comptime!(tile.channels as usize);
    let high = comptime!(tile.rows as usize);
    let several = comptime!(pass.several as usize);
    let channels = output.shape(3) / output.vector_size();
    let channel = CUBE_POS_X as usize * wide + UNIT_POS_X as usize;
    let mut weights = Shared::<[Vector<f32, N>]>::new_slice(comptime!(
        (pass.taps.rows * pass.taps.columns * tile.channels) as usize
    ));
    let mut shared = Shared::<[Vector<f32, N>]>::new_slice(comptime!(3 * tile.threads()));
    load_weights::<N>(weight, &mut weights, channels, pass.taps, tile);
    // It waits for all threads, which the weights need too.
    let (mean, variance) = statistics_of::<N>(
        moments,
        &mut shared,
        0usize,
        moments.shape(0),
        channel,
        channels,
        tile,
    );
    let deviation = (variance + Vector::new(numbers.epsilon)).sqrt();
    if CUBE_POS_Y == 0 && UNIT_POS_Y == 0 && channel < channels {
        statistics[channel] = mean;
        statistics[channels + channel] = deviation;
        add_to_running::<N>(
            running_mean,
            running_variance,
            channel,
            mean,
            variance,
            numbers.momentum,
            numbers.correction,
        );
    }
    // Threads without a channel compute nothing by it.
    let known = min(channel, channels - 1);
    let affine = Affine::<N> {
        mean,
        scale: gamma[known] / deviation,
        shift: beta[known],
    };
    let part = CUBE_POS_Y as usize;
    let height = output.shape(1);
    let width = output.shape(2);
    let blocks = (width + comptime!(several - 1)) / several;
    let mut number = part * of_each + UNIT_POS_Y as usize;
    let mut end = min((part + 1) * of_each, output.shape(0) * height * blocks);
    if channel >= channels {
        end = 0;
    }
    while number < end {
        let block = block_of(number, width, several);
        let sums = outputs_of::<F, N>(
            image, &weights, &affine, &block, height, channel, pass, tile,
        );
        #[unroll]
        for own in 0..several {
            if block.x + own < width {
                let place = (block.line * width + block.x + own) * channels + channel;
                output[place] = Vector::cast_from(sums[own]);
            }
        }
        number += high;
    }
}

/// The gradient by the normalized image, and what its batch norm needs of it: `norm_sums` is `[parts, 2, channels]`, the sums
/// of the gradient and of its products with the normalized image, over a cube's pixels. `norm` is what [`affine_of`] reads. Cubes after the first `parts` rows of
/// them add up the groups of the weight's gradient.
#[cube(launch)]
pub(super) fn normalized_gradient_kernel<F: Float, N: Size>(
    gradient: &Tensor<Vector<F, N>>,
    weight: &Tensor<f32>,
    image: &[Vector<F, N>],
    norm: &Sequence<Box<[Vector<f32, N>]>>,
    by_image: &mut Tensor<Vector<F, N>>,
    norm_sums: &mut [Vector<f32, N>],
    sums: &[f32],
    by_weight: &mut [f32],
    parts: usize,
    of_each: usize,
    #[comptime] pass: Pass,
    #[comptime] relu: bool,
    #[comptime] tile: Tile,
    #[define(F)] _dtype: ElemType,
) {
    let wide = comptime!(tile.channels as usize);
    let high = comptime!(tile.rows as usize);
    let several = comptime!(pass.several as usize);
    let channels = by_image.shape(3) / by_image.vector_size();
    let part = CUBE_POS_Y as usize;
    if part >= parts {
        let cube = (part - parts) * CUBE_COUNT_X as usize + CUBE_POS_X as usize;
        let number = cube * comptime!(wide * high) + UNIT_POS as usize;
        add_groups(sums, by_weight, number, by_image.shape(3));
        terminate!();
    }
    let mut weights = Shared::<[Vector<f32, N>]>::new_slice(comptime!(
        (pass.taps.rows * pass.taps.columns * tile.channels) as usize
    ));
    let mut shared = Shared::<[Vector<f32, N>]>::new_slice(comptime!(2 * tile.threads()));
    load_weights::<N>(weight, &mut weights, channels, pass.taps, tile);
    sync_cube();
    let channel = CUBE_POS_X as usize * wide + UNIT_POS_X as usize;
    let height = by_image.shape(1);
    let width = by_image.shape(2);
    let blocks = (width + comptime!(several - 1)) / several;
    let mut number = part * of_each + UNIT_POS_Y as usize;
    let mut end = min((part + 1) * of_each, by_image.shape(0) * height * blocks);
    if channel >= channels {
        end = 0;
    }
    // Threads without a channel compute nothing by it.
    let known = min(channel, channels - 1);
    let affine = affine_of::<N>(norm, known, channels, true);
    let deviation = norm.index(0usize)[channels + known];
    let none = Affine::<N>::none();
    let mut sum = Vector::<f32, N>::zeroed();
    let mut products = Vector::<f32, N>::zeroed();
    while number < end {
        let block = block_of(number, width, several);
        let outputs = outputs_of::<F, N>(
            gradient, &weights, &none, &block, height, channel, pass, tile,
        );
        #[unroll]
        for own in 0..several {
            if block.x + own < width {
                let place = (block.line * width + block.x + own) * channels + channel;
                let value = Vector::<f32, N>::cast_from(image[place]);
                let mut by = outputs[own];
                if comptime!(relu) {
                    let is_positive = affine.of(value, true).greater_than(&Vector::zeroed());
                    by = select_many(is_positive, by, Vector::zeroed());
                }
                by_image[place] = Vector::cast_from(by);
                sum += by;
                products += by * (value - affine.mean);
            }
        }
        number += high;
    }
    let (sum, products) = column_sums::<N>(sum, products, &mut shared, tile);
    if UNIT_POS_Y == 0 && channel < channels {
        norm_sums[part * 2 * channels + channel] = sum;
        norm_sums[(part * 2 + 1) * channels + channel] = products / deviation;
    }
}

/// Batch norm of the image of a convolution, for the gradients.
#[derive(Clone, Debug)]
pub(in crate::cube) struct Before {
    /// `[2, channels]`: the means, and the deviations (with epsilon).
    pub(in crate::cube) statistics: CubeTensor,
    pub(in crate::cube) gamma: CubeTensor,
    pub(in crate::cube) beta: CubeTensor,
    /// That of the convolution.
    pub(in crate::cube) window: Window,
}

impl Before {
    pub(super) const fn tensors(&self) -> [&CubeTensor; 3] {
        [&self.statistics, &self.gamma, &self.beta]
    }
}

/// Whether the convolution of an image can include the image's batch norm.
pub(in crate::cube) fn normalizes(image: &CubeTensor, window: &Window) -> bool {
    // Shared memory for three values of each thread, besides weights.
    let needed = MOST_SHARED + 3 * Tile::of(1).threads() * 4 * size_of::<f32>();
    let properties = image.client.properties();
    window.stride == [1, 1] && properties.hardware.max_shared_memory_size >= needed
}

/// The convolution of the ReLU, if `relu`, of a normalized image. Returns it, the running statistics, and what the gradients
/// need.
pub(in crate::cube) fn forward_normalized(
    image: CubeTensor,
    norm: Norm,
    weight: CubeTensor,
    window: &Window,
    relu: bool,
) -> (CubeTensor, [CubeTensor; 2], Before) {
    let [images, _, _, channels] = image.shape().dims();
    let pass = Pass {
        taps: Taps::of(window),
        several: several(window.out_width),
        normalized: true,
        relu,
        turned: false,
    };
    let shape = [images, window.out_height, window.out_width, channels];
    let output = empty_like(&image, shape);
    // Every cube combines the groups of moments.
    let split = Split::of(shape, pass, norm::MOST_CUBES);
    let moments = norm::moments([&rows_of(image.clone())]);
    let norm = norm.owned();
    let statistics = empty(&image, [2, channels], DType::F32);
    let [running_mean, running_variance] = norm.running.clone();
    normalized_convolve_kernel::launch(
        &output.client,
        split.cubes(0),
        split.tile.dim(),
        split.lanes,
        image.into_tensor_arg(),
        weight.into_tensor_arg(),
        moments.into_tensor_arg(),
        norm.gamma.clone().into_buffer_arg(),
        norm.beta.clone().into_buffer_arg(),
        running_mean.into_buffer_arg(),
        running_variance.into_buffer_arg(),
        output.clone().into_tensor_arg(),
        statistics.clone().into_buffer_arg(),
        norm::numbers_of(norm.numbers),
        split.of_each,
        pass,
        split.tile,
        element(&output),
    );
    let before = Before {
        statistics,
        gamma: norm.gamma,
        beta: norm.beta,
        window: *window,
    };
    (output, norm.running, before)
}

impl Inputs<'_> {
    /// The gradient by the image after its batch norm, the sums that the gradient of batch norm is computed from, and the
    /// gradient by the weight.
    pub(in crate::cube) fn normalized_gradients(self, gradient: CubeTensor) -> [CubeTensor; 3] {
        let before = self.before.expect("the image was normalized");
        let Groupwise { sums, weight } = self.group_sums(&gradient);
        let shape: [usize; 4] = self.image.shape().dims();
        let pass = turned(self.window);
        let by_image = empty_like(&gradient, shape);
        let split = Split::of(shape, pass, MOST_NORM_PARTS);
        let norm_sums = empty(&gradient, [split.parts, 2, shape[3]], DType::F32);
        normalized_gradient_kernel::launch(
            &by_image.client,
            split.cubes(weight.meta.num_elements()),
            split.tile.dim(),
            split.lanes,
            gradient.into_tensor_arg(),
            self.weight.into_tensor_arg(),
            self.image.into_buffer_arg(),
            sequence(before.tensors()),
            by_image.clone().into_tensor_arg(),
            norm_sums.clone().into_buffer_arg(),
            sums.into_buffer_arg(),
            weight.clone().into_buffer_arg(),
            split.parts,
            split.of_each,
            pass,
            self.relu,
            split.tile,
            element(&by_image),
        );
        [by_image, norm_sums, weight]
    }
}
