//! CSV tables, plain or gzip.

use evonas::tabular::{NasBench201Table, TabularColumns};

use super::told;

/// Any table.
pub(crate) fn table(bytes: &[u8]) {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    let columns = TabularColumns::new().cost("seconds").metric("size");
    told(columns.read(file.path(), |text| Ok::<_, String>(text.to_owned())));
}

/// The table of NAS-Bench-201.
pub(crate) fn nasbench201_table(bytes: &[u8]) {
    told(NasBench201Table::read_from(bytes));
}
