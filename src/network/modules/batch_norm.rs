//! Batch norm: Burn's module, of which the CPU's own kernels keep the statistics.

use burn::nn::{BatchNorm, BatchNormConfig};
use burn::tensor::{Device, Tensor};

use crate::kernels::BatchNormOutput;
use crate::network::NetworkConfig;

pub(super) fn batch_norm(channels: usize, config: &NetworkConfig, device: &Device) -> BatchNorm {
    BatchNormConfig::new(channels)
        .with_epsilon(config.batch_norm.epsilon)
        .with_momentum(config.batch_norm.momentum)
        .init(device)
}

/// Adds a batch's statistics to the running ones, without a graph of how they came about.
pub(super) fn keep_statistics(norm: &BatchNorm, made: BatchNormOutput) -> Tensor<4> {
    for (running, batch) in [
        (&norm.running_mean, made.mean),
        (&norm.running_var, made.variance),
    ] {
        let kept = running.value_sync().inner() * (1.0 - norm.momentum);
        running.update(Tensor::from_inner(kept + batch.inner() * norm.momentum));
    }
    made.output
}

/// What it multiplies channels with and adds to them by its running statistics.
pub(super) fn scale_and_shift(norm: &BatchNorm) -> (Tensor<1>, Tensor<1>) {
    let deviation = (norm.running_var.value() + norm.epsilon).sqrt();
    let scale = norm.gamma.val() / deviation;
    let shift = norm.beta.val() - norm.running_mean.value() * scale.clone();
    (scale, shift)
}
