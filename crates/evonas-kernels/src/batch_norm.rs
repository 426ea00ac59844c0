//! What all implementations share of batch norm: the bookkeeping around Burn's module.

use burn::nn::BatchNorm;
use burn::tensor::Tensor;

/// The result of a batch norm in training.
pub(crate) struct BatchNormOutput {
    /// The normalized, scaled and shifted input.
    pub(crate) output: Tensor<4>,
    /// The batch's mean of every channel.
    pub(crate) mean: Tensor<1>,
    /// The batch's variance of every channel: divided by the number of values, not by one less.
    pub(crate) variance: Tensor<1>,
}

/// Adds a batch's statistics to the running ones, without a graph of their origin, and returns the output.
pub(crate) fn update_running(norm: &BatchNorm, normalized: BatchNormOutput) -> Tensor<4> {
    for (running, batch) in [
        (&norm.running_mean, normalized.mean),
        (&norm.running_var, normalized.variance),
    ] {
        let kept = running.value_sync().inner() * (1.0 - norm.momentum);
        running.update(Tensor::from_inner(kept + batch.inner() * norm.momentum));
    }
    normalized.output
}

/// The factor and the summand by which batch norm transforms each channel with its running statistics.
pub(crate) fn scale_and_shift(norm: &BatchNorm) -> (Tensor<1>, Tensor<1>) {
    let deviation = (norm.running_var.value() + norm.epsilon).sqrt();
    let scale = norm.gamma.val() / deviation;
    let shift = norm.beta.val() - norm.running_mean.value() * scale.clone();
    (scale, shift)
}
