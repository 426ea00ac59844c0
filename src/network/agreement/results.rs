//! What a device computes: outputs, losses, gradients.

use std::collections::BTreeMap;

use burn::module::{Module, ModuleVisitor, Param};
use burn::nn::loss::CrossEntropyLossConfig;
use burn::tensor::{Device, Gradients, Tensor};

use super::Agreement;
use crate::network::layout::Layout;
use crate::network::{
    CellNetwork, ImageShape, LayerPlan, NetworkConfig, NetworkError, Sequence, TrainingPass,
    random_batch,
};
use crate::randomness::stream;
use crate::spaces::nasnet::NasnetGenotype;

/// What a device computes.
pub(super) struct Results {
    logits: Vec<f64>,
    loss: Vec<f64>,
    gradients: BTreeMap<String, Vec<f64>>,
}

impl Results {
    /// Of a network in training.
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

    /// Of some layers on images of this size, whose output is multiplied with random numbers.
    pub(super) fn of_layers(
        layers: &[LayerPlan],
        config: &NetworkConfig,
        image: ImageShape,
        batch: usize,
        seed: u64,
        device: &Device,
    ) -> Self {
        let autodiff = device.clone().autodiff();
        let layers = Sequence::new(layers, config, &mut stream(seed, 0), &autodiff);
        let mut rng = stream(seed, 1);
        let (images, _) = random_batch(batch, image, 1, &mut rng, &autodiff);
        let images = images.require_grad();
        let output = layers.forward(
            Layout::enter(images.clone()),
            Some(&mut TrainingPass::new(0.5, &mut rng)),
        );
        let output = Layout::leave(output);
        let [_, channels, height, width] = output.dims();
        let shape = ImageShape {
            channels,
            height,
            width,
        };
        let (factors, _) = random_batch(batch, shape, 1, &mut rng, &autodiff);
        let loss = (output.clone() * factors).sum();
        Self::gathered(&layers, Some(&images), output, loss)
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

/// The largest difference, relative to the largest expected value, which counts as no less than
/// `smallest`; infinite if something isn't finite.
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
    use super::*;
    use crate::network::NetworkPlan;
    use crate::spaces::nasnet::{Operation, published};

    #[test]
    fn differences_are_relative_to_the_largest_value() {
        assert_eq!(difference(&[1.0, -4.0], &[1.5, -4.0], 0.0), 0.125);
        assert_eq!(difference(&[0.0], &[0.0], 0.0), 0.0);
        assert_eq!(difference(&[1.0], &[0.0], 0.0), f64::INFINITY);
        assert_eq!(difference(&[f64::NAN], &[1.0], 1.0), f64::INFINITY);
        assert_eq!(difference(&[1.0], &[1.0, 2.0], 1.0), f64::INFINITY);
    }

    #[test]
    fn what_is_nothing_but_rounding_has_no_digits() {
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
        assert_eq!(counted, crate::network::trainable_parameters(&network));
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
        let separable = NasnetGenotype::of_operation(Operation::Separable5x5);
        let plan = NetworkPlan::new(&separable, &config).unwrap();
        let branch = &plan.cells[0].branches[0];
        let image = ImageShape {
            channels: 4,
            height: 8,
            width: 8,
        };
        let [one, other] =
            [0, 1].map(|seed| Results::of_layers(&branch.layers, &config, image, 4, seed, &device));
        assert!(one.gradients.contains_key("image") && one.gradients.len() > 6);
        assert!(other.compared_with(&one).largest() > 0.01);
    }
}
