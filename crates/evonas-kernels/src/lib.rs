//! The operations of cell networks, with their gradients.

#![deny(unsafe_code)]

pub mod cpu;
#[cfg(any(feature = "cuda", feature = "wgpu"))]
pub mod cube;
