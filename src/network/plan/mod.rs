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
use crate::spaces::nasnet::NasnetGenotype;

impl NetworkPlan {
    /// Plans the network of a genotype.
    ///
    /// # Errors
    /// [`NetworkError`] if the configuration is invalid, the image is too small, or one of the
    /// genotype's operations needs more filters.
    pub fn new(genotype: &NasnetGenotype, config: &NetworkConfig) -> Result<Self, NetworkError> {
        config.validate()?;
        build::build(genotype, config).map_err(|misfit| misfit.explain(genotype, config))
    }
}
