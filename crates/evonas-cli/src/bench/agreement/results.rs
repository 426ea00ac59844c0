//! What a device computes: outputs, losses, gradients.

use std::collections::BTreeMap;

use burn::module::{Module, ModuleVisitor, Param};
use burn::nn::loss::CrossEntropyLossConfig;
use burn::tensor::{Device, Gradients, Tensor};
use evonas::network::{
    CellNetwork, ImageShape, NetworkConfig, NetworkError, OperationModule, TrainingPass,
};
use evonas::randomness::stream;
use evonas::spaces::nasnet::{CellKind, NasnetGenotype, Operation};

use super::Agreement;
use crate::bench::random_batch;

/// What a device computes.
pub(super) struct Results {
    logits: Vec<f64>,
    loss: Vec<f64>,
    gradients: BTreeMap<String, Vec<f64>>,
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
        let autodiff = device.clone().autodiff();
        let network = CellNetwork::new(genotype, config, &mut stream(seed, 0), &autodiff)?.train();
        let mut rng = stream(seed, 1);
        let (images, labels) = random_batch(batch, config.image, config.classes, &mut rng, device);
        let output = network.forward_training(images, &mut TrainingPass::new(0.5, &mut rng));
        let cross_entropy = CrossEntropyLossConfig::new().init(device);
        let mut loss = cross_entropy.forward(output.logits.clone(), labels.clone());
        if let Some((logits, weight)) = output.auxiliary {
            loss = loss + cross_entropy.forward(logits, labels) * weight;
        }
        Ok(Self::gathered(&network, None, output.logits, loss))
    }

    /// The results of an operation on images of the shape that it is meant for. Its output is multiplied by
    /// random numbers and summed up, which stands for a loss.
    pub(super) fn of_operation(
        operation: Operation,
        kind: CellKind,
        config: &NetworkConfig,
        batch: usize,
        seed: u64,
        device: &Device,
    ) -> Result<Self, NetworkError> {
        let autodiff = device.clone().autodiff();
        let mut rng = stream(seed, 0);
        let module = OperationModule::new(operation, kind, config, &mut rng, &autodiff)?;
        let mut rng = stream(seed, 1);
        let (images, _) = random_batch(batch, module.input(), 1, &mut rng, &autodiff);
        let images = images.require_grad();
        let output = module.forward(images.clone(), Some(&mut TrainingPass::new(0.5, &mut rng)));
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

    pub(super) fn compared_with(&self, expected: &Self) -> Agreement {
        let smallest = 1e-2 * largest(expected.gradients.values().flatten());
        let (gradient, parameter) = expected
            .gradients
            .iter()
            .map(|(name, expected)| {
                let found = self.gradients.get(name);
                let difference =
                    found.map_or(f64::INFINITY, |found| difference(found, expected, smallest));
                (difference, name.clone())
            })
            .fold((0.0, String::new()), |worst, one| {
                if one.0 > worst.0 { one } else { worst }
            });
        Agreement {
            logits: difference(&self.logits, &expected.logits, 0.0),
            loss: difference(&self.loss, &expected.loss, 0.0),
            gradient,
            parameter,
        }
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

fn largest<'a>(values: impl IntoIterator<Item = &'a f64>) -> f64 {
    let values = values.into_iter();
    values.fold(0.0, |most, value| most.max(value.abs()))
}

/// The largest difference, relative to the largest expected value or `smallest` if that is larger. Infinite if
/// any value isn't finite.
fn difference(found: &[f64], expected: &[f64], smallest: f64) -> f64 {
    if found.len() != expected.len() || !found.iter().chain(expected).all(|v| v.is_finite()) {
        return f64::INFINITY;
    }
    let scale = largest(expected).max(smallest);
    let pairs = found.iter().zip(expected);
    let most = pairs.fold(0.0_f64, |most, (a, b)| most.max((a - b).abs()));
    match most {
        0.0 => 0.0,
        _ => most / scale,
    }
}

#[cfg(test)]
mod tests {
    use evonas::network::trainable_parameters;
    use evonas::spaces::nasnet::published;

    use super::*;

    #[test]
    fn differences_are_relative_to_the_largest_value() {
        assert_eq!(difference(&[1.0, -4.0], &[1.5, -4.0], 0.0), 0.125);
        assert_eq!(difference(&[0.0], &[0.0], 0.0), 0.0);
        assert_eq!(difference(&[1.0], &[0.0], 0.0), f64::INFINITY);
        assert_eq!(difference(&[f64::NAN], &[1.0], 1.0), f64::INFINITY);
        assert_eq!(difference(&[1.0], &[1.0, 2.0], 1.0), f64::INFINITY);
    }

    #[test]
    fn mere_rounding_has_no_digits_to_compare() {
        assert!((difference(&[3e-9], &[1e-9], 1e-3) - 2e-6).abs() < 1e-12);
        assert_eq!(difference(&[1.5, 0.0], &[1.0, 2.0], 1e-3), 1.0);
    }

    #[test]
    fn a_device_agrees_with_itself_and_every_parameter_is_compared() {
        let config = NetworkConfig::new(ImageShape::gray(8, 8), 3)
            .cells_per_stack(1)
            .filters(4);
        let device = Device::flex();
        let genotype = published::amoebanet_a();
        let same = Agreement::of(&genotype, &config, 4, 0, [&device, &device]).unwrap();
        assert!(same.is_within(0.0), "{same}");
        let results = Results::of(&genotype, &config, 4, 0, &device).unwrap();
        let network = CellNetwork::new(&genotype, &config, &mut stream(0, 0), &device).unwrap();
        let counted: usize = results.gradients.values().map(Vec::len).sum();
        assert_eq!(counted, trainable_parameters(&network));
        let other = Results::of(&genotype, &config, 4, 1, &device).unwrap();
        assert!(difference(&other.logits, &results.logits, 0.0) > 0.01);
    }

    #[test]
    fn operations_are_compared_with_all_their_parameters_and_their_image() {
        let config = NetworkConfig::new(ImageShape::gray(8, 8), 3)
            .cells_per_stack(1)
            .filters(4);
        let device = Device::flex();
        for operation in Operation::ALL {
            let devices = [&device, &device];
            let same = Agreement::of_operation(operation, &config, 4, 0, devices).unwrap();
            assert!(same.is_within(0.0), "{operation:?}: {same}");
        }
        let [one, other] = [0, 1].map(|seed| {
            let (operation, kind) = (Operation::Separable5x5, CellKind::Normal);
            Results::of_operation(operation, kind, &config, 4, seed, &device).unwrap()
        });
        assert!(one.gradients.contains_key("image") && one.gradients.len() > 6);
        assert!(other.compared_with(&one).largest() > 0.01);
    }
}
