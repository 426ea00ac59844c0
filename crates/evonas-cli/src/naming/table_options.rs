//! The table of a benchmark.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use evonas::comparison::{NasBench201Benchmark, Protocol};
use evonas::tabular::{Dataset, NasBench201Table, TableLimits};

use super::library_values::table_dataset;
use super::raised_limit::RaisedLimit;
use crate::Failure;

// No doc comment: clap would take it for a command's.
#[derive(Args)]
pub(crate) struct TableOptions {
    /// The table of nasbench201: a CSV file, plain or gzip (see evonas convert) [no default: nasbench201
    /// needs one]
    #[arg(long, value_name = "FILE")]
    table: Option<PathBuf>,
    /// Raise a limit of what the table may have: bytes (once decompressed), ratio (of decompressed to compressed size)
    /// or values (its fields); may be given several times [default: bytes=268435456, ratio=200, values=10000000]
    #[arg(long = "table-limit", value_name = "NAME=N", value_parser = RaisedLimit::<TableLimits>::parse)]
    limits: Vec<RaisedLimit<TableLimits>>,
    /// The data set of nasbench201: cifar10, cifar100 or imagenet16-120 [default: cifar10]
    #[arg(long, value_parser = table_dataset)]
    dataset: Option<Dataset>,
}

impl TableOptions {
    /// Each option, and whether it was given.
    pub(crate) fn given(&self) -> [(&'static str, bool); 3] {
        [
            ("--table", self.table.is_some()),
            ("--table-limit", !self.limits.is_empty()),
            ("--dataset", self.dataset.is_some()),
        ]
    }

    /// The data set that results are tested on.
    pub(crate) fn dataset(&self) -> Dataset {
        self.dataset.unwrap_or(Dataset::Cifar10)
    }

    /// Reads the table.
    ///
    /// # Errors
    /// No table was named, or it can't be read.
    pub(crate) fn benchmark(&self, protocol: Protocol) -> Result<NasBench201Benchmark, Failure> {
        let path = self.table.as_deref();
        let path = path.ok_or("nasbench201 needs its table: --table FILE")?;
        let limits = RaisedLimit::applied(&self.limits, TableLimits::TABLE);
        let table = Arc::new(NasBench201Table::read_within(path, limits)?);
        Ok(NasBench201Benchmark::new(table, protocol, self.dataset()))
    }
}
