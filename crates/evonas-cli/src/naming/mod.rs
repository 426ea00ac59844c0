//! What the options' names mean: algorithms, data sets, benchmarks, genotypes, presets and the values that the
//! library names. Devices parse their own names.

mod algorithm;
mod benchmark;
mod dataset;
mod dataset_title;
pub(crate) mod genotype;
mod library_values;
mod lock_option;
mod named_values;
mod preset;
mod raised_limit;
mod record_steps;
mod search;
#[cfg(all(unix, feature = "nats"))]
mod server_options;
mod table_options;

pub(crate) use self::algorithm::AlgorithmName;
pub(crate) use self::benchmark::BenchmarkName;
pub(crate) use self::dataset::{DatasetLocation, DatasetName, DatasetOptions};
pub(crate) use self::dataset_title::dataset_title;
pub(crate) use self::library_values::{duplicates, lock_policy, protocol, sync_policy};
pub(crate) use self::lock_option::LockOption;
pub(crate) use self::preset::PresetName;
pub(crate) use self::raised_limit::RaisedLimit;
pub(crate) use self::record_steps::RecordOption;
pub(crate) use self::search::{SearchAlgorithm, SpaceName, StopperName, preferred_by_proxy};
#[cfg(all(unix, feature = "nats"))]
pub(crate) use self::server_options::{RunOptions, ServerOptions};
pub(crate) use self::table_options::TableOptions;
