//! Taking a trained network out: files that other programs use without this crate.
//!
//! [`onnx`] writes a network as an ONNX file. [`pytorch`] writes a network as plain PyTorch code with its weights, and reads weights that were trained there.

mod config;
mod error;
pub mod onnx;
pub mod pytorch;

pub use error::ExportError;
