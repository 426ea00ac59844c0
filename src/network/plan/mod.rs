//! The plan of a network, layer by layer, without weights.

mod build;
mod cell;
mod explain;
mod heads;
mod misfit;
mod network;
mod site;

pub use cell::{BranchPlan, CellPlan, ConcatPlan};
pub use network::{AuxiliaryPlan, HeadPlan, NetworkPlan};

use super::config::NetworkConfig;
use super::error::NetworkError;
use crate::spaces::nasnet::{CellKind, NasnetGenotype};

/// The most operations in all cells: ten times those of the largest genotype of SP-III in the most cells. A genotype
/// from a file may have any number of pairs, and a plan has several layers for each.
const MOST_OPERATIONS: usize = 1 << 20;

impl NetworkPlan {
    /// Plans the network of a genotype.
    ///
    /// # Errors
    /// [`NetworkError`] if the configuration is invalid, the image is too small, one of the
    /// genotype's operations needs more filters, or there are more than 2^20 operations.
    pub fn new(genotype: &NasnetGenotype, config: &NetworkConfig) -> Result<Self, NetworkError> {
        config.validate()?;
        let pairs =
            [CellKind::Normal, CellKind::Reduction].map(|kind| genotype.cell(kind).pairs().len());
        let operations = pairs[0]
            .max(pairs[1])
            .saturating_mul(config.total_cells())
            .saturating_mul(2);
        if operations > MOST_OPERATIONS {
            return Err(NetworkError::TooLarge {
                figure: "number of operations in all cells",
                value: operations,
                most: MOST_OPERATIONS,
            });
        }
        build::build(genotype, config).map_err(|misfit| misfit.explain(genotype, config))
    }
}
