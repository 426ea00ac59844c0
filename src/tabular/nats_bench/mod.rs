//! From the official NATS-Bench files to a CSV table.
//!
//! The archive `NATS-tss-v1_0-3ffb9-simple` (from the NATS-Bench project's page) holds one file per
//! architecture, `000000.pickle.pbz2` to `015624.pickle.pbz2`: a bzip2 compressed Python pickle.
//! [`convert`] reads the folder and writes the columns that
//! [`NasBench201Table`](super::NasBench201Table) reads, and a few more; [`convert_to_file`] makes a
//! file of them, and so does the example `nats_bench`:
//!
//! ```text
//! cargo run --release --no-default-features --features tabular --example nats_bench -- \
//!     --archive NATS-tss-v1_0-3ffb9-simple --out nasbench201.csv
//! ```
//!
//! Accuracies are means over all trials (seeds) of the official API's `get_more_info(...,
//! is_random=False)`. A folder with some of the files gives a table with some of the rows, for
//! [`TabularColumns`](super::TabularColumns).

mod architecture;
mod error;
mod pickle;
mod row;

pub use error::NatsBenchError;

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use architecture::Architecture;

use crate::replace_file::replace_file;

/// How the archive's files end.
const EXTENSION: &str = ".pickle.pbz2";

/// Writes a CSV table of every architecture file (`NNNNNN.pickle.pbz2`) in a folder, in the order of
/// their names, and returns how many there were.
///
/// # Errors
/// [`NatsBenchError`] if the folder has none, one can't be read, or one lacks a result; the error
/// says which.
pub fn convert(folder: impl AsRef<Path>, table: impl Write) -> Result<usize, NatsBenchError> {
    let files = architecture_files(folder.as_ref())?;
    let mut writer = csv::Writer::from_writer(table);
    writer.write_record(row::header())?;
    for path in &files {
        let architecture = Architecture::read(path)?;
        writer.write_record(row::fields(&architecture)?)?;
    }
    writer
        .flush()
        .map_err(|error| NatsBenchError::Write(error.into()))?;
    Ok(files.len())
}

/// The same to a file, which is replaced as a whole once all is converted: whatever goes wrong, the file
/// is as it was, or isn't there. Meanwhile the table is in a file beside it whose name ends with `.new`.
///
/// # Errors
/// As [`convert`], and [`NatsBenchError::File`] if the file can't be written.
pub fn convert_to_file(
    folder: impl AsRef<Path>,
    file: impl AsRef<Path>,
) -> Result<usize, NatsBenchError> {
    let (folder, path) = (folder.as_ref(), file.as_ref());
    // Before anything is written.
    architecture_files(folder)?;
    let error = |source| NatsBenchError::File {
        path: path.to_owned(),
        source,
    };
    replace_file(path, error, |new| {
        let table = File::create(new).map_err(error)?;
        convert(folder, BufWriter::new(table))
    })
}

/// The files named by an index; the archive also has `meta.pickle.pbz2`.
fn architecture_files(folder: &Path) -> Result<Vec<PathBuf>, NatsBenchError> {
    let error = |source| NatsBenchError::Read {
        path: folder.to_owned(),
        source,
    };
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(error)? {
        let path = entry.map_err(error)?.path();
        let index = path
            .file_name()
            .and_then(|name| name.to_str()?.strip_suffix(EXTENSION)?.parse::<u32>().ok());
        if index.is_some() {
            files.push((index, path));
        }
    }
    if files.is_empty() {
        return Err(NatsBenchError::NoFiles(folder.to_owned()));
    }
    files.sort_unstable();
    Ok(files.into_iter().map(|(_, path)| path).collect())
}
