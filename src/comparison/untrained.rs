//! Proxies of untrained networks, by name.

/// A proxy that looks at the untrained network of a genotype. The module `training` has them, with the feature `burn`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UntrainedProxy {
    /// The synaptic flow: the more, the better.
    Synflow,
    /// The norm of the gradient of a mini-batch's loss: the more, the better, as in its source.
    GradientNorm,
    /// The same norm: the less, the better, as measured among NASNet cells (`docs/reproduction.md`). On NAS-Bench-201 more is
    /// better.
    LowGradientNorm,
    /// The covariance of the Jacobian of a mini-batch.
    JacobianCovariance,
}
