//! One step of a training.

use std::fmt;

use burn::module::{Module, ModuleVisitor, Param};
use burn::nn::loss::CrossEntropyLossConfig;
use burn::optim::GradientsParams;
use burn::tensor::{Int, Tensor};

use super::evaluate::correct;
use super::moving_average::MovingAverage;
use super::optimizer::NetworkOptimizer;
use crate::network::TrainingPass;
use crate::training::{ImageClassifier, TrainingConfig};

/// A network in training, with its optimizer and averaged weights: takes one batch at a time.
///
/// [`Training`](super::Training) runs it over whole epochs. Use it directly for your own training
/// loop, or to measure steps.
pub struct Learner<M> {
    /// `None` only while the optimizer holds it.
    network: Option<M>,
    optimizer: NetworkOptimizer,
    average: Option<MovingAverage<M>>,
    label_smoothing: f64,
}

impl<M> fmt::Debug for Learner<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Learner").finish_non_exhaustive()
    }
}

impl<M: ImageClassifier> Learner<M> {
    /// A learner before its first step, with the configuration's optimizer, label smoothing,
    /// gradient clipping and moving average.
    #[must_use]
    pub fn new(network: M, config: &TrainingConfig) -> Self {
        let network = network.train();
        let average = config
            .moving_average
            .map(|decay| MovingAverage::new(&network, decay));
        Self::assemble(network, average, config)
    }

    /// A learner with the averaged weights of an earlier one.
    pub(in crate::training) fn resumed(
        network: M,
        average: Option<MovingAverage<M>>,
        config: &TrainingConfig,
    ) -> Self {
        Self::assemble(network.train(), average, config)
    }

    fn assemble(network: M, average: Option<MovingAverage<M>>, config: &TrainingConfig) -> Self {
        Self {
            network: Some(network),
            optimizer: NetworkOptimizer::new(config),
            average,
            label_smoothing: config.label_smoothing,
        }
    }

    /// Forward, backward, and a step of the optimizer at this learning rate. Nothing is read from
    /// the device, so the step may still be under way when this returns.
    ///
    /// # Shapes
    /// - images: `[batch, channels, height, width]`, normalized
    /// - labels: `[batch]`
    pub fn step(
        &mut self,
        (images, labels): (Tensor<4>, Tensor<1, Int>),
        pass: &mut TrainingPass<'_>,
        learning_rate: f64,
    ) -> StepResult {
        let smoothing = self.label_smoothing as f32;
        let loss_function = CrossEntropyLossConfig::new()
            .with_smoothing((smoothing > 0.0).then_some(smoothing))
            .init(&images.device());
        let device = images.device();
        let network = self.trained();
        let output = network.training_output(images, pass);
        let hits = correct(output.logits.clone().inner(), labels.clone());
        let mut loss = loss_function.forward(output.logits, labels.clone());
        let result = StepResult {
            loss: loss.clone().inner(),
            correct: hits.float(),
        };
        if let Some((logits, weight)) = output.auxiliary {
            loss = loss + loss_function.forward(logits, labels) * weight;
        }
        let gradients = GradientsParams::from_grads(loss.backward(), network);
        // Moved, not cloned: weights with one owner are updated in place.
        if let Some(network) = self.network.take() {
            let stepped = self
                .optimizer
                .step(learning_rate, network, gradients, &device);
            self.network = Some(stepped);
        }
        if let Some(average) = self.average.take() {
            self.average = Some(average.update(self.trained()));
        }
        result
    }

    /// The network to evaluate and to keep: with averaged weights if the configuration says so.
    #[must_use]
    pub fn network(&self) -> M {
        match &self.average {
            Some(average) => average.network(),
            None => self.trained().clone(),
        }
    }

    /// The network that takes the steps.
    pub(in crate::training) const fn trained(&self) -> &M {
        self.network
            .as_ref()
            .expect("no step has panicked before it gave the network back")
    }

    pub(in crate::training) const fn average(&self) -> Option<&MovingAverage<M>> {
        self.average.as_ref()
    }

    pub(in crate::training) const fn optimizer(&self) -> &NetworkOptimizer {
        &self.optimizer
    }

    pub(in crate::training) const fn optimizer_mut(&mut self) -> &mut NetworkOptimizer {
        &mut self.optimizer
    }
}

/// The results of a step, on the device.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct StepResult {
    /// The mean loss of the batch before the step, without the auxiliary head's, `[1]`.
    pub loss: Tensor<1>,
    /// How many images of the batch the network classified correctly before the step, `[1]`.
    pub correct: Tensor<1>,
}

impl StepResult {
    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            loss: self.loss + other.loss,
            correct: self.correct + other.correct,
        }
    }

    /// Loss and correct images; NaN for the loss if a parameter of `network` is not finite. Both
    /// are read at once, since every read waits for the device.
    pub(super) fn read<M: Module>(self, network: &M) -> (f64, f64) {
        let loss = match non_finite(network) {
            Some(non_finite) => self.loss + non_finite,
            None => self.loss,
        };
        let both = Tensor::cat(vec![loss, self.correct], 0).into_data();
        let mut values = both.iter::<f64>();
        let mut next = || values.next().unwrap_or(f64::NAN);
        (next(), next())
    }
}

/// NaN if a parameter of a network is not finite, otherwise 0.
fn non_finite<M: Module>(network: &M) -> Option<Tensor<1>> {
    struct NonFinite(Option<Tensor<1>>);

    impl ModuleVisitor for NonFinite {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let own = param.val().inner().sum() * 0.0;
            self.0 = Some(match self.0.take() {
                Some(sum) => sum + own,
                None => own,
            });
        }
    }

    let mut visitor = NonFinite(None);
    network.visit(&mut visitor);
    visitor.0
}
