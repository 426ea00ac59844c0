//! What a fuzzer runs, one function a reader: each takes any bytes and must neither panic, nor take much memory or time.
//!
//! `fuzz/fuzz_targets` runs them in cargo-fuzz, and the tests next to this folder with mutations of sound files.

#[cfg(feature = "tabular")]
mod archives;
mod genotypes;
#[cfg(feature = "burn")]
mod images;
mod logs;
#[cfg(feature = "burn")]
mod settings;
#[cfg(feature = "tabular")]
mod tables;
#[cfg(feature = "burn")]
mod weights;

#[cfg(feature = "tabular")]
pub(crate) use archives::{archive, pickle};
pub(crate) use genotypes::genotype;
#[cfg(feature = "burn")]
pub(crate) use images::{cifar, idx, image};
pub(crate) use logs::{compare, comparison_record, journal, sealed, sealed_journal};
#[cfg(feature = "burn")]
pub(crate) use settings::settings;
#[cfg(feature = "tabular")]
pub(crate) use tables::{nasbench201_table, table};
#[cfg(feature = "burn")]
pub(crate) use weights::{NETWORK, SEED, checkpoint, network, subject, trainer, weights};

/// Formats an error as a program would, since its message contains what the file claims.
fn told<T, E: std::error::Error>(result: Result<T, E>) -> Option<T> {
    result
        .map_err(|error| {
            let message = format!("{error} {error:?}");
            assert!(
                message.len() < 1 << 20,
                "a message of {} bytes",
                message.len()
            );
        })
        .ok()
}
