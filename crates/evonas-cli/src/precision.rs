//! The precision of a network, as options.

use clap::Args;
use evonas::network::Precision;

/// At most one of them; without any, networks compute in float32.
#[derive(Args, Debug)]
#[group(multiple = false)]
pub(crate) struct PrecisionOptions {
    /// Store hidden states in bfloat16 and multiply in it, on GPUs that have it [default: in float32]
    #[arg(long)]
    bf16: bool,
    /// Let the products of convolutions be rounded to TF32, on GPUs that multiply it faster [default: in float32]
    #[arg(long)]
    tf32: bool,
}

impl PrecisionOptions {
    /// The precision that was asked for, if any.
    pub(crate) const fn chosen(&self) -> Option<Precision> {
        match (self.bf16, self.tf32) {
            (true, _) => Some(Precision::BFloat16),
            (false, true) => Some(Precision::Tf32),
            (false, false) => None,
        }
    }
}

/// The name of a precision in tables and records.
pub(crate) const fn name_of(precision: Precision) -> &'static str {
    match precision {
        Precision::BFloat16 => "bf16",
        Precision::Tf32 => "tf32",
        _ => "f32",
    }
}
