//! Batch norm and its gradients in CubeCL. Images are `[images, height, width, channels]` here, everything else
//! is `[channels]`.

use burn::backend::TensorMetadata as _;
use burn::tensor::DType;
use burn_cubecl::ops::permute;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use crate::cube::fold::{folded, folds};
use crate::cube::launch::{CHANNELS_FIRST, CHANNELS_LAST, empty, groups, threads};

/// The position in memory of a channel of a pixel.
#[cube]
fn place(image: &Tensor<f32>, pixel: usize, channel: usize) -> usize {
    let x = pixel % image.shape(2);
    let line = pixel / image.shape(2);
    line / image.shape(1) * image.stride(0)
        + line % image.shape(1) * image.stride(1)
        + x * image.stride(2)
        + channel * image.stride(3)
}

/// One thread for each channel and group of pixels. `moments` is `[groups, 3, channels]`: the number of pixels
/// in a group, their mean, and the sum of their squared distances from it.
#[cube(launch)]
fn moments_kernel(image: &Tensor<f32>, moments: &mut Tensor<f32>) {
    let channels = image.shape(3);
    let groups = moments.shape(0);
    if ABSOLUTE_POS >= groups * channels {
        terminate!();
    }
    let channel = ABSOLUTE_POS % channels;
    let group = ABSOLUTE_POS / channels;
    let pixels = image.shape(0) * image.shape(1) * image.shape(2);
    // Distances from the first value keep their digits, whatever the mean.
    let first = image[place(image, group, channel)];
    let mut count = f32::new(0.0);
    let mut sum = f32::new(0.0);
    let mut squares = f32::new(0.0);
    let mut pixel = group;
    while pixel < pixels {
        let distance = image[place(image, pixel, channel)] - first;
        count += f32::new(1.0);
        sum += distance;
        squares += distance * distance;
        pixel += groups;
    }
    let mean = sum / count;
    moments[group * 3 * channels + channel] = count;
    moments[(group * 3 + 1) * channels + channel] = first + mean;
    moments[(group * 3 + 2) * channels + channel] = squares - sum * mean;
}

/// Combines the moments of every `step`th group, starting with group `start` (Chan, Golub and LeVeque 1979).
#[cube]
fn combined(moments: &Tensor<f32>, channel: usize, start: usize, step: usize) -> (f32, f32, f32) {
    let channels = moments.shape(2);
    let mut count = f32::new(0.0);
    let mut mean = f32::new(0.0);
    let mut squares = f32::new(0.0);
    let mut group = start;
    while group < moments.shape(0) {
        let own = moments[group * 3 * channels + channel];
        let distance = moments[(group * 3 + 1) * channels + channel] - mean;
        let share = own / (count + own);
        squares +=
            moments[(group * 3 + 2) * channels + channel] + distance * distance * count * share;
        mean += distance * share;
        count += own;
        group += step;
    }
    (count, mean, squares)
}

/// One thread for each channel and group of `folded`.
#[cube(launch)]
fn fold_moments_kernel(moments: &Tensor<f32>, folded: &mut Tensor<f32>) {
    let channels = folded.shape(2);
    let folds = folded.shape(0);
    if ABSOLUTE_POS >= folds * channels {
        terminate!();
    }
    let channel = ABSOLUTE_POS % channels;
    let fold = ABSOLUTE_POS / channels;
    let (count, mean, squares) = combined(moments, channel, fold, folds);
    folded[fold * 3 * channels + channel] = count;
    folded[(fold * 3 + 1) * channels + channel] = mean;
    folded[(fold * 3 + 2) * channels + channel] = squares;
}

/// One thread for each channel, which combines the moments of the groups.
#[cube(launch)]
fn statistics_kernel(moments: &Tensor<f32>, mean: &mut Tensor<f32>, variance: &mut Tensor<f32>) {
    if ABSOLUTE_POS >= mean.len() {
        terminate!();
    }
    let (count, center, squares) = combined(moments, ABSOLUTE_POS, 0, 1);
    mean[ABSOLUTE_POS] = center;
    variance[ABSOLUTE_POS] = squares / count;
}

/// One thread for each value.
#[cube(launch)]
fn normalize_kernel(
    image: &Tensor<f32>,
    mean: &Tensor<f32>,
    variance: &Tensor<f32>,
    gamma: &Tensor<f32>,
    beta: &Tensor<f32>,
    output: &mut Tensor<f32>,
    epsilon: f32,
) {
    if ABSOLUTE_POS >= output.len() {
        terminate!();
    }
    let channels = output.shape(3);
    let channel = ABSOLUTE_POS % channels;
    let value = image[place(image, ABSOLUTE_POS / channels, channel)];
    let scale = gamma[channel] / (variance[channel] + epsilon).sqrt();
    output[ABSOLUTE_POS] = (value - mean[channel]) * scale + beta[channel];
}

/// One thread for each channel and group of pixels. `sums` is `[groups, 2, channels]`: the sums of the gradient
/// and of its products with the distances from the mean.
#[cube(launch)]
fn gradient_sums_kernel(
    image: &Tensor<f32>,
    gradient: &Tensor<f32>,
    mean: &Tensor<f32>,
    sums: &mut Tensor<f32>,
) {
    let channels = image.shape(3);
    let groups = sums.shape(0);
    if ABSOLUTE_POS >= groups * channels {
        terminate!();
    }
    let channel = ABSOLUTE_POS % channels;
    let group = ABSOLUTE_POS / channels;
    let pixels = image.shape(0) * image.shape(1) * image.shape(2);
    let center = mean[channel];
    let mut sum = f32::new(0.0);
    let mut products = f32::new(0.0);
    let mut pixel = group;
    while pixel < pixels {
        let value = gradient[place(gradient, pixel, channel)];
        sum += value;
        products += value * (image[place(image, pixel, channel)] - center);
        pixel += groups;
    }
    sums[group * 2 * channels + channel] = sum;
    sums[(group * 2 + 1) * channels + channel] = products;
}

/// One thread for each channel.
#[cube(launch)]
fn parameter_gradients_kernel(
    sums: &Tensor<f32>,
    variance: &Tensor<f32>,
    by_gamma: &mut Tensor<f32>,
    by_beta: &mut Tensor<f32>,
    epsilon: f32,
) {
    let channel = ABSOLUTE_POS;
    let channels = by_gamma.len();
    if channel >= channels {
        terminate!();
    }
    let mut sum = f32::new(0.0);
    let mut products = f32::new(0.0);
    for group in 0..sums.shape(0) {
        sum += sums[group * 2 * channels + channel];
        products += sums[(group * 2 + 1) * channels + channel];
    }
    by_beta[channel] = sum;
    by_gamma[channel] = products / (variance[channel] + epsilon).sqrt();
}

/// One thread for each value.
#[cube(launch)]
fn image_gradient_kernel(
    image: &Tensor<f32>,
    gradient: &Tensor<f32>,
    mean: &Tensor<f32>,
    variance: &Tensor<f32>,
    gamma: &Tensor<f32>,
    by_gamma: &Tensor<f32>,
    by_beta: &Tensor<f32>,
    by_image: &mut Tensor<f32>,
    epsilon: f32,
) {
    if ABSOLUTE_POS >= by_image.len() {
        terminate!();
    }
    let channels = by_image.shape(3);
    let channel = ABSOLUTE_POS % channels;
    let pixel = ABSOLUTE_POS / channels;
    let count = f32::cast_from(by_image.len() / channels);
    let deviation = (variance[channel] + epsilon).sqrt();
    let distance = (image[place(image, pixel, channel)] - mean[channel]) / deviation;
    let value = gradient[place(gradient, pixel, channel)];
    let rest = (by_beta[channel] + distance * by_gamma[channel]) / count;
    by_image[ABSOLUTE_POS] = gamma[channel] / deviation * (value - rest);
}

/// Mean and variance of each channel of images, `[images, channels, height, width]`.
pub(super) fn statistics(image: &CubeTensor) -> [CubeTensor; 2] {
    let [images, channels, height, width] = image.shape().dims();
    let groups = groups(images * height * width, channels);
    let mut moments = empty(image, [groups, 3, channels].into(), DType::F32);
    let (count, dim) = threads(image, groups * channels);
    moments_kernel::launch(
        &image.client,
        count,
        dim,
        permute(image.clone(), &CHANNELS_LAST).into_tensor_arg(),
        moments.clone().into_tensor_arg(),
    );
    if let Some(folds) = folds(groups) {
        let folded = empty(image, [folds, 3, channels].into(), DType::F32);
        let (count, dim) = threads(image, folds * channels);
        fold_moments_kernel::launch(
            &image.client,
            count,
            dim,
            moments.into_tensor_arg(),
            folded.clone().into_tensor_arg(),
        );
        moments = folded;
    }
    let [mean, variance] = [(); 2].map(|()| empty(image, [channels].into(), DType::F32));
    let (count, dim) = threads(image, channels);
    statistics_kernel::launch(
        &image.client,
        count,
        dim,
        moments.into_tensor_arg(),
        mean.clone().into_tensor_arg(),
        variance.clone().into_tensor_arg(),
    );
    [mean, variance]
}

/// Normalizes images by mean, variance, gamma and beta.
pub(super) fn normalize(
    image: CubeTensor,
    [mean, variance, gamma, beta]: [&CubeTensor; 4],
    epsilon: f64,
) -> CubeTensor {
    let [images, channels, height, width] = image.shape().dims();
    let output = empty(&image, [images, height, width, channels].into(), DType::F32);
    let (count, dim) = threads(&output, output.meta.num_elements());
    normalize_kernel::launch(
        &output.client,
        count,
        dim,
        permute(image, &CHANNELS_LAST).into_tensor_arg(),
        mean.clone().into_tensor_arg(),
        variance.clone().into_tensor_arg(),
        gamma.clone().into_tensor_arg(),
        beta.clone().into_tensor_arg(),
        output.clone().into_tensor_arg(),
        epsilon as f32,
    );
    permute(output, &CHANNELS_FIRST)
}

/// The gradients by gamma and beta.
pub(super) fn parameter_gradients(
    image: &CubeTensor,
    gradient: &CubeTensor,
    [mean, variance]: [&CubeTensor; 2],
    epsilon: f64,
) -> [CubeTensor; 2] {
    let [images, channels, height, width] = image.shape().dims();
    let groups = groups(images * height * width, channels);
    let sums = empty(image, [groups, 2, channels].into(), DType::F32);
    let (count, dim) = threads(image, groups * channels);
    gradient_sums_kernel::launch(
        &image.client,
        count,
        dim,
        permute(image.clone(), &CHANNELS_LAST).into_tensor_arg(),
        permute(gradient.clone(), &CHANNELS_LAST).into_tensor_arg(),
        mean.clone().into_tensor_arg(),
        sums.clone().into_tensor_arg(),
    );
    let [by_gamma, by_beta] = [(); 2].map(|()| empty(image, [channels].into(), DType::F32));
    let (count, dim) = threads(image, channels);
    parameter_gradients_kernel::launch(
        &image.client,
        count,
        dim,
        folded(sums).into_tensor_arg(),
        variance.clone().into_tensor_arg(),
        by_gamma.clone().into_tensor_arg(),
        by_beta.clone().into_tensor_arg(),
        epsilon as f32,
    );
    [by_gamma, by_beta]
}

/// The gradient by the image, from mean, variance, gamma, and the gradients by gamma and beta.
pub(super) fn image_gradient(
    image: CubeTensor,
    gradient: CubeTensor,
    [mean, variance, gamma, by_gamma, by_beta]: [&CubeTensor; 5],
    epsilon: f64,
) -> CubeTensor {
    let [images, channels, height, width] = image.shape().dims();
    let by_image = empty(&image, [images, height, width, channels].into(), DType::F32);
    let (count, dim) = threads(&by_image, by_image.meta.num_elements());
    image_gradient_kernel::launch(
        &by_image.client,
        count,
        dim,
        permute(image, &CHANNELS_LAST).into_tensor_arg(),
        permute(gradient, &CHANNELS_LAST).into_tensor_arg(),
        mean.clone().into_tensor_arg(),
        variance.clone().into_tensor_arg(),
        gamma.clone().into_tensor_arg(),
        by_gamma.clone().into_tensor_arg(),
        by_beta.clone().into_tensor_arg(),
        by_image.clone().into_tensor_arg(),
        epsilon as f32,
    );
    permute(by_image, &CHANNELS_FIRST)
}
