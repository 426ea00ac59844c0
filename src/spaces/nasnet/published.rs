//! The published cells, as the released TensorFlow code declares them.
//!
//! **Why their concat lists are explicit.** The paper's rule concatenates the states that no
//! operation reads. The released `used_hiddenstates` arrays, however, declare some states as unused
//! that an operation does read, so these are concatenated as well: NASNet-A's normal cell state 1 and
//! reduction cell state 3; A's normal 1, reduction 2 and 4; B's normal 0; C's normal 1 and 2, reduction
//! 0, 2 and 4; D's normal 0. No simple rule explains them, and all published sizes depend on them. A
//! search derives the list from the pairs instead ([`Cell::unused_states`]).
//!
//! **Where sources differ.**
//! - AmoebaNet-A: an author confirmed (`tensorflow/tpu`, issue 312) that a drawing in early versions
//!   of the paper was wrong and the released arrays are right. The `AmoebaNet` genotype in the DARTS
//!   code is a different network: its two input states are swapped, the max pooling of the first pair
//!   reads the other one, and it concatenates only states that really are unused.
//! - AmoebaNet-B: another port (`amla`) agrees on all but one index: in it, the max pooling of the first
//!   normal pair reads state 0. The released name of one operation, `dil_2_separable_5x5_2`, states
//!   dilation 2, but the released parser never applies it, so the released program runs a plain
//!   separable 5x5. Here it is dilated, as its name says, and [`amoebanet_b_as_run`] is the network that was
//!   run. The sizes are the same either way.
//! - AmoebaNet-C: these rules give the published number of parameters of the mobile network, but not its
//!   multiply-adds (677M instead of 570M).
//! - AmoebaNet-D: the port `torchgpipe` has the same indices and lists. It notes that the paper's drawing
//!   implies 4, 5 and 6 for the concat list of the normal cell, while the released list gives GPipe's
//!   sizes. Its `max_pool_3x3` is mistakenly an average pooling, and its identity with stride 2 is a
//!   factorized reduction where the released code has a 1x1 convolution.

#[cfg(doc)]
use super::Cell;
use super::NasnetGenotype;

/// NASNet-A (Zoph et al. 2018; `slim/nets/nasnet`).
pub const NASNET_A: &str = "sep5@0+sep3@1,sep5@1+sep3@1,avg3@0+identity@1,avg3@1+avg3@1,sep3@0+identity@0:1.2.3.4.5.6\
/sep5@0+sep7@1,max3@0+sep7@1,avg3@0+sep5@1,identity@3+avg3@2,sep3@2+max3@0:3.4.5.6";

/// AmoebaNet-A (Real et al. 2018; `amoeba_net/model_specs.py`, "evol_net_g").
pub const AMOEBANET_A: &str = "avg3@0+max3@0,sep3@1+identity@1,identity@0+avg3@1,sep3@0+sep5@2,avg3@5+sep3@0:1.3.4.6\
/sep3@1+avg3@0,max3@0+sep7@2,max3@1+max3@0,sep3@4+conv1x7_7x1@0,avg3@1+sep7@0:2.3.4.5.6";

/// AmoebaNet-B (`amoeba_net/model_specs.py`, "evol_net_h").
pub const AMOEBANET_B: &str = "conv1x1@1+max3@1,identity@1+sep3@0,conv1x1@1+sep3@0,conv1x1@2+identity@2,avg3@1+conv1x1@5:0.3.4.6\
/max2@0+max3@0,identity@2+conv3x3@1,dilsep5@2+max3@2,identity@3+sep3@1,avg3@4+conv1x1@3:5.6";

/// AmoebaNet-B as the released program runs it, whose separable convolutions are never dilated: with it, the logits
/// of that program and of this crate agree to 1.2e-15 in double precision.
pub const AMOEBANET_B_AS_RUN: &str = "conv1x1@1+max3@1,identity@1+sep3@0,conv1x1@1+sep3@0,conv1x1@2+identity@2,avg3@1+conv1x1@5:0.3.4.6\
/max2@0+max3@0,identity@2+conv3x3@1,sep5@2+max3@2,identity@3+sep3@1,avg3@4+conv1x1@3:5.6";

/// AmoebaNet-C (`amoeba_net/model_specs.py`, "evol_net_a").
pub const AMOEBANET_C: &str = "avg3@0+sep3@0,identity@0+sep3@0,avg3@2+sep3@1,identity@0+sep3@1,avg3@3+sep3@0:1.2.4.5.6\
/max3@0+max3@0,sep7@2+sep3@0,sep7@0+max3@1,sep5@4+sep5@4,max3@1+sep3@1:0.2.3.4.5.6";

/// AmoebaNet-D (`amoeba_net/model_specs.py`, "evol_net_x").
pub const AMOEBANET_D: &str = "conv1x1@1+max3@1,identity@1+conv1x7_7x1@0,conv1x1@0+conv1x7_7x1@0,max3@2+identity@2,avg3@1+conv1x1@5:0.3.4.6\
/max2@0+max3@0,identity@2+conv3x3@1,conv1x7_7x1@2+max3@2,identity@3+max2@1,avg3@2+conv1x1@3:4.5.6";

/// The names of the published genotypes and their text forms.
pub const ALL: [(&str, &str); 6] = [
    ("amoebanet-a", AMOEBANET_A),
    ("amoebanet-b", AMOEBANET_B),
    ("amoebanet-b-as-run", AMOEBANET_B_AS_RUN),
    ("amoebanet-c", AMOEBANET_C),
    ("amoebanet-d", AMOEBANET_D),
    ("nasnet-a", NASNET_A),
];

/// The published genotype of this name (see [`ALL`]), in upper or lower case.
#[must_use]
pub fn by_name(name: &str) -> Option<NasnetGenotype> {
    ALL.into_iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(name))
        .map(|(_, text)| constant(text))
}

fn constant(text: &str) -> NasnetGenotype {
    text.parse().expect("the constant is a valid genotype")
}

/// NASNet-A as a genotype.
#[must_use]
pub fn nasnet_a() -> NasnetGenotype {
    constant(NASNET_A)
}

/// AmoebaNet-A as a genotype.
#[must_use]
pub fn amoebanet_a() -> NasnetGenotype {
    constant(AMOEBANET_A)
}

/// AmoebaNet-B as a genotype.
#[must_use]
pub fn amoebanet_b() -> NasnetGenotype {
    constant(AMOEBANET_B)
}

/// AmoebaNet-B as the released program runs it, as a genotype.
#[must_use]
pub fn amoebanet_b_as_run() -> NasnetGenotype {
    constant(AMOEBANET_B_AS_RUN)
}

/// AmoebaNet-C as a genotype.
#[must_use]
pub fn amoebanet_c() -> NasnetGenotype {
    constant(AMOEBANET_C)
}

/// AmoebaNet-D as a genotype.
#[must_use]
pub fn amoebanet_d() -> NasnetGenotype {
    constant(AMOEBANET_D)
}
