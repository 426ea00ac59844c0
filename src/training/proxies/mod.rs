//! Proxies that look at an untrained network.

mod gradient_norm;
mod jacobian_covariance;
mod mini_batch;
mod synflow;

pub use gradient_norm::GradientNorm;
pub use jacobian_covariance::JacobianCovariance;
pub use mini_batch::MiniBatch;
pub use synflow::Synflow;
