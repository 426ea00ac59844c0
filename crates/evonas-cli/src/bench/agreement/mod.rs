//! Whether two devices compute the same.

mod results;

use std::fmt;

use burn::tensor::Device;
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
}

impl Agreement {
    /// Compares a network on two devices. The first is the reference, and computes in single precision
    /// whatever the configuration says. Weights, images and labels are drawn from `seed`.
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
        Ok(found.compared_with(&expected))
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
        let in_cell = |kind| {
            let results = |config, device| {
                Results::of_operation(operation, kind, config, batch, seed, device)
            };
            Ok::<_, NetworkError>(
                results(config, device)?.compared_with(&results(&single, reference)?),
            )
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
        mut compare: impl FnMut(u64) -> Result<Self, E>,
    ) -> Result<Self, E> {
        const SEEDS: u64 = 5;
        let mut seed = 0;
        loop {
            let agreement = compare(seed)?;
            seed += 1;
            if agreement.is_within(bound) || seed == SEEDS {
                return Ok(agreement);
            }
        }
    }

    /// The largest of the differences.
    fn largest(&self) -> f64 {
        self.logits.max(self.loss).max(self.gradient)
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
            "logits {:.1e}, loss {:.1e}, gradients {:.1e} ({})",
            self.logits, self.loss, self.gradient, self.parameter
        )
    }
}
