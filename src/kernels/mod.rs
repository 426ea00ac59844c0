//! Operations of cell networks on the CPU, with their gradients; see `README.md` in this folder.
//!
//! [`accelerates`] says for which tensors these take the place of Burn's own operations. The results
//! are the same up to rounding, and don't depend on the number of threads.

mod batch_norm;
mod depthwise;
mod operations;
mod plane;
mod pointwise;
mod pool;
mod primitives;
mod vector;

pub(crate) use operations::{accelerates, batch_norm_train, depthwise, pointwise, pool};
pub(crate) use plane::Window;
pub(crate) use pool::Take;
