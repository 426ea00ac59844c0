//! Search spaces that are ready to use.

pub mod bits;
pub mod choices;
pub mod nasbench201;
pub mod nasnet;
