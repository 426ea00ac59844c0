//! Whether two devices compute the same.

mod results;

use std::fmt;

use burn::tensor::Device;

use self::results::Results;
use super::{ImageShape, NetworkConfig, NetworkError, NetworkPlan, Precision};
use crate::spaces::nasnet::{CellKind, NasnetGenotype, Operation};

/// How far a device's results are from another's for the same weights and images: a forward pass in
/// training (batch statistics), its cross-entropy, and every gradient.
///
/// Each figure is the largest difference of a tensor's values, relative to the largest of these
/// values. For gradients that is at least a hundredth of the largest gradient in the network: some
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
        let single = config.clone().precision(Precision::Float32);
        let expected = Results::of(genotype, &single, batch, seed, reference)?;
        let found = Results::of(genotype, config, batch, seed, device)?;
        Ok(found.compared_with(&expected))
    }

    /// Compares an operation by itself as the first normal and the first reduction cell of a network
    /// have it: its output (as `logits`), a random linear function of it (as `loss`), and the
    /// gradients of that by every parameter and by the image. The worse of the two cells counts.
    ///
    /// # Errors
    /// [`NetworkError`] if the network of such cells can't be.
    pub fn of_operation(
        operation: Operation,
        config: &NetworkConfig,
        batch: usize,
        seed: u64,
        [reference, device]: [&Device; 2],
    ) -> Result<Self, NetworkError> {
        let single = config.clone().precision(Precision::Float32);
        let plan = NetworkPlan::new(&NasnetGenotype::of_operation(operation), config)?;
        let mut worst: Option<Self> = None;
        for kind in [CellKind::Normal, CellKind::Reduction] {
            let cells = plan.cells.iter().filter(|cell| cell.kind == kind);
            let branches = cells.flat_map(|cell| cell.branches.iter().map(move |b| (cell, b)));
            // Of the state that is projected to the cell's filters.
            let Some((cell, branch)) = branches
                .into_iter()
                .find(|(_, branch)| branch.state == 0 && branch.operation == operation)
            else {
                continue;
            };
            let image = ImageShape {
                channels: cell.filters,
                height: config.image.height,
                width: config.image.width,
            };
            let results = |config, device| {
                Results::of_layers(&branch.layers, config, image, batch, seed, device)
            };
            let own = results(config, device).compared_with(&results(&single, reference));
            worst = Some(match worst {
                Some(worst) if worst.largest() >= own.largest() => worst,
                _ => own,
            });
        }
        Ok(worst.expect("a genotype of one operation has it in both cells"))
    }

    /// The first of a few seeds for which all differences are within a bound, else the last one's
    /// comparison.
    ///
    /// # Errors
    /// What `compare` returns for a seed.
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

    /// Whether all differences are at most this large.
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
