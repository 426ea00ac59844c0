//! Cell networks: from a genotype to a plan, its cost, and a Burn module.
//!
//! A [`NetworkPlan`] says layer by layer what a genotype becomes, without weights and without Burn;
//! [`Cost`] adds it up, and `CellNetwork` (feature `burn`) builds it, so the two can't disagree.
//!
//! The rules are those of the released TensorFlow code (`tensorflow/tpu`,
//! `models/official/amoeba_net`, and `tensorflow/models`, `research/slim/nets/nasnet`), which the
//! paper refers to for what its text leaves open.

mod config;
mod cost;
mod layers;
mod plan;

pub use config::{ImageShape, NetworkConfig, NetworkError};
pub use cost::Cost;
pub use layers::{ConvolutionPlan, LayerPlan, PoolKind};
pub use plan::{BranchPlan, CellPlan, ConcatPlan, NetworkPlan};

#[cfg(feature = "burn")]
mod cell;
#[cfg(feature = "burn")]
mod decoder;
#[cfg(feature = "burn")]
mod initial_weights;
#[cfg(feature = "burn")]
mod modules;
#[cfg(feature = "burn")]
mod parameters;

#[cfg(feature = "burn")]
pub use cell::CellModule;
#[cfg(feature = "burn")]
pub use decoder::CellNetwork;
#[cfg(feature = "burn")]
pub use modules::{Convolution, FactorizedReduction, Layer, Pool, Sequence};
#[cfg(feature = "burn")]
pub use parameters::trainable_parameters;
