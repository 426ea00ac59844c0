//! The way to a GPU (CubeCL, autotune) on any graphics device, including one in software. Without a
//! device the tests are skipped, and say so; with `EVONAS_REQUIRE_WGPU` set they fail.

mod half;
mod loss;

use std::io::Write as _;

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Int, Tensor};
use evonas::network::{
    AuxiliaryHead, BatchNormSettings, CellNetwork, DropPath, ImageShape, NetworkConfig,
    NetworkError, Precision, TrainingPass,
};
use evonas::prelude::*;
use evonas::randomness::stream;
use evonas::spaces::nasnet::{NasnetGenotype, NasnetSpace, Operation, published};
use evonas::training::images::digits;
use evonas::training::{
    Augmentation, CellDecoder, DeviceImages, DeviceName, Learner, OptimizerSettings, RecordedBatch,
    StepLoss, Task, Trainer, TrainingConfig, TrainingEvaluator,
};
use evonas_cli::bench::Agreement;

/// The bound on all differences, relative to a tensor's largest value.
const BOUND: f64 = 1e-4;

fn device() -> Option<Device> {
    match DeviceName::Wgpu.open() {
        Ok(device) => Some(device),
        Err(error) => {
            assert!(std::env::var_os("EVONAS_REQUIRE_WGPU").is_none(), "{error}");
            let _ = writeln!(std::io::stderr(), "skipped: {error}");
            None
        }
    }
}

fn config() -> NetworkConfig {
    NetworkConfig::new(ImageShape::gray(8, 8), 10)
        .cells_per_stack(1)
        .filters(8)
}

fn agrees(name: &str, genotype: &NasnetGenotype, device: &Device) {
    let cpu = Device::flex();
    let mut seen = Vec::new();
    for seed in 0..5 {
        let agreement = Agreement::of(genotype, &config(), BATCH, seed, [&cpu, device]).unwrap();
        if agreement.is_within(BOUND) {
            println!("{name}: {agreement}");
            return;
        }
        // Some networks amplify rounding, on the CPU as well.
        let rounding = Agreement::of_rounding(genotype, &config(), BATCH, seed, &cpu).unwrap();
        let line = format!("{agreement}; on the CPU from rounding: {rounding}");
        println!("{name}: {line}");
        if agreement.is_within(4.0 * rounding.largest()) {
            return;
        }
        seen.push(line);
    }
    panic!("{name}: {seen:#?}");
}

/// Images in a batch: enough for sums to be spread over many threads.
const BATCH: usize = 16;

fn operations_agree(is_chosen: impl Fn(Operation) -> bool) {
    let Some(device) = device() else { return };
    // Kernels tend to fail on channels and pixels that fill nothing evenly.
    let odd = NetworkConfig::new(ImageShape::gray(7, 5), 10)
        .cells_per_stack(1)
        .filters(9);
    for operation in Operation::ALL
        .into_iter()
        .filter(|&operation| is_chosen(operation))
    {
        for config in [config(), odd.clone()] {
            let name = format!("{} of {} filters", operation.name(), config.filters);
            let devices = [&Device::flex(), &device];
            let agreement = Agreement::of_some_seed(BOUND, |seed| {
                Agreement::of_operation(operation, &config, BATCH, seed, devices)
            });
            let agreement = agreement.unwrap();
            println!("{name}: {agreement}");
            assert!(agreement.is_within(BOUND), "{name}: {agreement}");
        }
    }
}

fn is_separable(operation: Operation) -> bool {
    operation.name().contains("sep")
}

#[test]
fn separable_operations_agree_with_the_cpu() {
    operations_agree(is_separable);
}

#[test]
fn all_other_operations_agree_with_the_cpu() {
    operations_agree(|operation| !is_separable(operation));
}

#[test]
fn amoebanet_a_and_random_genotypes_agree_with_the_cpu() {
    let Some(device) = device() else { return };
    agrees("AmoebaNet-A", &published::amoebanet_a(), &device);
    let space = NasnetSpace::sp2();
    let mut rng = stream(7, 0);
    for number in 0..10 {
        let genotype = space.sample(&mut rng);
        agrees(&format!("{number}: {genotype}"), &genotype, &device);
    }
}

#[test]
fn drop_path_and_the_auxiliary_head_agree_with_the_cpu() {
    let Some(device) = device() else { return };
    // Ten channels are read two at a time.
    let mut config = NetworkConfig::new(ImageShape::gray(16, 16), 10)
        .cells_per_stack(1)
        .filters(10)
        .drop_path(DropPath::scheduled(0.6));
    config.auxiliary = Some(AuxiliaryHead::new(0.4));
    let devices = [&Device::flex(), &device];
    for genotype in [published::amoebanet_a(), published::nasnet_a()] {
        let agreement = Agreement::of_some_seed(BOUND, |seed| {
            Agreement::of(&genotype, &config, BATCH, seed, devices)
        });
        let agreement = agreement.unwrap();
        println!("{genotype}: {agreement}");
        assert!(agreement.is_within(BOUND), "{genotype}: {agreement}");
    }
}

/// All values of a network, in the order of a visit.
struct Values(Vec<Vec<f32>>);

impl ModuleVisitor for Values {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.0.push(param.val().into_data().iter::<f32>().collect());
    }
}

/// The weights, and the averaged ones, after three steps from the same weights with the same images.
fn trained(config: &TrainingConfig, device: &Device) -> [Vec<Vec<f32>>; 2] {
    let autodiff = device.clone().autodiff();
    let network = config_of_steps();
    let genotype = published::amoebanet_a();
    let network = CellNetwork::new(&genotype, &network, &mut stream(5, 0), &autodiff).unwrap();
    let mut rng = stream(5, 1);
    let images: Vec<f32> = (0..BATCH * 64).map(|_| rng.random::<f32>() - 0.5).collect();
    let labels: Vec<i32> = (0..BATCH as i32).map(|label| label % 10).collect();
    let images = Tensor::<1>::from_data(images.as_slice(), &autodiff).reshape([BATCH, 1, 8, 8]);
    let labels = Tensor::<1, Int>::from_data(labels.as_slice(), &autodiff);
    let plain = config.clone().moving_average(None);
    [&plain, config].map(|config| {
        let trainer = Trainer::new(config.clone()).unwrap();
        let mut learner = Learner::new(network.clone(), &trainer);
        for step in 0..3 {
            let mut noise = stream(5, 2 + step);
            let mut pass = TrainingPass::new(0.5, &mut noise);
            let batch = (images.clone(), labels.clone());
            let _ = learner.step_with(0.01, |network, config| {
                StepLoss::of_classifier(network, batch, config, &mut pass)
            });
        }
        let mut values = Values(Vec::new());
        learner.network().valid().visit(&mut values);
        values.0
    })
}

fn config_of_steps() -> NetworkConfig {
    config()
        .drop_path(DropPath::scheduled(0.7))
        .batch_norm(BatchNormSettings::CIFAR.unbiased_variance(true))
}

/// Gradients, weight decay, clipping, both update rules, running statistics, averages and drop path.
#[test]
fn three_training_steps_agree_with_the_cpu() {
    let Some(device) = device() else { return };
    let sgd = TrainingConfig::default()
        .weight_decay(0.01)
        .gradient_clipping(0.5)
        .moving_average(0.9);
    let rms_prop = sgd
        .clone()
        .optimizer(OptimizerSettings::RMS_PROP)
        .clip_weight_decay(true);
    for config in [sgd, rms_prop] {
        let [expected, found] = [&Device::flex(), &device].map(|device| trained(&config, device));
        for (expected, found) in expected.iter().zip(&found) {
            assert_eq!(expected.len(), found.len());
            for (number, (expected, found)) in expected.iter().zip(found).enumerate() {
                let largest = expected
                    .iter()
                    .fold(0.1_f32, |most, value| most.max(value.abs()));
                for (expected, found) in expected.iter().zip(found) {
                    let difference = (expected - found).abs() / largest;
                    assert!(
                        difference < 2e-3,
                        "parameter {number}: {found}, not {expected}"
                    );
                }
            }
        }
        let [plain, averaged] = expected;
        assert_ne!(plain, averaged);
    }
}

#[test]
fn augmented_batches_are_those_of_the_cpu() {
    let Some(device) = device() else { return };
    let images = digits().train;
    let augmentation = Augmentation::NONE.crop_padding(2).flip(true).cutout(3);
    let [expected, found] = [&Device::flex(), &device].map(|device| {
        let images = DeviceImages::new(&images, &images, device);
        let mut rng = stream(3, 0);
        let (batch, _) = images.augmented_batch(&[5, 0, 1_000, 7], &augmentation, &mut rng);
        batch.into_data().iter::<f32>().collect::<Vec<f32>>()
    });
    assert_eq!(expected.len(), found.len());
    for (expected, found) in expected.into_iter().zip(found) {
        assert!((expected - found).abs() < 1e-5, "{expected} {found}");
    }
}

#[test]
fn a_search_of_five_trials_runs() {
    let Some(device) = device() else { return };
    let trainer = Trainer::new(TrainingConfig::default()).unwrap();
    let images = digits().train.limit(96, 0);
    let decoder = CellDecoder::new(config());
    let evaluator = TrainingEvaluator::builder(decoder, trainer, &images)
        .device(&device)
        .build()
        .unwrap();
    let space = NasnetSpace::sp1();
    let evolution = Evolution::builder(space.clone(), space.mutation())
        .population(3)
        .sample(2)
        .build()
        .unwrap();
    let search = Search::new(evolution, Serial::new(evaluator), Budget::trials(5));
    let result = search.run().unwrap();
    assert_eq!((result.history.len(), result.history.failed()), (5, 0));
    let fitness = result.best().and_then(|best| best.fitness()).unwrap();
    assert!((0.0..=1.0).contains(&fitness), "{fitness}");
}

#[test]
fn bfloat16_is_refused_where_the_device_does_not_compute_in_it() {
    let Some(device) = device() else { return };
    if device.supports_dtype(burn::tensor::FloatDType::BF16) {
        return;
    }
    let config = config().precision(Precision::BFloat16);
    let devices = [&device, &device];
    let error = Agreement::of(&published::amoebanet_a(), &config, 2, 0, devices).unwrap_err();
    assert!(matches!(error, NetworkError::NoBFloat16 { .. }), "{error}");
}

/// What recorded steps must not differ in: losses, totals and all weights.
#[derive(Debug, PartialEq)]
struct Course {
    results: Vec<[f32; 2]>,
    values: Vec<Vec<f32>>,
}

const STEPS: usize = 12;

/// Some steps on batches of two sizes, as an epoch has them, while drop path begins.
fn course(config: &TrainingConfig, device: &Device, record: bool) -> (Course, u64) {
    let images = DeviceImages::new(&digits().train, &digits().train, device);
    course_of(&images, &images, config, device, record)
}

fn course_of<T: Task<CellNetwork, Batch = (Tensor<4>, Tensor<1, Int>)>>(
    task: &T,
    images: &DeviceImages,
    config: &TrainingConfig,
    device: &Device,
    record: bool,
) -> (Course, u64) {
    let autodiff = device.clone().autodiff();
    let genotype = published::amoebanet_a();
    let mut weights = stream(5, 0);
    let network = CellNetwork::new(&genotype, &config_of_steps(), &mut weights, &autodiff).unwrap();
    let trainer = Trainer::new(config.clone()).unwrap().record_steps(record);
    let mut learner = Learner::new(network, &trainer);
    let mut rng = stream(5, 1);
    let mut results = Vec::new();
    let mut kept = None;
    let mut batches = Vec::new();
    for step in 0..STEPS {
        let batch: Vec<usize> = (0..BATCH - step % 2)
            .map(|image| image * 7 + step)
            .collect();
        let batch = images.augmented_batch(&batch, &config.augmentation, &mut rng);
        // Whoever keeps a batch keeps its images.
        batches.push((batch.0.clone(), batch.0.to_data()));
        let mut pass = TrainingPass::new(step as f64 / STEPS as f64, &mut rng);
        let rate = 0.02 / (1.0 + step as f64);
        let result = learner.step(task, batch, &mut pass, rate);
        let number = |tensor: Tensor<1>| tensor.into_data().iter::<f32>().next().unwrap();
        results.push([number(result.loss), number(result.totals)]);
        if step == STEPS - 3 {
            let network = learner.network();
            let before = values_of(&network);
            kept = Some((network, before));
        }
    }
    for (batch, before) in batches {
        assert_eq!(batch.into_data(), before);
    }
    // A network that was taken out earlier stays as it was.
    let (network, before) = kept.unwrap();
    assert_eq!(values_of(&network), before);
    let values = values_of(&learner.network());
    assert_ne!(values, before);
    (Course { results, values }, learner.repeated_steps())
}

fn values_of(network: &CellNetwork) -> Vec<Vec<f32>> {
    let mut values = Values(Vec::new());
    network.valid().visit(&mut values);
    values.0
}

#[test]
fn recorded_steps_are_those_that_are_taken_to_the_bit() {
    let Some(device) = device() else { return };
    let config = TrainingConfig::default()
        .augmentation(Augmentation::NONE.crop_padding(1))
        .label_smoothing(0.1)
        .weight_decay(0.01)
        .gradient_clipping(0.5)
        .moving_average(0.9);
    let (taken, none) = course(&config, &device, false);
    let (recorded, repeated) = course(&config, &device, true);
    // The first step of each size has no plan of its factors, two more are taken as they are, and the fourth is
    // recorded: the steps from the eighth on are repeated.
    assert_eq!([none, repeated], [0, STEPS as u64 - 8]);
    assert_eq!(recorded, taken);
}

/// Digits whose loss copies a number to the device, which WGSL refuses to record.
struct Copying(DeviceImages);

impl Task<CellNetwork> for Copying {
    type Batch = (Tensor<4>, Tensor<1, Int>);

    fn examples(&self) -> usize {
        self.0.len()
    }

    fn metrics(&self) -> Vec<Objective> {
        vec![Objective::maximize("accuracy")]
    }

    fn batch(&self, examples: &[usize]) -> Self::Batch {
        self.0.batch(examples)
    }

    fn recorded_batch(
        &self,
        network: &CellNetwork,
        batch: &Self::Batch,
    ) -> Option<RecordedBatch<Self::Batch>> {
        self.0.recorded_batch(network, batch)
    }

    fn loss(
        &self,
        network: &CellNetwork,
        batch: Self::Batch,
        config: &TrainingConfig,
        pass: &mut TrainingPass<'_>,
    ) -> StepLoss {
        let mut loss = self.0.loss(network, batch, config, pass);
        let device = loss.reported.device();
        loss.totals = loss.totals + Tensor::<1>::from_data([3.0_f32], &device);
        loss
    }

    fn totals(&self, network: &CellNetwork, batch: Self::Batch) -> Tensor<1> {
        self.0.totals(network, batch)
    }
}

#[test]
fn a_step_that_cannot_be_recorded_is_taken_as_others_are() {
    let Some(device) = device() else { return };
    let config = TrainingConfig::default().moving_average(0.9);
    let images = DeviceImages::new(&digits().train, &digits().train, &device);
    let task = Copying(images.clone());
    let [taken, refused] =
        [false, true].map(|record| course_of(&task, &images, &config, &device, record));
    assert_eq!(refused, taken);
    assert_eq!(refused.1, 0);
}
