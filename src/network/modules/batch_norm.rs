//! Batch norm: Burn's module, trained by the CPU's own kernel where there is one.

use burn::nn::{BatchNorm, BatchNormConfig};
use burn::tensor::{Device, Tensor};

use crate::kernels;
use crate::network::NetworkConfig;

/// A batch norm, whose training has a kernel of its own on the CPU.
pub(super) fn normalise(norm: &BatchNorm, input: Tensor<4>) -> Tensor<4> {
    let trains = input.device().is_autodiff() && norm.training.is_enabled();
    if !(trains && kernels::accelerates(&input)) {
        return norm.forward(input);
    }
    let result = kernels::batch_norm_train(input, norm.gamma.val(), norm.beta.val(), norm.epsilon);
    for (running, batch) in [
        (&norm.running_mean, result.mean),
        (&norm.running_var, result.variance),
    ] {
        let kept = running.value_sync() * (1.0 - norm.momentum);
        running.update((kept + batch.detach() * norm.momentum).detach());
    }
    result.output
}

pub(super) fn batch_norm(channels: usize, config: &NetworkConfig, device: &Device) -> BatchNorm {
    BatchNormConfig::new(channels)
        .with_epsilon(config.batch_norm.epsilon)
        .with_momentum(config.batch_norm.momentum)
        .init(device)
}
