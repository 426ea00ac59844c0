//! Whether two devices compute the same.

use std::collections::BTreeMap;
use std::fmt;

use burn::module::{Module, ModuleVisitor, Param};
use burn::nn::loss::CrossEntropyLossConfig;
use burn::tensor::{Device, Gradients, Tensor};

use super::{CellNetwork, NetworkConfig, NetworkError, Precision, TrainingPass, random_batch};
use crate::randomness::stream;
use crate::spaces::nasnet::NasnetGenotype;

/// How far a device's results are from another's for the same weights and images: a forward pass in
/// training (batch statistics), its cross-entropy, and every gradient.
///
/// Each figure is the largest difference of a tensor's values, relative to the largest of these
/// values. For gradients that is at least a thousandth of the largest gradient in the network: some
/// are 0 but for rounding (of a scale that a batch norm behind it takes away, say), and have no
/// digits to agree in.
#[derive(Clone, Debug, PartialEq)]
pub struct Agreement {
    /// Of the logits.
    pub logits: f64,
    /// Of the loss.
    pub loss: f64,
    /// Of the gradient that differs most.
    pub gradient: f64,
    /// Whose gradient that is.
    pub parameter: String,
}

impl Agreement {
    /// Compares a network on two devices, the first of which is right: it computes in single
    /// precision, whatever the configuration says. Weights, images and labels are drawn from `seed`.
    ///
    /// In single precision a value that rounding carries across the kink of a ReLU, or from one
    /// pixel of a pool to another, changes many gradients in their first digits: where gradients
    /// differ and logits don't, another seed tells whether it was that. See
    /// [`Agreement::of_some_seed`].
    ///
    /// # Errors
    /// [`NetworkError`] if there is no such network.
    pub fn of(
        genotype: &NasnetGenotype,
        config: &NetworkConfig,
        batch: usize,
        seed: u64,
        [reference, device]: [&Device; 2],
    ) -> Result<Self, NetworkError> {
        let single = config.clone().with_precision(Precision::Float32);
        let expected = Results::of(genotype, &single, batch, seed, reference)?;
        let found = Results::of(genotype, config, batch, seed, device)?;
        let smallest = 1e-3 * largest(expected.gradients.values().flatten());
        let (gradient, parameter) = expected
            .gradients
            .iter()
            .map(|(name, expected)| {
                let found = found.gradients.get(name);
                let difference =
                    found.map_or(f64::INFINITY, |found| difference(found, expected, smallest));
                (difference, name.clone())
            })
            .fold((0.0, String::new()), |worst, one| {
                if one.0 > worst.0 { one } else { worst }
            });
        Ok(Self {
            logits: difference(&found.logits, &expected.logits, 0.0),
            loss: difference(&found.loss, &expected.loss, 0.0),
            gradient,
            parameter,
        })
    }

    /// The first of a few seeds for which all differences are within a bound, else the last one's
    /// comparison.
    ///
    /// # Errors
    /// [`NetworkError`] if there is no such network.
    pub fn of_some_seed(
        genotype: &NasnetGenotype,
        config: &NetworkConfig,
        batch: usize,
        bound: f64,
        devices: [&Device; 2],
    ) -> Result<Self, NetworkError> {
        const SEEDS: u64 = 5;
        let mut seed = 0;
        loop {
            let agreement = Self::of(genotype, config, batch, seed, devices)?;
            seed += 1;
            if agreement.is_within(bound) || seed == SEEDS {
                return Ok(agreement);
            }
        }
    }

    /// Whether all differences are at most this large.
    #[must_use]
    pub fn is_within(&self, bound: f64) -> bool {
        [self.logits, self.loss, self.gradient]
            .iter()
            .all(|difference| *difference <= bound)
    }
}

impl fmt::Display for Agreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "logits {:.1e}, loss {:.1e}, gradients {:.1e} ({})",
            self.logits, self.loss, self.gradient, self.parameter
        )
    }
}

struct Results {
    logits: Vec<f64>,
    loss: Vec<f64>,
    gradients: BTreeMap<String, Vec<f64>>,
}

impl Results {
    fn of(
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
        let gradients = loss.backward();
        let mut collected = Collected {
            gradients: &gradients,
            path: Vec::new(),
            found: BTreeMap::new(),
        };
        network.visit(&mut collected);
        Ok(Self {
            logits: values(output.logits.inner()),
            loss: values(loss.inner()),
            gradients: collected.found,
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
    use crate::network::ImageShape;
    use crate::spaces::nasnet::published;

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
        assert_eq!(difference(&[3e-9], &[1e-9], 1e-3), 2e-6);
        assert_eq!(difference(&[1.5, 0.0], &[1.0, 2.0], 1e-3), 1.0);
    }

    #[test]
    fn a_device_agrees_with_itself_and_every_parameter_is_compared() {
        let config = NetworkConfig::new(1, 4, 3, ImageShape::new(1, 8, 8));
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
}
