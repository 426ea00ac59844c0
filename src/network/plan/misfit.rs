//! Why a genotype doesn't fit a configuration.

use crate::network::error::NarrowLayer;

/// Why a genotype doesn't fit a configuration.
pub(super) enum Misfit {
    Narrow(NarrowLayer),
    Small(&'static str),
}
