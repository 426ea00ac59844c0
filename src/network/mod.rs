//! Cell networks: from a genotype to a plan, its cost, and a Burn module.
//!
//! A [`NetworkPlan`] describes, layer by layer, what a genotype becomes, without weights and without
//! Burn. [`Cost`] adds the plan up and `CellNetwork` (feature `burn`) builds it, so the two can't
//! disagree. What runs on which device is left to the crate `evonas-kernels`.
//!
//! An operation of the search space becomes layers in `operations.rs`. A new kind of layer is a variant
//! of [`LayerPlan`] (`layers.rs`) with its cost (`cost.rs`), its tensors in files (`weights/stored.rs`)
//! and its Burn module (`modules`).
//!
//! The rules are those of the released TensorFlow code (`tensorflow/tpu`,
//! `models/official/amoeba_net`, and `tensorflow/models`, `research/slim/nets/nasnet`), to which the
//! paper refers for what its text leaves open.

mod config;
mod cost;
mod cost_model;
mod drop_path;
mod error;
mod layers;
mod nasbench201;
mod operations;
mod padding;
mod plan;
mod precision;
mod validation;
mod walk;

pub use config::{AuxiliaryHead, BatchNormSettings, Fan, ImageShape, NetworkConfig, Stem};
pub use cost::Cost;
pub use cost_model::{CostModel, MultiplyAddCount, ParameterCount};
pub use drop_path::{DropPath, DropPathSchedule};
pub use error::{NarrowLayer, NetworkError};
pub use layers::{ConvolutionPlan, LayerPlan, PoolKind, PoolPlan};
pub use nasbench201::NasBench201Network;
pub use padding::{Padding, WindowAxis};
pub use plan::{AuxiliaryPlan, BranchPlan, CellPlan, ConcatPlan, HeadPlan, NetworkPlan};
pub use precision::Precision;
pub use walk::LayerPath;

#[cfg(feature = "burn")]
mod cell;
#[cfg(feature = "burn")]
mod decoder;
#[cfg(feature = "burn")]
mod inherit;
#[cfg(feature = "burn")]
mod initial_weights;
#[cfg(feature = "burn")]
mod latency;
#[cfg(feature = "burn")]
mod modules;
#[cfg(feature = "burn")]
mod noise;
#[cfg(feature = "burn")]
mod operation;
#[cfg(feature = "burn")]
mod parameters;
#[cfg(feature = "burn")]
mod weights;

#[cfg(feature = "burn")]
pub use decoder::{CellNetwork, TrainingOutput};
#[cfg(feature = "burn")]
pub use inherit::HeirNetwork;
#[cfg(feature = "burn")]
pub use latency::{LatencyTable, LatencyTableError, Repetitions};
#[cfg(feature = "burn")]
pub use nasbench201::NasBench201Classifier;
#[cfg(feature = "burn")]
pub use noise::TrainingPass;
#[cfg(feature = "burn")]
pub(crate) use noise::{Draws, FactorPlan};
#[cfg(feature = "burn")]
pub use operation::OperationModule;
#[cfg(feature = "burn")]
pub use parameters::trainable_parameters;
#[cfg(feature = "burn")]
pub use weights::WeightsError;
