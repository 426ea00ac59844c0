//! Batch norm: Burn's module.

use burn::nn::{BatchNorm, BatchNormConfig};
use burn::tensor::Device;

use crate::network::config::NetworkConfig;

pub(super) fn batch_norm(channels: usize, config: &NetworkConfig, device: &Device) -> BatchNorm {
    BatchNormConfig::new(channels)
        .with_epsilon(config.batch_norm.epsilon)
        .with_momentum(config.batch_norm.momentum)
        .init(device)
}
