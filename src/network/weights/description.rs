//! What a weights file says about its network.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::error::WeightsError;
use crate::network::config::NetworkConfig;
use crate::network::decoder::CellNetwork;
use crate::spaces::nasnet::NasnetGenotype;

/// The metadata entry that holds the description.
pub(super) const DESCRIPTION: &str = "evonas.network";

const VERSION: u32 = 1;

/// The network of a weights file, and the version of this format.
#[derive(Serialize, Deserialize)]
pub(super) struct NetworkDescription {
    version: u32,
    pub(super) genotype: NasnetGenotype,
    pub(super) config: NetworkConfig,
}

impl NetworkDescription {
    pub(super) fn of(network: &CellNetwork) -> Self {
        Self {
            version: VERSION,
            genotype: network.genotype().clone(),
            config: network.config().clone(),
        }
    }

    /// The description in a file's metadata entry.
    pub(super) fn parse(text: &str, path: &Path) -> Result<Self, WeightsError> {
        let failed = |reason: String| WeightsError::Read {
            path: path.to_owned(),
            reason: format!("its description of the network: {reason}"),
        };
        let description: Self =
            serde_json::from_str(text).map_err(|error| failed(error.to_string()))?;
        if description.version != VERSION {
            return Err(failed(format!(
                "it has version {}, and this program reads version {VERSION}",
                description.version
            )));
        }
        Ok(description)
    }

    /// Why this network computes something different although its weights have the same names and shapes;
    /// names and shapes show all other differences.
    pub(super) fn difference(&self, network: &CellNetwork) -> Option<String> {
        let (found_config, config) = (&self.config, network.config());
        let [found_skip, skip] = [found_config, config].map(|config| config.skip_reduction_input);
        let [found_epsilon, epsilon] =
            [found_config, config].map(|config| config.batch_norm.epsilon);
        if self.genotype != *network.genotype() {
            let (genotype, expected) = (&self.genotype, network.genotype());
            Some(format!(
                "its genotype is {genotype}, and the network's is {expected}"
            ))
        } else if found_skip != skip {
            Some(format!(
                "its skip_reduction_input is {found_skip}, and the network's is {skip}"
            ))
        } else if found_epsilon != epsilon {
            Some(format!(
                "its batch norm's epsilon is {found_epsilon}, and the network's is {epsilon}"
            ))
        } else {
            None
        }
    }
}
