//! Batch norm with a configuration's numbers.

use burn::tensor::Device;
use evonas_kernels::BatchNorm;

use crate::network::config::NetworkConfig;

pub(super) fn batch_norm(channels: usize, config: &NetworkConfig, device: &Device) -> BatchNorm {
    let settings = &config.batch_norm;
    BatchNorm::new(channels, device)
        .epsilon(settings.epsilon)
        .momentum(settings.momentum)
        .unbiased_variance(settings.unbiased_variance)
}
