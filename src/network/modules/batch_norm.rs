//! Batch norm with a configuration's numbers.

use burn::tensor::Device;
use evonas_kernels::BatchNorm;

use crate::network::config::NetworkConfig;

pub(super) fn batch_norm(channels: usize, config: &NetworkConfig, device: &Device) -> BatchNorm {
    let numbers = &config.batch_norm;
    BatchNorm::new(channels, numbers.epsilon, numbers.momentum, device)
}
