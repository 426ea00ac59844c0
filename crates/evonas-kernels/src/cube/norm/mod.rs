//! Batch norm in two launches, and its gradients in two. Rows are `[pixels, channels]`, everything else is
//! `[channels]`.
//!
//! A cube reduces a group of pixels; the cubes of the second launch combine the groups for themselves, which
//! costs less than a launch in between. All sums have an order that depends on sizes alone.

mod forward;
mod gradient;

use burn::backend::TensorMetadata as _;
use burn::tensor::DType;
use burn_cubecl::CubeBackend;
use burn_cubecl::tensor::CubeTensor;

use self::forward::{evaluate_kernel, moments_kernel, normalize_kernel};
use self::gradient::{gradient_sums_kernel, input_gradient_kernel};
use super::launch::{Groups, element, empty, empty_like, lanes, own, single, threads};
use super::optional::{given, optional};
use crate::operations::{Epilogue, NormNumbers};

/// The most groups whose results every cube of the second launch combines.
const MOST_GROUPS: usize = 256;
/// The most cubes in a column of the second launch.
const MOST_CUBES: usize = 1 << 10;

/// What the gradients need.
#[derive(Clone, Debug)]
pub(super) struct Saved {
    rows: CubeTensor,
    gamma: CubeTensor,
    /// `[2, channels]`: the means, and the deviations (with epsilon).
    statistics: CubeTensor,
    /// The epilogue's.
    factors: Option<CubeTensor>,
    /// The pixels of an image.
    of_image: usize,
}

/// Normalizes rows. Returns the output, and the running mean and variance, which are updated in place
/// if nothing else holds them.
pub(super) fn forward(
    rows: CubeTensor,
    [gamma, beta, running_mean, running_variance]: [CubeTensor; 4],
    numbers: NormNumbers,
    epilogue: Epilogue<CubeBackend>,
    of_image: usize,
) -> (CubeTensor, [CubeTensor; 2], Saved) {
    let [pixels, channels] = rows.shape().dims();
    let client = rows.client.clone();
    let dtype = element(&rows);
    let lanes = lanes(channels);
    let groups = Groups::at_most(MOST_GROUPS, pixels, channels / lanes);
    let moments = empty(&rows, [groups.count, 3, channels], DType::F32);
    moments_kernel::launch(
        &client,
        groups.cubes(),
        groups.tile.dim(),
        lanes,
        rows.clone().into_tensor_arg(),
        moments.clone().into_tensor_arg(),
        groups.of_each,
        groups.tile,
        dtype,
    );
    let parts = Groups::at_most(MOST_CUBES, pixels, channels / lanes);
    let output = empty_like(&rows, [pixels, channels]);
    let statistics = empty(&rows, [2, channels], DType::F32);
    let running = [running_mean, running_variance].map(own);
    let factors = epilogue.factors.map(single);
    let has = given([&factors, &epilogue.plus]);
    normalize_kernel::launch(
        &client,
        parts.cubes(),
        parts.tile.dim(),
        lanes,
        rows.clone().into_tensor_arg(),
        moments.into_tensor_arg(),
        gamma.clone().into_tensor_arg(),
        beta.into_tensor_arg(),
        optional(factors.clone()),
        optional(epilogue.plus),
        running[0].clone().into_tensor_arg(),
        running[1].clone().into_tensor_arg(),
        output.clone().into_tensor_arg(),
        statistics.clone().into_tensor_arg(),
        parts.of_each,
        of_image,
        numbers.epsilon as f32,
        numbers.momentum as f32,
        numbers.correction as f32,
        parts.tile,
        has,
        dtype,
    );
    let saved = Saved {
        rows,
        gamma,
        statistics,
        factors,
        of_image,
    };
    (output, running, saved)
}

/// The gradients by the input, by gamma and by beta.
pub(super) fn backward(saved: Saved, gradient: CubeTensor) -> [CubeTensor; 3] {
    let Saved {
        rows,
        gamma,
        statistics,
        factors,
        of_image,
    } = saved;

    let [pixels, channels] = rows.shape().dims();
    let client = rows.client.clone();
    let dtype = element(&rows);
    let lanes = lanes(channels);
    let groups = Groups::at_most(MOST_GROUPS, pixels, channels / lanes);
    let sums = empty(&rows, [groups.count, 2, channels], DType::F32);
    let has = given([&factors]);
    gradient_sums_kernel::launch(
        &client,
        groups.cubes(),
        groups.tile.dim(),
        lanes,
        rows.clone().into_tensor_arg(),
        gradient.clone().into_tensor_arg(),
        optional(factors.clone()),
        statistics.clone().into_tensor_arg(),
        sums.clone().into_tensor_arg(),
        groups.of_each,
        of_image,
        groups.tile,
        has,
        dtype,
    );
    let parts = Groups::at_most(MOST_CUBES, pixels, channels / lanes);
    let by_rows = empty_like(&rows, [pixels, channels]);
    let [by_gamma, by_beta] = [(); 2].map(|()| empty(&rows, [channels], DType::F32));
    input_gradient_kernel::launch(
        &client,
        parts.cubes(),
        parts.tile.dim(),
        lanes,
        rows.into_tensor_arg(),
        gradient.into_tensor_arg(),
        optional(factors),
        statistics.into_tensor_arg(),
        gamma.into_tensor_arg(),
        sums.into_tensor_arg(),
        by_rows.clone().into_tensor_arg(),
        by_gamma.clone().into_tensor_arg(),
        by_beta.clone().into_tensor_arg(),
        parts.of_each,
        of_image,
        parts.tile,
        has,
        dtype,
    );
    [by_rows, by_gamma, by_beta]
}

/// Normalizes rows by the running statistics.
pub(super) fn evaluate(
    rows: CubeTensor,
    [gamma, beta, running_mean, running_variance]: [CubeTensor; 4],
    epsilon: f64,
    epilogue: Epilogue<CubeBackend>,
    of_image: usize,
) -> CubeTensor {
    let [pixels, channels] = rows.shape().dims();
    let output = empty_like(&rows, [pixels, channels]);
    let lanes = lanes(channels);
    let (count, dim) = threads(&output, pixels * channels / lanes);
    let has = given([&epilogue.factors, &epilogue.plus]);
    evaluate_kernel::launch(
        &output.client,
        count,
        dim,
        lanes,
        rows.into_tensor_arg(),
        gamma.into_tensor_arg(),
        beta.into_tensor_arg(),
        running_mean.into_tensor_arg(),
        running_variance.into_tensor_arg(),
        optional(epilogue.factors.map(single)),
        optional(epilogue.plus),
        output.clone().into_tensor_arg(),
        of_image,
        epsilon as f32,
        has,
        element(&output),
    );
    output
}
