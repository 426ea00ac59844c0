//! A genotype's network as a Burn module.

use std::collections::VecDeque;

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use rand::Rng;

use super::layout::Layout;
use super::plan::HeadPlan;
use super::{
    CellModule, Cost, ImageShape, Layer, NetworkConfig, NetworkError, NetworkPlan, Sequence,
    TrainingPass,
};
use crate::spaces::nasnet::NasnetGenotype;

/// An image classifier made of the two cells of a genotype.
#[derive(Module, Debug)]
pub struct CellNetwork {
    stem: Sequence,
    cells: Vec<CellModule>,
    auxiliary: Option<Head>,
    head: Head,
    #[module(skip)]
    wiring: Wiring,
    #[module(skip)]
    genotype: NasnetGenotype,
    #[module(skip)]
    config: NetworkConfig,
}

/// Who reads what.
#[derive(Clone, Debug)]
struct Wiring {
    /// The outputs that each cell reads: 0 is the stem's, `i + 1` cell `i`'s.
    cells: Vec<[usize; 2]>,
    /// The cell whose output the auxiliary head reads.
    auxiliary: Option<usize>,
}

/// What classifies a cell's output.
#[derive(Module, Debug)]
struct Head {
    features: Sequence,
    classifier: Layer,
}

/// What a network says in training.
#[derive(Clone, Debug)]
pub struct TrainingOutput {
    /// The logits, `[batch, classes]`.
    pub logits: Tensor<2>,
    /// The auxiliary head's logits, `[batch, classes]`, and the weight of their loss.
    pub auxiliary: Option<(Tensor<2>, f64)>,
}

impl CellNetwork {
    /// The most parameters that [`CellNetwork::new`] builds: 2^30, twice the largest published
    /// network. A plan and its cost have no such bound.
    pub const MOST_PARAMETERS: u64 = 1 << 30;

    /// Builds the network of a genotype on a device, its weights drawn from `rng`. To train it, the
    /// device must have autodiff (`device.autodiff()`).
    ///
    /// # Errors
    /// [`NetworkError`] if the configuration can't be, or not with this genotype, or not on this
    /// device.
    pub fn new(
        genotype: &NasnetGenotype,
        config: &NetworkConfig,
        rng: &mut dyn Rng,
        device: &Device,
    ) -> Result<Self, NetworkError> {
        let plan = NetworkPlan::new(genotype, config)?;
        config.precision.check(device)?;
        let Cost { parameters, .. } = Cost::of(&plan);
        if parameters > Self::MOST_PARAMETERS {
            return Err(NetworkError::TooManyParameters {
                parameters,
                most: Self::MOST_PARAMETERS,
            });
        }
        Ok(Self {
            stem: Sequence::new(&plan.stem, config, rng, device),
            cells: plan
                .cells
                .iter()
                .map(|cell| CellModule::new(cell, config, rng, device))
                .collect(),
            auxiliary: plan
                .auxiliary
                .as_ref()
                .map(|auxiliary| Head::new(&auxiliary.head, config, rng, device)),
            head: Head::new(&plan.head, config, rng, device),
            wiring: Wiring {
                cells: plan.cells.iter().map(|cell| cell.inputs).collect(),
                auxiliary: plan
                    .auxiliary
                    .as_ref()
                    .map(|auxiliary| auxiliary.after_cell),
            },
            genotype: genotype.clone(),
            config: config.clone(),
        })
    }

    /// The genotype that it was built from.
    #[must_use]
    pub const fn genotype(&self) -> &NasnetGenotype {
        &self.genotype
    }

    /// The configuration that it was built for.
    #[must_use]
    pub const fn config(&self) -> &NetworkConfig {
        &self.config
    }

    /// The logits of a batch of images, without drop path and dropout.
    ///
    /// Batch norm uses the batch's statistics while the module trains (`network.train()`, on a
    /// device with autodiff), and adds them to the running ones; in `network.valid()` it uses the
    /// running ones.
    ///
    /// # Shapes
    /// - `images`: `[batch, channels, height, width]`; any height and width with which the plan can
    ///   be
    /// - output: `[batch, classes]`
    ///
    /// # Panics
    /// If the images have other channels than the configuration says, or are too small for the
    /// network: the message names the smallest that work.
    #[must_use]
    pub fn forward(&self, images: Tensor<4>) -> Tensor<2> {
        let (output, _) = self.outputs(images, None);
        self.head.forward(output, None)
    }

    /// The logits of a batch of images in training, with drop path and dropout, and those of the
    /// auxiliary head if there is one.
    ///
    /// # Shapes
    /// - `images`: `[batch, channels, height, width]`, as the configuration says
    ///
    /// # Panics
    /// If the images have other channels than the configuration says, or with an auxiliary head
    /// another size.
    #[must_use]
    pub fn forward_training(
        &self,
        images: Tensor<4>,
        pass: &mut TrainingPass<'_>,
    ) -> TrainingOutput {
        let (output, second_stack) = self.outputs(images, Some(pass));
        let auxiliary = match (&self.auxiliary, second_stack, &self.config.auxiliary) {
            (Some(head), Some(output), Some(config)) => {
                Some((head.forward(output, Some(pass)), config.loss_weight))
            }
            _ => None,
        };
        TrainingOutput {
            logits: self.head.forward(output, Some(pass)),
            auxiliary,
        }
    }

    /// The last cell's output, and in training the one that the auxiliary head reads.
    fn outputs(
        &self,
        images: Tensor<4>,
        mut training: Option<&mut TrainingPass<'_>>,
    ) -> (Tensor<4>, Option<Tensor<4>>) {
        self.check_size(&images, training.is_some());
        let stem = self
            .stem
            .forward(Layout::enter(images), training.as_deref_mut());
        let mut auxiliary = None;
        // The latest outputs; no cell reads further back than the third.
        let mut latest = VecDeque::from([stem]);
        for (index, (cell, inputs)) in self.cells.iter().zip(&self.wiring.cells).enumerate() {
            let first = index + 1 - latest.len();
            let [previous, before] = inputs.map(|input| latest[input - first].clone());
            if latest.len() == 3 {
                latest.pop_front();
            }
            let output = cell.forward(previous, before, training.as_deref_mut());
            if training.is_some() && self.wiring.auxiliary == Some(index) {
                auxiliary = Some(output.clone());
            }
            latest.push_back(output);
        }
        let last = latest.pop_back().expect("the stem has an output");
        (last, auxiliary)
    }

    /// Images of another size than the configuration's must be large enough for the plan.
    fn check_size(&self, images: &Tensor<4>, training: bool) {
        let [_, _, height, width] = images.dims();
        let image = ImageShape {
            channels: self.config.image.channels,
            height,
            width,
        };
        if image == self.config.image {
            return;
        }
        let mut config = self.config.clone().image(image);
        if !training {
            // Which has no part in it.
            config.auxiliary = None;
        }
        if let Err(error) = NetworkPlan::new(&self.genotype, &config) {
            panic!("{error}");
        }
    }
}

impl Head {
    fn new(plan: &HeadPlan, config: &NetworkConfig, rng: &mut dyn Rng, device: &Device) -> Self {
        Self {
            features: Sequence::new(&plan.features, config, rng, device),
            classifier: Layer::new(&plan.classifier, config, rng, device),
        }
    }

    /// Hidden states, as [`Layout::of`] says, to logits, `[batch, classes]`.
    fn forward(&self, input: Tensor<4>, mut training: Option<&mut TrainingPass<'_>>) -> Tensor<2> {
        let features = self.features.forward(input, training.as_deref_mut());
        let logits = self.classifier.forward(features, training);
        let [batch, classes, ..] = logits.dims();
        logits.reshape([batch, classes])
    }
}
