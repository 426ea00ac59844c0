//! Evolutionary neural architecture search.
#![forbid(unsafe_code)]
#![warn(missing_docs, unreachable_pub, missing_debug_implementations)]

pub mod spaces;
#[cfg(feature = "burn")]
pub mod training;
