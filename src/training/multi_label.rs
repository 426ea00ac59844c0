//! The task of classifying images of any number of classes each.

use burn::tensor::activation::log_sigmoid;
use burn::tensor::{DType, Device, Int, Tensor, TensorData};
use rand::Rng;

use super::device_images::{DevicePixels, Integers, augmented};
use super::images::{ChannelStatistics, MultiLabelImages};
use super::task::RecordedBatch;
use super::{ImageClassifier, StepLoss, Task, TrainingConfig, TrainingError};
use crate::network::{ImageShape, TrainingPass};
use crate::objective::Objective;

/// Images on a device, each of which belongs to any number of classes, as a task: a network's logits are independent
/// for each class, and positive where it says that an image belongs to the class.
///
/// The loss is the binary cross-entropy, the mean over images and classes. The metrics are `f1`, `precision` and
/// `recall` over all pairs of an image and a class (micro-averages), from 0 to 1; the first is the fitness. Label smoothing
/// pulls each target towards one half.
///
/// ```
/// use evonas::prelude::*;
/// use evonas::training::MultiLabelTask;
/// use evonas::training::images::MultiLabelImages;
///
/// // Which halves of a picture are lit.
/// let mut rng = stream(0, 0);
/// let lit: Vec<[bool; 2]> = (0..120).map(|_| [rng.random(), rng.random()]).collect();
/// let pixel = |(halves, place): (&[bool; 2], usize)| if halves[place % 8 / 4] { 200_u8 } else { 20 };
/// let pixels = lit.iter().flat_map(|halves| (0..64).map(move |place| pixel((halves, place))));
/// let labels = lit.iter().map(|halves| (0..2).filter(|&half| halves[half]).collect());
/// let images =
///     MultiLabelImages::new(ImageShape::gray(8, 8), 2, pixels.collect(), labels.collect::<Vec<_>>())?;
///
/// let device = DeviceName::Cpu.open_all()?.first();
/// let task = MultiLabelTask::new(&images, &images, &device);
/// let network = NetworkConfig::new(images.shape(), 2).cells_per_stack(1).filters(4);
/// let trainer = Trainer::new(TrainingConfig::default().epochs(2))?;
/// let evaluator =
///     TrainingEvaluator::of_task(CellDecoder::new(network), trainer, &device, task).build()?;
/// # drop(evaluator);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct MultiLabelTask {
    pixels: DevicePixels,
    /// `[images, classes]`: 1 for each class of an image, and 0 otherwise.
    targets: Tensor<2>,
}

impl MultiLabelTask {
    /// Copies images to a device. Each channel of a batch is shifted and scaled by the mean and standard deviation that
    /// it has in `reference`: the training images, for every split.
    #[must_use]
    pub fn new(images: &MultiLabelImages, reference: &MultiLabelImages, device: &Device) -> Self {
        let statistics = ChannelStatistics::of_pixels(reference.pixels(), reference.shape());
        let targets = TensorData::new(images.targets(), [images.len(), images.classes()]);
        Self {
            pixels: DevicePixels::new(images.pixels(), images.shape(), &statistics, device),
            targets: Tensor::from_data(targets, (device, DType::F32)),
        }
    }

    /// The shape of an image.
    #[must_use]
    pub const fn shape(&self) -> ImageShape {
        self.pixels.shape()
    }

    fn targets_at(&self, places: Tensor<1, Int>) -> Tensor<2> {
        self.targets.clone().select(0, places)
    }
}

impl<M: ImageClassifier> Task<M> for MultiLabelTask {
    /// Images, `[batch, channels, height, width]`, normalized, and their targets, `[batch, classes]`.
    type Batch = (Tensor<4>, Tensor<2>);

    fn examples(&self) -> usize {
        self.pixels.len()
    }

    fn metrics(&self) -> Vec<Objective> {
        ["f1", "precision", "recall"]
            .map(Objective::maximize)
            .into()
    }

    fn batch(&self, examples: &[usize]) -> Self::Batch {
        let (integers, places) = Integers::of_images(examples);
        let places = integers.on(&self.pixels.device()).take(places);
        (self.pixels.batch(places.clone()), self.targets_at(places))
    }

    fn training_batch(
        &self,
        examples: &[usize],
        config: &TrainingConfig,
        rng: &mut dyn Rng,
    ) -> Self::Batch {
        let (images, places) = augmented(&self.pixels, examples, &config.augmentation, rng);
        (images, self.targets_at(places))
    }

    fn loss(
        &self,
        network: &M,
        (images, targets): Self::Batch,
        config: &TrainingConfig,
        pass: &mut TrainingPass<'_>,
    ) -> StepLoss {
        let output = network.training_output(images, pass);
        let counts = counts(output.logits.clone().inner(), targets.clone());
        let smoothing = config.label_smoothing;
        let targets = targets * (1.0 - smoothing) + 0.5 * smoothing;
        let loss = StepLoss::new(cross_entropy(output.logits, targets.clone()), counts);
        match output.auxiliary {
            Some((logits, weight)) => loss.with_auxiliary(cross_entropy(logits, targets) * weight),
            None => loss,
        }
    }

    fn recorded_batch(
        &self,
        network: &M,
        batch: &Self::Batch,
    ) -> Option<RecordedBatch<Self::Batch>> {
        if !network.can_be_recorded() {
            return None;
        }
        let (images, targets) = batch.clone();
        let tensors = vec![images.into(), targets.into()];
        Some(RecordedBatch::new(tensors, |tensors| {
            let [images, targets] = <[_; 2]>::try_from(tensors).expect("a batch has two tensors");
            (images.into_float(), targets.into_float())
        }))
    }

    /// True positives, positives that were found, and positives there are.
    fn totals(&self, network: &M, (images, targets): Self::Batch) -> Tensor<1> {
        counts(network.logits(images), targets)
    }

    fn values(&self, totals: &[f64], _: usize) -> Vec<f64> {
        let &[right, found, wanted] = totals else {
            return vec![f64::NAN; 3];
        };
        // Nothing to find, and nothing found, is perfect.
        let share = |part: f64, whole: f64| if whole == 0.0 { 1.0 } else { part / whole };
        vec![
            share(2.0 * right, found + wanted),
            share(right, found),
            share(right, wanted),
        ]
    }

    fn check(&self, config: &TrainingConfig) -> Result<(), TrainingError> {
        config.augmentation.check(self.shape())
    }
}

/// The mean of `-(t log p + (1 - t) log (1 - p))` over images and classes, `[1]`.
fn cross_entropy(logits: Tensor<2>, targets: Tensor<2>) -> Tensor<1> {
    let positive = log_sigmoid(logits.clone()) * targets.clone();
    let negative = log_sigmoid(logits.neg()) * (targets.neg() + 1.0);
    (positive + negative).mean().neg()
}

/// `[3]`: true positives, positives found, positives there are; NaN if a logit isn't finite.
fn counts(logits: Tensor<2>, targets: Tensor<2>) -> Tensor<1> {
    // 0, or NaN if a logit isn't finite.
    let spoiled = (logits.clone() * 0.0).sum().cast(DType::F32);
    let found = logits.greater_elem(0.0).float().cast(DType::F32);
    let right = (found.clone() * targets.clone()).sum();
    Tensor::cat(vec![right, found.sum(), targets.sum()], 0) + spoiled
}
