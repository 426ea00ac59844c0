//! What the options' names mean: data sets, benchmarks, genotypes and presets. Devices parse their own names.

mod benchmark;
mod dataset;
pub(crate) mod genotype;
mod preset;

pub(crate) use self::benchmark::BenchmarkName;
pub(crate) use self::dataset::{DatasetLocation, DatasetName, DatasetOptions};
pub(crate) use self::preset::PresetName;
