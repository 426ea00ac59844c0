//! Layers as Burn modules.

mod batch_norm;
mod convolution;
mod layer;
mod pool;
mod reduction;
mod sequence;

pub(super) use convolution::ConvolutionLayer;
pub(super) use layer::Layer;
pub(super) use sequence::Sequence;
