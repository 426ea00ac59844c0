//! Settings of networks and trainings, as a search's folder keeps them.

use evonas::network::{NetworkConfig, NetworkPlan};
use evonas::spaces::nasnet::published;
use evonas::training::{Trainer, TrainingConfig};

use super::told;

/// Settings as JSON.
pub(crate) fn settings(bytes: &[u8]) {
    if let Some(config) = told(serde_json::from_slice::<TrainingConfig>(bytes)) {
        told(Trainer::new(config));
    }
    if let Some(config) = told(serde_json::from_slice::<NetworkConfig>(bytes)) {
        told(NetworkPlan::new(&published::amoebanet_a(), &config));
    }
}
