//! What the options' names mean: data sets and genotypes. Devices parse their own names.

pub(crate) mod dataset;
pub(crate) mod genotype;

pub(crate) use self::dataset::DatasetOptions;
