//! The task of classifying images.

use burn::nn::loss::CrossEntropyLossConfig;
use burn::tensor::{DType, Int, Tensor};
use evonas_kernels::ClassifierLoss;
use rand::Rng;

use super::task::RecordedBatch;
use super::{DeviceImages, ImageClassifier, StepLoss, Task, TrainingConfig, TrainingError};
use crate::network::{TrainingOutput, TrainingPass};
use crate::objective::Objective;

/// Cross-entropy with label smoothing, augmented training images, and the share of images that are classified
/// correctly as the metric `accuracy`, which is the fitness.
impl<M: ImageClassifier> Task<M> for DeviceImages {
    /// Images, `[batch, channels, height, width]`, normalized, and their labels, `[batch]`.
    type Batch = (Tensor<4>, Tensor<1, Int>);

    fn examples(&self) -> usize {
        self.len()
    }

    fn metrics(&self) -> Vec<Objective> {
        vec![Objective::maximize("accuracy")]
    }

    fn batch(&self, examples: &[usize]) -> Self::Batch {
        Self::batch(self, examples)
    }

    fn training_batch(
        &self,
        examples: &[usize],
        config: &TrainingConfig,
        rng: &mut dyn Rng,
    ) -> Self::Batch {
        self.augmented_batch(examples, &config.augmentation, rng)
    }

    fn loss(
        &self,
        network: &M,
        batch: Self::Batch,
        config: &TrainingConfig,
        pass: &mut TrainingPass<'_>,
    ) -> StepLoss {
        StepLoss::of_classifier(network, batch, config, pass)
    }

    fn recorded_batch(
        &self,
        network: &M,
        batch: &Self::Batch,
    ) -> Option<RecordedBatch<Self::Batch>> {
        if !network.can_be_recorded() {
            return None;
        }
        let (images, labels) = batch.clone();
        let tensors = vec![images.into(), labels.into()];
        Some(RecordedBatch::new(tensors, |tensors| {
            let [images, labels] = <[_; 2]>::try_from(tensors).expect("a batch has two tensors");
            (images.into_float(), labels.into_integers())
        }))
    }

    fn totals(&self, network: &M, (images, labels): Self::Batch) -> Tensor<1> {
        let logits = network.logits(images);
        // 0, or NaN if a logit isn't finite.
        let spoiled = (logits.clone() * 0.0).sum().cast(DType::F32);
        correct(logits, labels).float().cast(DType::F32) + spoiled
    }

    fn check(&self, config: &TrainingConfig) -> Result<(), TrainingError> {
        config.augmentation.check(self.shape())
    }
}

impl StepLoss {
    /// The loss of a classifier in training: the cross-entropy with the configuration's label smoothing, and that of
    /// the auxiliary head if there is one. The total is the number of images that are classified correctly.
    ///
    /// # Shapes
    /// - images: `[batch, channels, height, width]`, normalized
    /// - labels: `[batch]`
    pub fn of_classifier<M: ImageClassifier>(
        network: &M,
        (images, labels): (Tensor<4>, Tensor<1, Int>),
        config: &TrainingConfig,
        pass: &mut TrainingPass<'_>,
    ) -> Self {
        let output = network.training_output(images, pass);
        Self::of_logits(output, labels, config.label_smoothing)
    }

    /// The loss of a classifier's outputs in training: the cross-entropy of the logits, with label smoothing, and that of the
    /// auxiliary head's if there are any. The total is the number of images that are classified correctly.
    ///
    /// # Shapes
    /// - labels: `[batch]`
    #[must_use]
    pub fn of_logits(output: TrainingOutput, labels: Tensor<1, Int>, label_smoothing: f64) -> Self {
        let own = ClassifierLoss::of(output.logits.clone(), labels.clone(), label_smoothing);
        let loss = match own {
            Some(loss) => Self::new(loss.mean, loss.correct),
            None => {
                let hits = correct(output.logits.clone().inner(), labels.clone());
                let mean = Self::cross_entropy(output.logits, labels.clone(), label_smoothing);
                Self::new(mean, hits.float())
            }
        };
        match output.auxiliary {
            Some((logits, weight)) => {
                let loss_of_head = Self::cross_entropy(logits, labels, label_smoothing);
                loss.with_auxiliary(loss_of_head * weight)
            }
            None => loss,
        }
    }

    /// The mean cross-entropy of a batch, `[1]`.
    pub(super) fn cross_entropy(
        logits: Tensor<2>,
        labels: Tensor<1, Int>,
        label_smoothing: f64,
    ) -> Tensor<1> {
        if let Some(loss) = ClassifierLoss::of(logits.clone(), labels.clone(), label_smoothing) {
            return loss.mean;
        }
        let smoothing = label_smoothing as f32;
        CrossEntropyLossConfig::new()
            .with_smoothing((smoothing > 0.0).then_some(smoothing))
            .init(&labels.device())
            .forward(logits, labels)
    }
}

/// How many images have their largest logit at their label.
fn correct(logits: Tensor<2>, labels: Tensor<1, Int>) -> Tensor<1, Int> {
    let [count, _] = logits.dims();
    let predicted = logits.argmax(1).reshape([count]);
    predicted.equal(labels).int().sum()
}
