//! The published cells, as the released TensorFlow code declares them.
//!
//! Their concat lists are explicit: the released `used_hiddenstates` arrays declare some states
//! unused that an operation does read, so that those are concatenated as well, and all published
//! sizes need the declared lists. A search derives the list from the pairs instead.

use super::NasnetGenotype;

/// NASNet-A (Zoph et al. 2018; `slim/nets/nasnet`).
pub const NASNET_A: &str = "sep5@0+sep3@1,sep5@1+sep3@1,avg3@0+identity@1,avg3@1+avg3@1,sep3@0+identity@0:1.2.3.4.5.6\
/sep5@0+sep7@1,max3@0+sep7@1,avg3@0+sep5@1,identity@3+avg3@2,sep3@2+max3@0:3.4.5.6";

/// AmoebaNet-A (Real et al. 2018; `amoeba_net/model_specs.py`, "evol_net_g").
pub const AMOEBANET_A: &str = "avg3@0+max3@0,sep3@1+identity@1,identity@0+avg3@1,sep3@0+sep5@2,avg3@5+sep3@0:1.3.4.6\
/sep3@1+avg3@0,max3@0+sep7@2,max3@1+max3@0,sep3@4+conv1x7_7x1@0,avg3@1+sep7@0:2.3.4.5.6";

/// NASNet-A as a genotype.
#[must_use]
pub fn nasnet_a() -> NasnetGenotype {
    NASNET_A.parse().expect("the constant is a valid genotype")
}

/// AmoebaNet-A as a genotype.
#[must_use]
pub fn amoebanet_a() -> NasnetGenotype {
    AMOEBANET_A
        .parse()
        .expect("the constant is a valid genotype")
}
