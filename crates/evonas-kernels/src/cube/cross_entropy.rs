//! The loss of a classifier in two launches, with its gradient. Logits are `[batch, classes]`.

use burn::backend::TensorMetadata as _;
use burn::tensor::DType;
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::launch::{contiguous, empty};

/// The threads of an example, and the examples of a cube.
const WIDE: usize = 32;
const HIGH: usize = 8;
/// The threads that add up the examples.
const THREADS: usize = 256;

/// What a classifier's loss consists of.
#[derive(Clone, Debug)]
pub(crate) struct Loss {
    /// The mean of the examples, `[1]`.
    pub(crate) mean: CubeTensor,
    /// How many examples have their largest logit at their label, `[1]`.
    pub(crate) correct: CubeTensor,
    /// The gradient of the mean by the logits.
    pub(crate) gradient: CubeTensor,
}

/// A row of a cube's threads for each example. `results` is `[2, batch]`: losses, and 1 for an example whose largest logit
/// is at its label. The logits' distances from the largest are `spread`, and `gradient` is that of the examples' mean.
#[cube(launch)]
fn examples_kernel(
    logits: &Tensor<f32>,
    labels: &Tensor<i32>,
    results: &mut Tensor<f32>,
    gradient: &mut Tensor<f32>,
    smoothing: f32,
) {
    let wide = comptime!(WIDE);
    let across = UNIT_POS_X as usize;
    let down = UNIT_POS_Y as usize;
    let batch = logits.shape(0);
    let classes = logits.shape(1);
    let example = CUBE_POS_X as usize * comptime!(HIGH) + down;
    let first = min(example, batch - 1) * classes;
    let label = labels[min(example, batch - 1)] as usize;
    let mut shared = Shared::<[f32]>::new_slice(comptime!(WIDE * HIGH));
    let mut places = Shared::<[u32]>::new_slice(comptime!(WIDE * HIGH));
    // The largest logit and its first place. A NaN isn't found here, but makes the sums NaN.
    let mut largest = logits[first];
    let mut place = 0u32;
    let mut class = across;
    while class < classes {
        let value = logits[first + class];
        if value > largest {
            largest = value;
            place = class as u32;
        }
        class += wide;
    }
    shared[down * wide + across] = largest;
    places[down * wide + across] = place;
    sync_cube();
    for other in 0..wide {
        let value = shared[down * wide + other];
        let own = places[down * wide + other];
        if value > largest || (value == largest && own < place) {
            largest = value;
            place = own;
        }
    }
    sync_cube();
    // The sum of the exponentials, and of the distances from the largest logit.
    let mut sum = f32::new(0.0);
    let mut spread = f32::new(0.0);
    class = across;
    while class < classes {
        let distance = logits[first + class] - largest;
        sum += distance.exp();
        spread += distance;
        class += wide;
    }
    let mut sums = Shared::<[f32]>::new_slice(comptime!(WIDE * HIGH));
    shared[down * wide + across] = sum;
    sums[down * wide + across] = spread;
    sync_cube();
    sum = f32::new(0.0);
    spread = f32::new(0.0);
    for other in 0..wide {
        sum += shared[down * wide + other];
        spread += sums[down * wide + other];
    }
    if example < batch {
        let log = sum.ln();
        let own = f32::new(1.0) - smoothing;
        let each = smoothing / f32::cast_from(classes);
        if across == 0 {
            let of_label = logits[first + label] - largest - log;
            let of_all = spread - f32::cast_from(classes) * log;
            let mut loss = -(own * of_label);
            if each > 0.0 {
                loss -= each * of_all;
            }
            results[example] = loss;
            let mut hit = f32::new(0.0);
            if place as usize == label {
                hit = f32::new(1.0);
            }
            results[batch + example] = hit;
        }
        class = across;
        while class < classes {
            let share = (logits[first + class] - largest).exp() / sum;
            let mut wanted = each;
            if class == label {
                wanted += own;
            }
            gradient[first + class] = (share - wanted) / f32::cast_from(batch);
            class += wide;
        }
    }
}

/// One cube, which adds up the examples.
#[cube(launch)]
fn total_kernel(results: &Tensor<f32>, mean: &mut Tensor<f32>, correct: &mut Tensor<f32>) {
    let threads = comptime!(THREADS);
    let own = UNIT_POS_X as usize;
    let batch = results.shape(1);
    let mut losses = Shared::<[f32]>::new_slice(threads);
    let mut hits = Shared::<[f32]>::new_slice(threads);
    let mut loss = f32::new(0.0);
    let mut hit = f32::new(0.0);
    let mut example = own;
    while example < batch {
        loss += results[example];
        hit += results[batch + example];
        example += threads;
    }
    losses[own] = loss;
    hits[own] = hit;
    sync_cube();
    if own == 0 {
        for other in 1..threads {
            loss += losses[other];
            hit += hits[other];
        }
        mean[0] = loss / f32::cast_from(batch);
        correct[0] = hit;
    }
}

/// The gradient times that of the mean.
#[cube(launch)]
fn gradient_kernel(by_mean: &Tensor<f32>, gradient: &Tensor<f32>, by_logits: &mut Tensor<f32>) {
    if ABSOLUTE_POS >= by_logits.len() {
        terminate!();
    }
    by_logits[ABSOLUTE_POS] = gradient[ABSOLUTE_POS] * by_mean[0];
}

/// The mean cross-entropy of logits, `[batch, classes]`, with labels, `[batch]`, of which this share is spread evenly over all
/// classes.
pub(crate) fn cross_entropy(logits: CubeTensor, labels: CubeTensor, smoothing: f64) -> Loss {
    let logits = contiguous(logits);
    let labels = into_contiguous(labels);
    let [batch, classes] = logits.shape().dims();
    assert_eq!(labels.shape().dims(), [batch], "an example has a label");
    assert_eq!(
        (logits.dtype, labels.dtype),
        (DType::F32, DType::I32),
        "logits are in single precision, labels integers of four bytes"
    );
    let results = empty(&logits, [2, batch], DType::F32);
    let gradient = empty(&logits, [batch, classes], DType::F32);
    let [mean, correct] = [(); 2].map(|()| empty(&logits, [1], DType::F32));
    let client = logits.client.clone();
    examples_kernel::launch(
        &client,
        CubeCount::Static(batch.div_ceil(HIGH) as u32, 1, 1),
        CubeDim::new_2d(WIDE as u32, HIGH as u32),
        logits.into_tensor_arg(),
        labels.into_tensor_arg(),
        results.clone().into_tensor_arg(),
        gradient.clone().into_tensor_arg(),
        smoothing as f32,
    );
    total_kernel::launch(
        &client,
        CubeCount::Static(1, 1, 1),
        CubeDim::new_1d(THREADS as u32),
        results.into_tensor_arg(),
        mean.clone().into_tensor_arg(),
        correct.clone().into_tensor_arg(),
    );
    Loss {
        mean,
        correct,
        gradient,
    }
}

/// The gradient by the logits from the one by the mean.
pub(crate) fn cross_entropy_gradient(gradient: CubeTensor, by_mean: CubeTensor) -> CubeTensor {
    let by_logits = empty(&gradient, gradient.shape(), DType::F32);
    let (count, dim) = super::launch::threads(&by_logits, by_logits.meta.num_elements());
    gradient_kernel::launch(
        &gradient.client.clone(),
        count,
        dim,
        contiguous(by_mean).into_tensor_arg(),
        gradient.into_tensor_arg(),
        by_logits.clone().into_tensor_arg(),
    );
    by_logits
}
