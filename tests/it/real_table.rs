//! Finds the real NAS-Bench-201 table for the tests that need it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use evonas::tabular::NasBench201Table;

/// The table named by `EVONAS_NASBENCH201`, or the one next to the repository. Without either, the calling
/// test is skipped with a note on standard error.
pub(crate) fn real_table() -> Option<Arc<NasBench201Table>> {
    let path = path().or_else(|| {
        eprintln!(
            "SKIPPED: there is no NAS-Bench-201 table; set EVONAS_NASBENCH201 to a CSV file with \
             the columns of evonas::tabular::NasBench201Table"
        );
        None
    })?;
    let table = NasBench201Table::read(path);
    Some(Arc::new(table.unwrap_or_else(|error| panic!("{error}"))))
}

fn path() -> Option<PathBuf> {
    if let Some(path) = std::env::var_os("EVONAS_NASBENCH201") {
        return Some(path.into());
    }
    let beside =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/nasbench201/nasbench201.csv.gz");
    beside.exists().then_some(beside)
}
