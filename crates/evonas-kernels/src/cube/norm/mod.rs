//! Batch norm in two launches, and its gradients in two, of one input or of several that are added up afterward. Rows are
//! `[pixels, channels]`, everything else is `[channels]`.
//!
//! A cube reduces a group of pixels; the cubes of the second launch combine the groups for themselves, which
//! costs less than a launch in between. All sums have an order that depends on sizes alone.

mod columns;
mod forward;
mod gradient;

use burn::backend::TensorMetadata as _;
use burn::tensor::DType;
use burn_cubecl::CubeBackend;
use burn_cubecl::tensor::CubeTensor;

pub(super) use self::columns::column_sums;
pub(super) use self::forward::{Numbers, NumbersLaunch, add_to_running, statistics_of};
use self::forward::{evaluate_kernel, moments_kernel, normalize_kernel};
use self::gradient::{gradient_sums_kernel, input_gradient_kernel};
use super::launch::{Groups, element, empty, empty_like, lanes, own, sequence, single, threads};
use super::optional::{given, optional};
use crate::operations::{Epilogue, NormNumbers, UnitNorm};

/// The most groups whose results every cube of the second launch combines.
const MOST_GROUPS: usize = 256;
/// The most cubes in a column of the second launch.
pub(super) const MOST_CUBES: usize = 1 << 10;

/// Rows to be normalized.
pub(super) struct Input {
    pub(super) rows: CubeTensor,
    pub(super) norm: Norm,
    /// A factor for each image, for what is normalized.
    pub(super) factors: Option<CubeTensor>,
}

/// A batch norm.
pub(super) struct Norm {
    pub(super) gamma: CubeTensor,
    pub(super) beta: CubeTensor,
    /// The running mean and variance.
    pub(super) running: [CubeTensor; 2],
    pub(super) numbers: NormNumbers,
}

impl Norm {
    /// The norm with running statistics that a kernel may overwrite: in place if nothing else holds them.
    pub(super) fn owned(self) -> Self {
        Self {
            running: self.running.map(own),
            ..self
        }
    }
}

impl From<UnitNorm<CubeBackend>> for Norm {
    fn from(norm: UnitNorm<CubeBackend>) -> Self {
        Self {
            gamma: single(norm.gamma),
            beta: single(norm.beta),
            running: [norm.running.mean, norm.running.variance].map(single),
            numbers: norm.numbers,
        }
    }
}

/// What the gradients need.
#[derive(Clone, Debug)]
pub(super) struct Saved {
    pub(super) rows: CubeTensor,
    pub(super) gamma: CubeTensor,
    /// `[2, channels]`: the means, and the deviations (with epsilon).
    pub(super) statistics: CubeTensor,
    pub(super) factors: Option<CubeTensor>,
    /// The output, if it went through a ReLU.
    pub(super) mask: Option<CubeTensor>,
    /// The pixels of an image.
    pub(super) of_image: usize,
}

/// The gradients by the input, by gamma and by beta.
pub(super) type Gradients = [CubeTensor; 3];

pub(super) fn numbers_of(norm: NormNumbers) -> NumbersLaunch {
    NumbersLaunch::new(
        norm.epsilon as f32,
        norm.momentum as f32,
        norm.correction as f32,
    )
}

/// The moments of groups of rows of inputs, `[inputs · groups, 3, channels]`.
pub(super) fn moments<const K: usize>(rows: [&CubeTensor; K]) -> CubeTensor {
    let [pixels, channels] = rows[0].shape().dims();
    let lanes = lanes(channels);
    let groups = Groups::at_most(MOST_GROUPS, pixels, channels / lanes);
    let moments = empty(rows[0], [K * groups.count, 3, channels], DType::F32);
    moments_kernel::launch(
        &moments.client,
        groups.layers(K),
        groups.tile.dim(),
        lanes,
        sequence(rows),
        moments.clone().into_tensor_arg(),
        pixels,
        groups.of_each,
        K,
        groups.tile,
        element(rows[0]),
    );
    moments
}

/// Normalizes inputs and adds them up, and `plus` to them, and takes the ReLU if `relu`. Returns the output, and the running mean and variance of each
/// input. Either all inputs have factors, or none.
pub(super) fn forward<const K: usize>(
    inputs: [Input; K],
    plus: Option<CubeTensor>,
    of_image: usize,
    relu: bool,
) -> (CubeTensor, [[CubeTensor; 2]; K], [Saved; K]) {
    let inputs = inputs.map(|input| Input {
        norm: input.norm.owned(),
        ..input
    });
    let first = &inputs[0].rows;
    let [pixels, channels] = first.shape().dims();
    let lanes = lanes(channels);
    let moments = moments(inputs.each_ref().map(|input| &input.rows));
    let parts = Groups::at_most(MOST_CUBES, pixels, channels / lanes);
    let output = empty_like(first, [pixels, channels]);
    let statistics = [(); K].map(|()| empty(first, [2, channels], DType::F32));
    let factors: Vec<_> = factors_of(inputs.iter().map(|input| &input.factors));
    let of_all = |tensor: fn(&Input) -> &CubeTensor| inputs.iter().map(tensor);
    let has = given([&plus]);
    normalize_kernel::launch(
        &output.client,
        parts.cubes(),
        parts.tile.dim(),
        lanes,
        sequence(of_all(|input| &input.rows)),
        moments.into_tensor_arg(),
        sequence(of_all(|input| &input.norm.gamma)),
        sequence(of_all(|input| &input.norm.beta)),
        sequence(&factors),
        optional(plus),
        sequence(of_all(|input| &input.norm.running[0])),
        sequence(of_all(|input| &input.norm.running[1])),
        output.clone().into_tensor_arg(),
        sequence(&statistics),
        inputs
            .iter()
            .map(|input| numbers_of(input.norm.numbers))
            .collect(),
        parts.of_each,
        of_image,
        K,
        !factors.is_empty(),
        relu,
        parts.tile,
        has,
        element(first),
    );
    let mut statistics = statistics.into_iter();
    let saved_and_running = inputs.map(|input| {
        let saved = Saved {
            rows: input.rows,
            gamma: input.norm.gamma,
            statistics: statistics.next().expect("every input has statistics"),
            factors: input.factors.map(single),
            mask: relu.then(|| output.clone()),
            of_image,
        };
        (saved, input.norm.running)
    });
    let running = saved_and_running
        .each_ref()
        .map(|(_, running)| running.clone());
    (output, running, saved_and_running.map(|(saved, _)| saved))
}

/// The factors of inputs, all of which have some, or none.
fn factors_of<'a>(factors: impl Iterator<Item = &'a Option<CubeTensor>>) -> Vec<CubeTensor> {
    factors.flatten().cloned().map(single).collect()
}

/// The sums from which the gradients of several inputs are computed, `[inputs · groups, 2, channels]`.
fn gradient_sums<const K: usize>(saved: &[Saved; K], gradient: &CubeTensor) -> CubeTensor {
    let [pixels, channels] = saved[0].rows.shape().dims();
    let lanes = lanes(channels);
    let groups = Groups::at_most(MOST_GROUPS, pixels, channels / lanes);
    let sums = empty(gradient, [K * groups.count, 2, channels], DType::F32);
    let factors = factors_of(saved.iter().map(|saved| &saved.factors));
    gradient_sums_kernel::launch(
        &sums.client,
        groups.layers(K),
        groups.tile.dim(),
        lanes,
        sequence(saved.iter().map(|saved| &saved.rows)),
        gradient.clone().into_buffer_arg(),
        optional(saved[0].mask.clone()),
        sequence(&factors),
        sequence(saved.iter().map(|saved| &saved.statistics)),
        sums.clone().into_tensor_arg(),
        pixels,
        groups.of_each,
        saved[0].of_image,
        K,
        !factors.is_empty(),
        groups.tile,
        given([&saved[0].mask]),
        element(gradient),
    );
    sums
}

/// The gradients of each input from the one by the output, `[pixels, channels]`.
pub(super) fn backward<const K: usize>(saved: [Saved; K], gradient: CubeTensor) -> [Gradients; K] {
    let sums = gradient_sums(&saved, &gradient);
    input_gradients(saved, gradient, sums)
}

/// The gradients of each input, from the sums of groups of pixels that [`gradient_sums_kernel`] writes.
pub(super) fn input_gradients<const K: usize>(
    saved: [Saved; K],
    gradient: CubeTensor,
    sums: CubeTensor,
) -> [Gradients; K] {
    let [pixels, channels] = saved[0].rows.shape().dims();
    let lanes = lanes(channels);
    let parts = Groups::at_most(MOST_CUBES, pixels, channels / lanes);
    let factors = factors_of(saved.iter().map(|saved| &saved.factors));
    let by: [Gradients; K] = [(); K].map(|()| {
        [
            empty_like(&gradient, [pixels, channels]),
            empty(&gradient, [channels], DType::F32),
            empty(&gradient, [channels], DType::F32),
        ]
    });
    let dtype = element(&gradient);
    input_gradient_kernel::launch(
        &sums.client.clone(),
        parts.layers(K),
        parts.tile.dim(),
        lanes,
        sequence(saved.iter().map(|saved| &saved.rows)),
        gradient.into_buffer_arg(),
        optional(saved[0].mask.clone()),
        sequence(&factors),
        sequence(saved.iter().map(|saved| &saved.statistics)),
        sequence(saved.iter().map(|saved| &saved.gamma)),
        sums.into_tensor_arg(),
        sequence(by.iter().map(|[by_rows, ..]| by_rows)),
        sequence(by.iter().map(|[_, by_gamma, _]| by_gamma)),
        sequence(by.iter().map(|[.., by_beta]| by_beta)),
        pixels,
        parts.of_each,
        saved[0].of_image,
        K,
        !factors.is_empty(),
        parts.tile,
        given([&saved[0].mask]),
        dtype,
    );
    by
}

/// Normalizes rows by the running statistics.
pub(super) fn evaluate(
    rows: CubeTensor,
    norm: Norm,
    epilogue: Epilogue<CubeBackend>,
    of_image: usize,
) -> CubeTensor {
    let [pixels, channels] = rows.shape().dims();
    let output = empty_like(&rows, [pixels, channels]);
    let lanes = lanes(channels);
    let (count, dim) = threads(&output, pixels * channels / lanes);
    let has = given([&epilogue.factors, &epilogue.plus]);
    let [running_mean, running_variance] = norm.running;
    evaluate_kernel::launch(
        &output.client,
        count,
        dim,
        lanes,
        rows.into_tensor_arg(),
        norm.gamma.into_tensor_arg(),
        norm.beta.into_tensor_arg(),
        running_mean.into_tensor_arg(),
        running_variance.into_tensor_arg(),
        optional(epilogue.factors.map(single)),
        optional(epilogue.plus),
        output.clone().into_tensor_arg(),
        of_image,
        norm.numbers.epsilon as f32,
        has,
        element(&output),
    );
    output
}
