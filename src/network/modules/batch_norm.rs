//! Batch norm: Burn's module, of which the CPU's own kernels keep the statistics.

use burn::nn::{BatchNorm, BatchNormConfig};
#[cfg(any(feature = "cuda", feature = "wgpu"))]
use burn::tensor::DType;
use burn::tensor::{Device, Tensor};

use crate::network::NetworkConfig;
use evonas_kernels::cpu::BatchNormOutput;
#[cfg(any(feature = "cuda", feature = "wgpu"))]
use evonas_kernels::cube as cube_kernels;

pub(super) fn batch_norm(channels: usize, config: &NetworkConfig, device: &Device) -> BatchNorm {
    BatchNormConfig::new(channels)
        .with_epsilon(config.batch_norm.epsilon)
        .with_momentum(config.batch_norm.momentum)
        .init(device)
}

/// Batch norm where the CPU's kernels don't run.
///
/// # Shapes
/// `[batch, channels, height, width]`
pub(super) fn compose(norm: &BatchNorm, input: Tensor<4>) -> Tensor<4> {
    #[cfg(any(feature = "cuda", feature = "wgpu"))]
    if norm.training.is_enabled()
        && input.device().is_autodiff()
        && input.dtype() == DType::F32
        && cube_kernels::run_on(&input.device())
    {
        let (gamma, beta) = (norm.gamma.val(), norm.beta.val());
        let made = cube_kernels::batch_norm(input, gamma, beta, norm.epsilon);
        return keep_statistics(norm, made);
    }
    norm.forward(input)
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
