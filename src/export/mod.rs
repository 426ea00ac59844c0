//! Taking a trained network out: files that other programs use without this crate.
//!
//! [`pytorch`] writes a network as plain PyTorch code with its weights, and reads weights that were trained there.

mod error;
pub mod pytorch;

pub use error::ExportError;
