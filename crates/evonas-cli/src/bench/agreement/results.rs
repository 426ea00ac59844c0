//! What a device computes: outputs, losses, gradients.

use std::collections::BTreeMap;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{DType, Device, Gradients, Tensor};
use evonas::network::{
    CellNetwork, ImageShape, NetworkConfig, NetworkError, OperationModule, TrainingPass,
};
use evonas::randomness::stream;
use evonas::spaces::nasnet::{CellKind, NasnetGenotype, Operation};
use evonas::training::StepLoss;

use crate::bench::random_batch::random_batch;

/// What a device computes.
pub(super) struct Results {
    pub(super) logits: Vec<f64>,
    pub(super) loss: Vec<f64>,
    /// By the name of the parameter, and of the `image` if it has one.
    pub(super) gradients: BTreeMap<String, Vec<f64>>,
}

impl Results {
    /// The results of a network in training.
    pub(super) fn of(
        genotype: &NasnetGenotype,
        config: &NetworkConfig,
        batch: usize,
        seed: u64,
        device: &Device,
    ) -> Result<Self, NetworkError> {
        Self::of_types(genotype, config, batch, seed, device, [DType::F32; 2])
    }

    /// The same with weights and hidden states of other types, on a device that has them. The network must have no random
    /// layers.
    pub(super) fn of_types(
        genotype: &NasnetGenotype,
        config: &NetworkConfig,
        batch: usize,
        seed: u64,
        device: &Device,
        [weights, states]: [DType; 2],
    ) -> Result<Self, NetworkError> {
        let autodiff = device.clone().autodiff();
        let network = CellNetwork::new(genotype, config, &mut stream(seed, 0), &autodiff)?
            .map(&mut Converted(weights))
            .train();
        let mut rng = stream(seed, 1);
        let (images, labels) = random_batch(batch, config.image, config.classes, &mut rng, device);
        let images = images.cast(states);
        let output = network.forward_training(images, &mut TrainingPass::new(0.5, &mut rng));
        let logits = output.logits.clone();
        let loss = StepLoss::of_logits(output, labels, 0.0).differentiated;
        Ok(Self::gathered(&network, None, logits, loss))
    }

    /// The results of an operation on images of the shape that it is meant for. Its output is multiplied by
    /// random numbers and summed up, as a stand-in for a loss. Hidden states are of this type.
    pub(super) fn of_operation(
        operation: Operation,
        kind: CellKind,
        config: &NetworkConfig,
        batch: usize,
        seed: u64,
        device: &Device,
        states: DType,
    ) -> Result<Self, NetworkError> {
        let autodiff = device.clone().autodiff();
        let mut rng = stream(seed, 0);
        let module = OperationModule::new(operation, kind, config, &mut rng, &autodiff)?;
        let mut rng = stream(seed, 1);
        let (images, _) = random_batch(batch, module.input(), 1, &mut rng, &autodiff);
        let images = images.require_grad();
        let mut pass = TrainingPass::new(0.5, &mut rng);
        let output = module.forward(images.clone().cast(states), Some(&mut pass));
        let output = output.cast(DType::F32);
        let [_, channels, height, width] = output.dims();
        let shape = ImageShape {
            channels,
            height,
            width,
        };
        let (factors, _) = random_batch(batch, shape, 1, &mut rng, &autodiff);
        let loss = (output.clone() * factors).sum();
        Ok(Self::gathered(&module, Some(&images), output, loss))
    }

    fn gathered<M: Module, const D: usize>(
        module: &M,
        images: Option<&Tensor<4>>,
        output: Tensor<D>,
        loss: Tensor<1>,
    ) -> Self {
        let gradients = loss.backward();
        let mut collected = Collected {
            gradients: &gradients,
            path: Vec::new(),
            found: BTreeMap::new(),
        };
        module.visit(&mut collected);
        let mut found = collected.found;
        if let Some(gradient) = images.and_then(|images| images.grad(&gradients)) {
            found.insert("image".to_owned(), values(gradient));
        }
        Self {
            logits: values(output.inner()),
            loss: values(loss.inner()),
            gradients: found,
        }
    }
}

/// Converts every parameter.
struct Converted(DType);

impl ModuleMapper for Converted {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        param.map(|value| {
            let trains = value.is_require_grad();
            let converted = value.inner().cast(self.0);
            Tensor::from_inner(converted).set_require_grad(trains)
        })
    }
}

struct Collected<'a> {
    gradients: &'a Gradients,
    path: Vec<String>,
    found: BTreeMap<String, Vec<f64>>,
}

impl ModuleVisitor for Collected<'_> {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if param.is_require_grad()
            && let Some(gradient) = param.val().grad(self.gradients)
        {
            self.found.insert(self.path.join("."), values(gradient));
        }
    }
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    tensor.into_data().iter::<f64>().collect()
}
