//! Files of the NATS-Bench archive.

use std::io::{Write, sink};

use evonas::tabular::nats_bench::convert;

use super::told;

/// A compressed pickle.
pub(crate) fn archive(bytes: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("000000.pickle.pbz2"), bytes).unwrap();
    told(convert(folder.path(), sink()));
}

/// A pickle, which is compressed first.
pub(crate) fn pickle(bytes: &[u8]) {
    let mut packed = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    packed.write_all(bytes).unwrap();
    archive(&packed.finish().unwrap());
}
