//! A genotype's network as a Burn module.

use std::collections::VecDeque;

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use evonas_kernels::HiddenState;
use rand::Rng;

use super::cell::CellModule;
use super::config::{ImageShape, NetworkConfig};
use super::cost::Cost;
use super::error::NetworkError;
use super::modules::{ConvolutionLayer, Layer, Sequence};
use super::noise::{NoiseLayer, TrainingPass};
use super::plan::HeadPlan;
use super::plan::NetworkPlan;
use super::precision::Precision;
use crate::spaces::nasnet::NasnetGenotype;

/// An image classifier built from the two cells of a genotype.
#[derive(Module, Debug)]
pub struct CellNetwork {
    stem: Sequence,
    cells: Vec<CellModule>,
    auxiliary: Option<Head>,
    head: Head,
    #[module(skip)]
    wiring: Wiring,
    #[module(skip)]
    noise: Vec<NoiseLayer>,
    #[module(skip)]
    genotype: NasnetGenotype,
    #[module(skip)]
    config: NetworkConfig,
}

/// Which outputs are read where.
#[derive(Clone, Debug)]
struct Wiring {
    /// The two outputs that each cell reads: 0 is the stem's, `i + 1` that of cell `i`.
    cells: Vec<[usize; 2]>,
    /// The cell whose output the auxiliary head reads.
    auxiliary: Option<usize>,
}

/// Classifies the output of a cell.
#[derive(Module, Debug)]
struct Head {
    features: Sequence,
    classifier: Layer,
}

/// The output of a network in training.
#[derive(Clone, Debug)]
pub struct TrainingOutput {
    /// The logits, `[batch, classes]`.
    pub logits: Tensor<2>,
    /// The auxiliary head's logits, `[batch, classes]`, with the weight of their loss.
    pub auxiliary: Option<(Tensor<2>, f64)>,
}

impl CellNetwork {
    /// The most parameters that [`CellNetwork::new`] builds: 2^30, twice those of the largest
    /// published network. Plans and costs have no such limit.
    pub const MOST_PARAMETERS: u64 = 1 << 30;

    /// Builds the network of a genotype on a device, with weights drawn from `rng`. To train it, the
    /// device must have autodiff (`device.autodiff()`).
    ///
    /// # Errors
    /// [`NetworkError`] if the configuration is invalid, doesn't fit the genotype, or needs a
    /// precision that the device lacks.
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
                .enumerate()
                .map(|(index, cell)| {
                    CellModule::new(cell, plan.feeds_relu(index), config, rng, device)
                })
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
            noise: NoiseLayer::all_of(&plan),
            genotype: genotype.clone(),
            config: config.clone(),
        })
    }

    /// The genotype it was built from.
    #[must_use]
    pub const fn genotype(&self) -> &NasnetGenotype {
        &self.genotype
    }

    /// The configuration it was built with.
    #[must_use]
    pub const fn config(&self) -> &NetworkConfig {
        &self.config
    }

    /// The logits of a batch of images, without drop path and dropout.
    ///
    /// While the module trains (`network.train()`, on a device with autodiff), batch norm uses the
    /// batch's statistics and adds them to the running ones; in `network.valid()` it uses the running
    /// ones.
    ///
    /// # Shapes
    /// - `images`: `[batch, channels, height, width]`, of any height and width that is large enough
    /// - output: `[batch, classes]`
    ///
    /// # Panics
    /// If the images have another number of channels than configured, or are too small for the network;
    /// the message then names the smallest size that works.
    #[must_use]
    pub fn forward(&self, images: Tensor<4>) -> Tensor<2> {
        let (output, _) = self.outputs(images, None);
        self.head.forward(output, None)
    }

    /// The logits of a batch of images in training, with drop path and dropout, and the auxiliary
    /// head's logits if there is one.
    ///
    /// # Shapes
    /// - `images`: `[batch, channels, height, width]`, as configured
    ///
    /// # Panics
    /// If the images have another number of channels than configured, or, with an auxiliary head,
    /// another size.
    #[must_use]
    pub fn forward_training(
        &self,
        images: Tensor<4>,
        pass: &mut TrainingPass<'_>,
    ) -> TrainingOutput {
        let [batch, ..] = images.dims();
        pass.draw(&self.noise, batch, &images.device());
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

    /// The output of the last cell, and in training the one that the auxiliary head reads.
    fn outputs(
        &self,
        images: Tensor<4>,
        mut training: Option<&mut TrainingPass<'_>>,
    ) -> (HiddenState, Option<HiddenState>) {
        self.check_size(&images, training.is_some());
        if self.config.precision == Precision::BFloat16 {
            ConvolutionLayer::round(&self.convolutions(training.is_some()), Precision::BFloat16);
        }
        let images = HiddenState::enter(self.config.precision.stored(images));
        let stem = self.stem.forward(images, training.as_deref_mut());
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

    /// The convolutions of a pass.
    fn convolutions(&self, training: bool) -> Vec<&ConvolutionLayer> {
        let mut found = Vec::new();
        self.stem.convolutions(&mut found);
        for cell in &self.cells {
            cell.convolutions(&mut found);
        }
        let auxiliary = self.auxiliary.as_ref().filter(|_| training);
        for head in auxiliary.into_iter().chain([&self.head]) {
            head.features.convolutions(&mut found);
        }
        found
    }

    /// Panics if the images are too small for the network.
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
            // Evaluation doesn't use it.
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

    /// The logits, `[batch, classes]`.
    fn forward(
        &self,
        input: HiddenState,
        mut training: Option<&mut TrainingPass<'_>>,
    ) -> Tensor<2> {
        let features = self.features.forward(input, training.as_deref_mut());
        self.classifier.forward(features, training).flatten()
    }
}
