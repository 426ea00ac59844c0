//! The CPU's own kernels against Burn's operations.
//!
//! The kernels take single precision only, so the same network in double precision runs Burn's
//! operations: outputs and gradients must agree up to the rounding of single precision.
#![cfg(feature = "burn")]

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{DType, Device, FloatDType, Gradients, Tensor, TensorData};
use evonas::network::{CellNetwork, ImageShape, NetworkConfig};
use evonas::prelude::*;
use evonas::randomness::stream;
use evonas::spaces::nasnet::{NasnetGenotype, NasnetSpace};
use proptest::prelude::*;

struct ToDouble;

impl ModuleMapper for ToDouble {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let (id, tensor, mapper) = param.consume();
        let trains = tensor.is_require_grad();
        let device = tensor.device();
        let data = tensor.detach().into_data().convert::<f64>();
        let tensor = Tensor::from_data(data, (&device, DType::F64)).set_require_grad(trains);
        Param::from_mapped_value(id, tensor, mapper)
    }
}

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
struct Statistics(Vec<Vec<f64>>);

impl ModuleVisitor for Statistics {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if D == 1 && !param.is_require_grad() {
            let values = param.val().into_data();
            self.0.push(values.iter::<f64>().collect());
        }
    }
}

/// What a network keeps of a pass in training, and what it says then in evaluation.
fn evaluated(network: &CellNetwork, images: Tensor<4>) -> (Vec<Vec<f64>>, Vec<f64>) {
    let mut statistics = Statistics(Vec::new());
    // Only `valid` brings the running statistics up to the last pass; `train` tells them from weights.
    let network = network.valid();
    network.clone().train().visit(&mut statistics);
    let logits = network.forward(images).into_data();
    (statistics.0, logits.iter::<f64>().collect())
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

fn differ(a: &[f64], b: &[f64], scale: f64) -> f64 {
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

/// In single precision a value next to a kink may fall on its other side and change many gradients;
/// an error of a kernel would show with every image.
fn agrees(genotype: &NasnetGenotype, config: &NetworkConfig, batch: usize) -> Result<(), f64> {
    let mut worst = 0.0;
    for seed in 0..4 {
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
        let (kept, said) = evaluated(&single, input.clone().cast(FloatDType::F32));
        let (should_keep, should_say) = evaluated(&double, input);
        assert!(!kept.is_empty() && kept.len() == should_keep.len());
        for (kept, should_keep) in kept.iter().zip(&should_keep) {
            // A tenth of a batch's mean is kept, and rounding in that is a share of its deviation.
            let off = differ(kept, should_keep, largest(should_keep).max(0.1));
            assert!(off < 1e-3, "running statistics differ by {off}");
        }
        let off = differ(&said, &should_say, largest(&should_say));
        assert!(off < 2e-3, "the logits in evaluation differ by {off}");
        let logits = differ(&ours[0], &burns[0], largest(&burns[0]));
        assert!(logits < 1e-4, "the logits differ by {logits}");
        // A shift that a batch norm takes back has a gradient of 0, and only rounding in it.
        let floor = 1e-3
            * burns[1..]
                .iter()
                .fold(0.0_f64, |most, b| most.max(largest(b)));
        worst = ours[1..]
            .iter()
            .zip(&burns[1..])
            .fold(0.0_f64, |most, (a, b)| {
                most.max(differ(a, b, largest(b).max(floor)))
            });
        if worst < 2e-3 {
            return Ok(());
        }
    }
    Err(worst)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn networks_of_all_operations_agree_with_burn_s(
        seed: u64,
        height in 8_usize..=17,
        width in 8_usize..=17,
        filters in 4_usize..=9,
        batch in 2_usize..=3,
    ) {
        let genotype = NasnetSpace::sp2().sample(&mut stream(seed, 0));
        let config = NetworkConfig::new(1, filters, 3, ImageShape::new(2, height, width));
        prop_assert_eq!(agrees(&genotype, &config, batch), Ok(()));
    }
}

/// A network for images of two channels, on one that has another number.
fn on_channels(channels: usize) {
    let genotype = NasnetSpace::sp2().sample(&mut stream(5, 0));
    let config = NetworkConfig::new(1, 8, 3, ImageShape::new(2, 9, 9));
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
    let config = NetworkConfig::new(1, 8, 3, ImageShape::new(2, 15, 12));
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
