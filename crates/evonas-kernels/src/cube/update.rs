//! Update rules and averages of many parameters in a few launches, and the norm of all gradients.
//!
//! A launch takes a group of tensors; its cubes are numbered by tensor and by part of the tensor. Every tensor is
//! flat.

use burn::tensor::DType;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::launch::{contiguous, empty, own};
use crate::update::{Clipping, UpdateRule};

/// The threads of a cube.
const THREADS: usize = 256;
/// Values worth a thread.
const VALUES_OF_A_THREAD: usize = 4;
/// The most cubes for one tensor.
const MOST_CUBES: usize = 64;
/// The most tensors of a launch: kernels are compiled for their number.
pub(super) const MOST_TENSORS: usize = 128;
/// The most tensors of parameters in a launch: their addresses and lengths fit the 4,096 bytes that every CUDA driver takes as
/// a kernel's arguments.
const MOST_ARGUMENTS: usize = 330;
/// Tensors that a kernel takes besides those of parameters.
const OTHERS: usize = 3;

/// A gradient, shortened by a factor, with weight decay: shortened too if `decayed`.
#[cube]
fn shortened(gradient: f32, decay: f32, factor: f32, #[comptime] decayed: bool) -> f32 {
    if comptime!(decayed) {
        (gradient + decay) * factor
    } else {
        gradient * factor + decay
    }
}

/// One step of stochastic gradient descent with momentum.
#[cube(launch)]
fn sgd_kernel(
    weights: &mut Sequence<Box<[f32]>>,
    gradients: &Sequence<Box<[f32]>>,
    velocities: &mut Sequence<Box<[f32]>>,
    factor: &Tensor<f32>,
    rate: &Tensor<f32>,
    decay: f32,
    momentum: f32,
    #[comptime] count: usize,
    #[comptime] nesterov: bool,
    #[comptime] clipped: bool,
    #[comptime] decayed: bool,
) {
    let stride = (CUBE_COUNT_X * CUBE_DIM_X) as usize;
    let rate = rate[0];
    let mut scale = f32::new(1.0);
    if comptime!(clipped) {
        scale = factor[0];
    }
    #[unroll]
    for number in 0..count {
        if CUBE_POS_Y as usize == number {
            let weight = weights.index_mut(number);
            let velocity = velocities.index_mut(number);
            let gradient = gradients.index(number);
            let mut place = ABSOLUTE_POS_X as usize;
            while place < gradient.len() {
                let old = weight[place];
                let slope = shortened(gradient[place], old * decay, scale, decayed);
                let speed = slope + velocity[place] * momentum;
                velocity[place] = speed;
                if comptime!(nesterov) {
                    weight[place] = old - (speed * momentum + slope) * rate;
                } else {
                    weight[place] = old - speed * rate;
                }
                place += stride;
            }
        }
    }
}

/// One step of TensorFlow's RMSProp.
#[cube(launch)]
fn rms_prop_kernel(
    weights: &mut Sequence<Box<[f32]>>,
    gradients: &Sequence<Box<[f32]>>,
    squares: &mut Sequence<Box<[f32]>>,
    velocities: &mut Sequence<Box<[f32]>>,
    factor: &Tensor<f32>,
    rate: &Tensor<f32>,
    decay: f32,
    kept: f32,
    momentum: f32,
    epsilon: f32,
    #[comptime] count: usize,
    #[comptime] clipped: bool,
    #[comptime] decayed: bool,
) {
    let stride = (CUBE_COUNT_X * CUBE_DIM_X) as usize;
    let rate = rate[0];
    let mut scale = f32::new(1.0);
    if comptime!(clipped) {
        scale = factor[0];
    }
    #[unroll]
    for number in 0..count {
        if CUBE_POS_Y as usize == number {
            let weight = weights.index_mut(number);
            let square = squares.index_mut(number);
            let velocity = velocities.index_mut(number);
            let gradient = gradients.index(number);
            let mut place = ABSOLUTE_POS_X as usize;
            while place < gradient.len() {
                let old = weight[place];
                let slope = shortened(gradient[place], old * decay, scale, decayed);
                let mean = square[place] * kept + slope * slope * (f32::new(1.0) - kept);
                let speed = velocity[place] * momentum + slope / (mean + epsilon).sqrt() * rate;
                square[place] = mean;
                velocity[place] = speed;
                weight[place] = old - speed;
                place += stride;
            }
        }
    }
}

/// Moves averages towards values.
#[cube(launch)]
fn blend_kernel(
    averages: &mut Sequence<Box<[f32]>>,
    values: &Sequence<Box<[f32]>>,
    kept: &Tensor<f32>,
    #[comptime] count: usize,
) {
    let stride = (CUBE_COUNT_X * CUBE_DIM_X) as usize;
    let kept = kept[0];
    #[unroll]
    for number in 0..count {
        if CUBE_POS_Y as usize == number {
            let average = averages.index_mut(number);
            let value = values.index(number);
            let mut place = ABSOLUTE_POS_X as usize;
            while place < value.len() {
                average[place] = average[place] * kept + value[place] * (f32::new(1.0) - kept);
                place += stride;
            }
        }
    }
}

/// The sum of the squares that each cube sees, from place `first` of `sums`; with weight decay if there is one.
#[cube(launch)]
fn squares_kernel(
    gradients: &Sequence<Box<[f32]>>,
    weights: &Sequence<Box<[f32]>>,
    sums: &mut Tensor<f32>,
    first: usize,
    decay: f32,
    #[comptime] count: usize,
    #[comptime] threads: usize,
) {
    let stride = (CUBE_COUNT_X * CUBE_DIM_X) as usize;
    let own = UNIT_POS_X as usize;
    let mut sum = f32::new(0.0);
    #[unroll]
    for number in 0..count {
        if CUBE_POS_Y as usize == number {
            let gradient = gradients.index(number);
            let mut place = ABSOLUTE_POS_X as usize;
            let weight = weights.index(number);
            while place < gradient.len() {
                let value = gradient[place] + weight[place] * decay;
                sum += value * value;
                place += stride;
            }
        }
    }
    let mut shared = Shared::<[f32]>::new_slice(threads);
    shared[own] = sum;
    sync_cube();
    if own == 0 {
        let mut total = f32::new(0.0);
        for other in 0..threads {
            total += shared[other];
        }
        sums[first + (CUBE_POS_Y * CUBE_COUNT_X + CUBE_POS_X) as usize] = total;
    }
}

/// The factor that shortens the gradients to at most `most`, from the sums of their squares. One cube.
#[cube(launch)]
fn factor_kernel(
    sums: &Tensor<f32>,
    factor: &mut Tensor<f32>,
    most: f32,
    #[comptime] threads: usize,
) {
    let own = UNIT_POS_X as usize;
    let mut sum = f32::new(0.0);
    let mut place = own;
    while place < sums.len() {
        sum += sums[place];
        place += threads;
    }
    let mut shared = Shared::<[f32]>::new_slice(threads);
    shared[own] = sum;
    sync_cube();
    if own == 0 {
        let mut total = f32::new(0.0);
        for other in 0..threads {
            total += shared[other];
        }
        let norm = total.sqrt();
        let mut shortened = f32::new(1.0);
        if norm > most {
            shortened = most / norm;
        }
        factor[0] = shortened;
    }
}

/// A parameter on a device of CubeCL.
#[derive(Debug)]
pub(crate) struct Parameter {
    pub(crate) weight: CubeTensor,
    pub(crate) gradient: CubeTensor,
    pub(crate) state: Vec<CubeTensor>,
    pub(crate) weight_decay: f32,
}

/// A parameter after a step.
#[derive(Debug)]
pub(crate) struct Updated {
    pub(crate) weight: CubeTensor,
    pub(crate) state: Vec<CubeTensor>,
}

/// How many parameters a launch takes if each has this many tensors.
pub(super) fn at_once(on: &CubeTensor, tensors: usize) -> usize {
    let most = on.client.properties().hardware.max_bindings as usize;
    let most = most.saturating_sub(OTHERS).min(MOST_ARGUMENTS);
    (most / tensors).clamp(1, MOST_TENSORS)
}

/// Cubes side by side for each tensor of a group, of which the longest has this many values.
pub(super) fn across(longest: usize) -> (u32, CubeDim) {
    let parts = longest.div_ceil(THREADS * VALUES_OF_A_THREAD);
    (
        parts.clamp(1, MOST_CUBES) as u32,
        CubeDim::new_1d(THREADS as u32),
    )
}

pub(super) fn length(tensor: &CubeTensor) -> usize {
    tensor.meta.num_elements()
}

pub(super) type Tensors<N = f32> = SequenceArg<Box<[N]>>;

pub(super) fn arguments<'a, N: Numeric>(
    tensors: impl Iterator<Item = &'a CubeTensor>,
) -> Tensors<N> {
    tensors
        .map(|tensor| tensor.clone().into_buffer_arg())
        .collect()
}

/// Groups of parameters with one weight decay.
fn groups<'a>(
    ordered: &'a [&'a Parameter],
    size: usize,
) -> impl Iterator<Item = &'a [&'a Parameter]> {
    ordered
        .chunk_by(|a, b| a.weight_decay == b.weight_decay)
        .flat_map(move |same| same.chunks(size))
}

/// Cubes for a group of parameters.
fn cubes_of(group: &[&Parameter]) -> (u32, CubeDim) {
    let longest = group.iter().map(|one| length(&one.weight)).max();
    across(longest.unwrap_or(1))
}

/// The factor for gradients, `[1]`.
fn clipping_factor(ordered: &[&Parameter], clipping: Clipping) -> CubeTensor {
    let like = &ordered[0].gradient;
    let size = at_once(like, 2);
    let cubes = groups(ordered, size).map(|group| cubes_of(group).0 as usize * group.len());
    let sums = empty(like, [cubes.sum::<usize>()], DType::F32);
    let mut first = 0;
    for group in groups(ordered, size) {
        let (across, dim) = cubes_of(group);
        squares_kernel::launch(
            &like.client,
            CubeCount::Static(across, group.len() as u32, 1),
            dim,
            arguments(group.iter().map(|one| &one.gradient)),
            arguments(group.iter().map(|one| &one.weight)),
            sums.clone().into_tensor_arg(),
            first,
            if clipping.decayed {
                group[0].weight_decay
            } else {
                0.0
            },
            group.len(),
            THREADS,
        );
        first += across as usize * group.len();
    }
    let factor = empty(like, [1], DType::F32);
    factor_kernel::launch(
        &like.client,
        CubeCount::Static(1, 1, 1),
        CubeDim::new_1d(THREADS as u32),
        sums.into_tensor_arg(),
        factor.clone().into_tensor_arg(),
        clipping.most_norm as f32,
        THREADS,
    );
    factor
}

/// One step of all parameters, which overwrites their weights and states.
pub(crate) fn update(
    parameters: Vec<Parameter>,
    rule: UpdateRule,
    rate: &CubeTensor,
    clipping: Option<Clipping>,
) -> Vec<Updated> {
    let parameters: Vec<Parameter> = parameters
        .into_iter()
        .map(|one| Parameter {
            weight: own(one.weight),
            gradient: contiguous(one.gradient),
            state: one.state.into_iter().map(own).collect(),
            weight_decay: one.weight_decay,
        })
        .collect();
    if parameters.is_empty() {
        return Vec::new();
    }
    // Tensors of one length and decay are next to each other, so that a launch has little to idle on.
    let mut order: Vec<usize> = (0..parameters.len()).collect();
    order.sort_by_key(|&place| {
        let one = &parameters[place];
        (one.weight_decay.to_bits(), length(&one.weight))
    });
    let ordered: Vec<&Parameter> = order.iter().map(|&place| &parameters[place]).collect();
    let like = &ordered[0].weight;
    let factor = clipping.map(|clipping| clipping_factor(&ordered, clipping));
    let clipped = factor.is_some();
    let decayed = clipping.is_some_and(|clipping| clipping.decayed);
    // A kernel that clips nothing reads no factor.
    let factor = factor.unwrap_or_else(|| empty(like, [1], DType::F32));
    let size = at_once(like, 2 + rule.states());
    for group in groups(&ordered, size) {
        launch(group, rule, rate, &factor, [clipped, decayed]);
    }
    parameters
        .into_iter()
        .map(|one| Updated {
            weight: one.weight,
            state: one.state,
        })
        .collect()
}

fn launch(
    group: &[&Parameter],
    rule: UpdateRule,
    rate: &CubeTensor,
    factor: &CubeTensor,
    [clipped, decayed]: [bool; 2],
) {
    let (across, dim) = cubes_of(group);
    let count = CubeCount::Static(across, group.len() as u32, 1);
    let client = &group[0].weight.client;
    let decay = group[0].weight_decay;
    let weights = arguments(group.iter().map(|one| &one.weight));
    let gradients = arguments(group.iter().map(|one| &one.gradient));
    let states = |number: usize| arguments(group.iter().map(|one| &one.state[number]));
    let factor = factor.clone().into_tensor_arg();
    match rule {
        UpdateRule::Sgd { momentum, nesterov } => sgd_kernel::launch(
            client,
            count,
            dim,
            weights,
            gradients,
            states(0),
            factor,
            rate.clone().into_tensor_arg(),
            decay,
            momentum as f32,
            group.len(),
            nesterov,
            clipped,
            decayed,
        ),
        UpdateRule::RmsProp {
            decay: kept,
            momentum,
            epsilon,
        } => rms_prop_kernel::launch(
            client,
            count,
            dim,
            weights,
            gradients,
            states(0),
            states(1),
            factor,
            rate.clone().into_tensor_arg(),
            decay,
            kept as f32,
            momentum as f32,
            epsilon as f32,
            group.len(),
            clipped,
            decayed,
        ),
    }
}

/// Moves averages towards values, and overwrites the averages.
pub(crate) fn blend(pairs: Vec<[CubeTensor; 2]>, kept: &CubeTensor) -> Vec<CubeTensor> {
    let pairs: Vec<[CubeTensor; 2]> = pairs
        .into_iter()
        .map(|[average, value]| [own(average), contiguous(value)])
        .collect();
    let mut ordered: Vec<&[CubeTensor; 2]> = pairs.iter().collect();
    ordered.sort_by_key(|[average, _]| length(average));
    let size = match ordered.first() {
        Some([average, _]) => at_once(average, 2),
        None => return Vec::new(),
    };
    for group in ordered.chunks(size) {
        let longest = group.iter().map(|[average, _]| length(average)).max();
        let (across, dim) = across(longest.unwrap_or(1));
        let count = CubeCount::Static(across, group.len() as u32, 1);
        blend_kernel::launch(
            &group[0][0].client,
            count,
            dim,
            arguments(group.iter().map(|[average, _]| average)),
            arguments(group.iter().map(|[_, value]| value)),
            kept.clone().into_tensor_arg(),
            group.len(),
        );
    }
    pairs.into_iter().map(|[average, _]| average).collect()
}
