//! Ready-made search spaces.

pub mod bits;
pub mod choices;
pub mod nasbench201;
pub mod nasnet;
