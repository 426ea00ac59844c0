//! Whether two devices compute the same results.

mod results;

use std::collections::BTreeMap;
use std::fmt;

use burn::tensor::{DType, Device};
use evonas::network::{NetworkConfig, NetworkError, Precision};
use evonas::spaces::nasnet::{CellKind, NasnetGenotype, Operation};

use self::results::Results;

/// How far a device's results are from another's for the same weights and images: a forward pass in
/// training (batch statistics), its cross-entropy, and every gradient.
///
/// Each figure is the largest difference between a tensor's values, relative to the largest of these
/// values. For gradients that scale is at least a hundredth of the largest gradient in the network: some
/// gradients are 0 except for rounding (for instance that of a scale which a later batch norm cancels), and
/// have no digits to agree in.
#[derive(Clone, Debug, PartialEq)]
pub struct Agreement {
    /// The difference of the logits.
    pub logits: f64,
    /// The difference of the loss.
    pub loss: f64,
    /// The difference of the gradient that differs most.
    pub gradient: f64,
    /// The parameter with that gradient.
    pub parameter: String,
    /// The norm of the difference of all gradients together, relative to the norm of the gradients. In half precision, small
    /// gradients have no digits to agree in, and this is what counts.
    pub overall: f64,
}

impl Agreement {
    /// Compares a network on two devices. The first is the reference, and computes in single precision
    /// regardless of the configuration. Weights, images and labels are drawn from `seed`.
    ///
    /// In single precision, a value that rounding carries across the kink of a ReLU, or from one pixel of a
    /// pool to another, changes many gradients in their first digits. Where gradients differ and logits
    /// don't, another seed tells whether that was the reason: see [`Agreement::of_some_seed`].
    ///
    /// # Errors
    /// [`NetworkError`] if the network can't be built.
    pub fn of(
        genotype: &NasnetGenotype,
        config: &NetworkConfig,
        batch: usize,
        seed: u64,
        [reference, device]: [&Device; 2],
    ) -> Result<Self, NetworkError> {
        let single = config.clone().precision(Precision::Float32);
        let expected = Results::of(genotype, &single, batch, seed, reference)?;
        let found = Results::of(genotype, config, batch, seed, device)?;
        Ok(Self::between(&found, &expected))
    }

    /// Compares single precision with double precision on a device that has both, as [`Agreement::of`] compares two
    /// devices: how far apart any two computations in single precision may be.
    ///
    /// # Errors
    /// [`NetworkError`] if the network can't be built.
    ///
    /// # Panics
    /// If the network has random layers.
    pub fn of_rounding(
        genotype: &NasnetGenotype,
        config: &NetworkConfig,
        batch: usize,
        seed: u64,
        device: &Device,
    ) -> Result<Self, NetworkError> {
        let exact = [DType::F64; 2];
        let expected = Results::of_types(genotype, config, batch, seed, device, exact)?;
        let found = Results::of(genotype, config, batch, seed, device)?;
        Ok(Self::between(&found, &expected))
    }

    /// Compares hidden states in bfloat16 with such in single precision, by Burn's own operations on the CPU: how far from
    /// single precision any computation in bfloat16 may be.
    ///
    /// # Errors
    /// [`NetworkError`] if the network can't be built.
    ///
    /// # Panics
    /// If the network has random layers.
    pub fn of_rounding_to_bfloat16(
        genotype: &NasnetGenotype,
        config: &NetworkConfig,
        batch: usize,
        seed: u64,
    ) -> Result<Self, NetworkError> {
        let (cpu, single) = (Device::flex(), config.clone().precision(Precision::Float32));
        let expected = Results::of(genotype, &single, batch, seed, &cpu)?;
        let rounded = [DType::F32, DType::BF16];
        let found = Results::of_types(genotype, &single, batch, seed, &cpu, rounded)?;
        Ok(Self::between(&found, &expected))
    }

    /// Compares a single operation as the first normal and the first reduction cell of a network apply it:
    /// its output (as `logits`), a random linear function of that (as `loss`), and the gradients of this
    /// function with respect to every parameter and the image. The worse of the two cells counts.
    ///
    /// # Errors
    /// [`NetworkError`] if a network of such cells can't be built.
    pub fn of_operation(
        operation: Operation,
        config: &NetworkConfig,
        batch: usize,
        seed: u64,
        [reference, device]: [&Device; 2],
    ) -> Result<Self, NetworkError> {
        let single = config.clone().precision(Precision::Float32);
        Self::of_both_cells(|kind| {
            let results = |config, device| {
                Results::of_operation(operation, kind, config, batch, seed, device, DType::F32)
            };
            Ok([results(config, device)?, results(&single, reference)?])
        })
    }

    /// Compares as [`Agreement::of_rounding_to_bfloat16`] does, for a single operation as
    /// [`Agreement::of_operation`] applies it.
    ///
    /// # Errors
    /// [`NetworkError`] if a network of such cells can't be built.
    pub fn of_operation_rounded_to_bfloat16(
        operation: Operation,
        config: &NetworkConfig,
        batch: usize,
        seed: u64,
    ) -> Result<Self, NetworkError> {
        let (cpu, single) = (Device::flex(), config.clone().precision(Precision::Float32));
        Self::of_both_cells(|kind| {
            let results =
                |states| Results::of_operation(operation, kind, &single, batch, seed, &cpu, states);
            Ok([results(DType::BF16)?, results(DType::F32)?])
        })
    }

    /// The worse of two comparisons, whose results are what was found and what was expected.
    fn of_both_cells(
        results: impl Fn(CellKind) -> Result<[Results; 2], NetworkError>,
    ) -> Result<Self, NetworkError> {
        let in_cell = |kind| {
            let [found, expected] = results(kind)?;
            Ok::<_, NetworkError>(Self::between(&found, &expected))
        };
        let (normal, reduction) = (in_cell(CellKind::Normal)?, in_cell(CellKind::Reduction)?);
        Ok(match normal.largest() >= reduction.largest() {
            true => normal,
            false => reduction,
        })
    }

    /// Compares with one seed after another, and returns the first comparison whose differences are all within
    /// the bound. If none of five seeds has one, returns the last.
    ///
    /// # Errors
    /// The error of `compare`.
    pub fn of_some_seed<E>(
        bound: f64,
        compare: impl FnMut(u64) -> Result<Self, E>,
    ) -> Result<Self, E> {
        Self::of_first_seed(|agreement| agreement.is_within(bound), compare)
    }

    /// As [`Agreement::of_some_seed`], with another condition than a bound.
    ///
    /// # Errors
    /// The error of `compare`.
    pub fn of_first_seed<E>(
        holds: impl Fn(&Self) -> bool,
        mut compare: impl FnMut(u64) -> Result<Self, E>,
    ) -> Result<Self, E> {
        const SEEDS: u64 = 5;
        let mut seed = 0;
        loop {
            let agreement = compare(seed)?;
            seed += 1;
            if holds(&agreement) || seed == SEEDS {
                return Ok(agreement);
            }
        }
    }

    /// How far results are from the expected ones.
    fn between(found: &Results, expected: &Results) -> Self {
        let smallest = 1e-2 * largest(expected.gradients.values().flatten());
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
        Self {
            logits: difference(&found.logits, &expected.logits, 0.0),
            loss: difference(&found.loss, &expected.loss, 0.0),
            gradient,
            parameter,
            overall: overall_difference(&found.gradients, &expected.gradients),
        }
    }

    /// The largest of the differences.
    #[must_use]
    pub fn largest(&self) -> f64 {
        self.logits.max(self.loss).max(self.gradient)
    }

    /// Whether the differences of logits, of the loss, and of all gradients together aren't larger than so many times those of
    /// another agreement. Each may be as large as the first bound, and none larger than the second.
    #[must_use]
    pub fn is_as_close_as(&self, other: &Self, times: f64, [least, most]: [f64; 2]) -> bool {
        let pairs = [
            (self.logits, other.logits),
            (self.loss, other.loss),
            (self.overall, other.overall),
        ];
        pairs
            .into_iter()
            .all(|(own, other)| own <= (times * other).max(least).min(most))
    }

    /// Whether no difference is larger than this.
    #[must_use]
    pub fn is_within(&self, bound: f64) -> bool {
        self.largest() <= bound
    }
}

impl fmt::Display for Agreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "logits {:.1e}, loss {:.1e}, gradients {:.1e} (together; {:.1e} in {})",
            self.logits, self.loss, self.overall, self.gradient, self.parameter
        )
    }
}

/// The norm of the difference of all gradients, relative to the norm of the expected ones.
fn overall_difference(
    found: &BTreeMap<String, Vec<f64>>,
    expected: &BTreeMap<String, Vec<f64>>,
) -> f64 {
    let [mut apart, mut whole] = [0.0; 2];
    for (name, expected) in expected {
        let Some(found) = found
            .get(name)
            .filter(|found| found.len() == expected.len())
        else {
            return f64::INFINITY;
        };
        let pairs = found.iter().zip(expected);
        apart += pairs.map(|(a, b)| (a - b).powi(2)).sum::<f64>();
        whole += expected.iter().map(|b| b.powi(2)).sum::<f64>();
    }
    match apart {
        0.0 => 0.0,
        _ if apart.is_finite() => (apart / whole).sqrt(),
        _ => f64::INFINITY,
    }
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
    use evonas::network::{CellNetwork, ImageShape, trainable_parameters};
    use evonas::randomness::stream;
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
    fn rounding_to_bfloat16_changes_the_second_or_third_digit() {
        let config = NetworkConfig::new(ImageShape::rgb(8, 8), 10)
            .cells_per_stack(1)
            .filters(8);
        let genotype = published::amoebanet_a();
        let network = Agreement::of_rounding_to_bfloat16(&genotype, &config, 8, 0).unwrap();
        println!("AmoebaNet-A: {network}");
        assert!((1e-3..0.1).contains(&network.logits), "{network}");
        // Rounding moves values across the kinks of ReLUs and from one pixel of a pool to another, in every layer.
        assert!(network.overall < 0.45, "{network}");
        for operation in Operation::ALL {
            let agreement =
                Agreement::of_operation_rounded_to_bfloat16(operation, &config, 4, 0).unwrap();
            println!("{operation:?}: {agreement}");
            assert!(agreement.logits < 0.05, "{operation:?}: {agreement}");
            assert!(agreement.overall < 0.2, "{operation:?}: {agreement}");
        }
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
            Results::of_operation(operation, kind, &config, 4, seed, &device, DType::F32).unwrap()
        });
        assert!(one.gradients.contains_key("image") && one.gradients.len() > 6);
        assert!(Agreement::between(&other, &one).largest() > 0.01);
    }
}
