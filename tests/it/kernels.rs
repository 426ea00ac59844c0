//! Compares the CPU's kernels with Burn's operations.
//!
//! The kernels compute in single precision only, so the same network in double precision runs Burn's
//! operations. Outputs and gradients must agree up to the rounding of single precision.
use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, FloatDType, Gradients, Tensor, TensorData};
use evonas::network::{BatchNormSettings, CellNetwork, ImageShape, NetworkConfig};
use evonas::prelude::*;
use evonas::randomness::stream;
use evonas::spaces::nasnet::{NasnetGenotype, NasnetSpace};
use proptest::prelude::*;

use crate::double::ToDouble;

struct Collect<'a> {
    gradients: &'a Gradients,
    values: Vec<Vec<f64>>,
}

impl ModuleVisitor for Collect<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(gradient) = param.val().grad(self.gradients) {
            self.values
                .push(gradient.into_data().iter::<f64>().collect());
        }
    }
}

/// Batch norm's running statistics.
struct RunningStatistics(Vec<Vec<f64>>);

impl ModuleVisitor for RunningStatistics {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if D == 1 && !param.is_require_grad() {
            let values = param.val().into_data();
            self.0.push(values.iter::<f64>().collect());
        }
    }
}

/// The means and variances of a batch, computed back from a network's running statistics.
fn batch_statistics(network: &CellNetwork) -> Vec<Vec<f64>> {
    let mut statistics = RunningStatistics(Vec::new());
    // Only `valid` updates the running statistics with the last pass; `train` tells them from weights.
    network.valid().train().visit(&mut statistics);
    let share = network.config().batch_norm.momentum;
    // Means start at 0; variances, every second one, start at 1.
    let of_batch = |(index, kept): (usize, Vec<f64>)| {
        let before = (index % 2) as f64;
        let of_batch = |kept: f64| (kept - (1.0 - share) * before) / share;
        kept.into_iter().map(of_batch).collect()
    };
    statistics.0.into_iter().enumerate().map(of_batch).collect()
}

/// The logits and every gradient of their weighted sum.
fn run(network: &CellNetwork, images: Tensor<4>) -> Vec<Vec<f64>> {
    let logits = network.forward(images);
    let [_, classes] = logits.dims();
    let mut values = vec![logits.clone().into_data().iter::<f64>().collect()];
    let gradients = logits
        .narrow(1, 0, classes - 1)
        .powi_scalar(2)
        .sum()
        .backward();
    let mut collect = Collect {
        gradients: &gradients,
        values: Vec::new(),
    };
    network.visit(&mut collect);
    values.append(&mut collect.values);
    values
}

fn largest(values: &[f64]) -> f64 {
    values.iter().fold(0.0, |most, value| most.max(value.abs()))
}

/// Infinite if any value isn't finite, since `max` ignores NaN.
fn differ(a: &[f64], b: &[f64], scale: f64) -> f64 {
    if a.len() != b.len() || !a.iter().chain(b).all(|value| value.is_finite()) {
        return f64::INFINITY;
    }
    a.iter()
        .zip(b)
        .fold(0.0_f64, |most, (a, b)| most.max((a - b).abs() / scale))
}

fn network(genotype: &NasnetGenotype, config: &NetworkConfig) -> CellNetwork {
    CellNetwork::new(
        genotype,
        config,
        &mut stream(1, 0),
        &Device::flex().autodiff(),
    )
    .unwrap()
}

fn images(shape: [usize; 4], seed: u64) -> TensorData {
    let mut rng = stream(seed, 0);
    let values: Vec<f32> = (0..shape.iter().product())
        .map(|_| rng.random::<f32>() - 0.5)
        .collect();
    TensorData::new(values, shape)
}

fn evaluated(network: &CellNetwork, images: Tensor<4>) -> Vec<f64> {
    network.forward(images).into_data().iter::<f64>().collect()
}

/// The factor by which to widen bounds for a network that amplifies rounding; 1 for most. It is measured in
/// double precision, by the logits of images that are off by a rounding of single precision (in single
/// precision every operation rounds). At most 30, so that an arithmetic error is still noticed.
fn amplification(double: &CellNetwork, images: &Tensor<4>, logits: &[f64]) -> f64 {
    let shape = images.dims();
    let noise = Tensor::<4>::from_data(self::images(shape, 99), &Device::flex());
    let moved = images.clone() * (noise.cast(FloatDType::F64) * f64::from(f32::EPSILON) + 1.0);
    let off = differ(&run(double, moved)[0], logits, largest(logits));
    (100.0 * off / 1e-4).clamp(1.0, 30.0)
}

/// Smaller variances count as this one.
const SMALLEST_VARIANCE: f64 = 1e-4;

/// Whether both agree for at least one batch. In single precision a value next to a kink may fall on its
/// other side and change many gradients, and a channel that hardly varies amplifies rounding, whereas an
/// error of a kernel shows with every batch. The error says by how much statistics, logits and gradients
/// differ.
fn agrees(
    genotype: &NasnetGenotype,
    config: &NetworkConfig,
    batch: usize,
) -> Result<(), (f64, f64, f64)> {
    let mut apart = (0.0, 0.0, 0.0);
    for seed in 0..8 {
        let ImageShape {
            channels,
            height,
            width,
        } = config.image;
        let data = images([batch, channels, height, width], seed);
        let single = network(genotype, config);
        let double = network(genotype, config).map(&mut ToDouble);
        let ours = run(&single, Tensor::from_data(data.clone(), &Device::flex()));
        let input = Tensor::<4>::from_data(data, &Device::flex()).cast(FloatDType::F64);
        let burns = run(&double, input.clone());
        assert_eq!(ours.len(), burns.len());
        let (found, expected) = (batch_statistics(&single), batch_statistics(&double));
        assert!(!found.is_empty() && found.len() == expected.len());
        let mut statistics = 0.0_f64;
        for (found, expected) in found.chunks(2).zip(expected.chunks(2)) {
            for channel in 0..found[0].len() {
                let [mean, variance] = [&expected[0], &expected[1]].map(|of| of[channel]);
                let scale = variance.max(SMALLEST_VARIANCE);
                let of_mean = (found[0][channel] - mean).abs() / scale.sqrt();
                let of_variance = (found[1][channel] - variance).abs() / scale;
                statistics = match of_mean.max(of_variance) {
                    off if of_mean.is_finite() && of_variance.is_finite() => statistics.max(off),
                    _ => f64::INFINITY,
                };
            }
        }
        let double_again = network(genotype, config).map(&mut ToDouble);
        // With the same running statistics.
        let single = single.valid();
        let double = single.valid().map(&mut ToDouble);
        let said = evaluated(&single, input.clone().cast(FloatDType::F32));
        let should_say = evaluated(&double, input.clone());
        let off = differ(&said, &should_say, largest(&should_say));
        assert!(off < 1e-4, "the logits in evaluation differ by {off}");
        let logits = differ(&ours[0], &burns[0], largest(&burns[0]));
        let loosened = amplification(&double_again, &input, &burns[0]);
        // The gradient of a shift that a batch norm cancels is 0 apart from rounding.
        let floor = 1e-3
            * burns[1..]
                .iter()
                .fold(0.0_f64, |most, b| most.max(largest(b)));
        let worst = ours[1..]
            .iter()
            .zip(&burns[1..])
            .fold(0.0_f64, |most, (a, b)| {
                most.max(differ(a, b, largest(b).max(floor)))
            });
        let figures = [(statistics, 1e-3), (logits, 1e-4), (worst, 2e-3)];
        if figures.iter().all(|(off, bound)| *off < loosened * bound) {
            return Ok(());
        }
        apart = (statistics, logits, worst);
    }
    Err(apart)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn networks_of_all_operations_agree_with_burns_operations(
        seed: u64,
        height in 8_usize..=17,
        width in 8_usize..=17,
        // Fewer lead to bottlenecks of one channel, which amplify rounding; the kernels' unit tests cover those.
        filters in 8_usize..=13,
        batch in 3_usize..=4,
    ) {
        let genotype = NasnetSpace::sp2().sample(&mut stream(seed, 0));
        // So that a running statistic consists mostly of the batch's, which can be computed back from it.
        let norm = BatchNormSettings { momentum: 0.9, ..BatchNormSettings::CIFAR };
        let config = NetworkConfig::new(ImageShape { channels: 2, height, width }, 3).cells_per_stack(1).filters(filters)
            .batch_norm(norm);
        prop_assert_eq!(agrees(&genotype, &config, batch), Ok(()));
    }
}

/// Applies a network for images of two channels to an image with another number.
fn on_channels(channels: usize) {
    let genotype = NasnetSpace::sp2().sample(&mut stream(5, 0));
    let config = NetworkConfig::new(
        ImageShape {
            channels: 2,
            height: 9,
            width: 9,
        },
        3,
    )
    .cells_per_stack(1)
    .filters(8);
    let data = images([2, channels, 9, 9], 0);
    let images = Tensor::from_data(data, &Device::flex());
    let _ = network(&genotype, &config).valid().forward(images);
}

#[test]
#[should_panic(expected = "other channels")]
fn images_of_too_few_channels_are_refused() {
    on_channels(1);
}

#[test]
#[should_panic(expected = "other channels")]
fn images_of_too_many_channels_are_refused() {
    on_channels(3);
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    let genotype = NasnetSpace::sp2().sample(&mut stream(5, 0));
    let config = NetworkConfig::new(
        ImageShape {
            channels: 2,
            height: 15,
            width: 12,
        },
        3,
    )
    .cells_per_stack(1)
    .filters(8);
    let results: Vec<_> = [1, 2, 3, 5]
        .map(|threads| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            pool.install(|| {
                let data = images([4, 2, 15, 12], 0);
                run(
                    &network(&genotype, &config),
                    Tensor::from_data(data, &Device::flex()),
                )
            })
        })
        .into();
    for result in &results[1..] {
        assert!(result == &results[0]);
    }
}
