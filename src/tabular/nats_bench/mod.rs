//! Converts the official NATS-Bench files to a CSV table.
//!
//! The archive `NATS-tss-v1_0-3ffb9-simple` (from the NATS-Bench project's page) holds one file per
//! architecture, `000000.pickle.pbz2` to `015624.pickle.pbz2`: Python pickles compressed with bzip2.
//! [`convert_to_file`] reads that folder and writes the columns that
//! [`NasBench201Table`](super::NasBench201Table) reads, and a few more. On the command line, the program
//! `evonas convert` does the same.
//!
//! ```no_run
//! use evonas::tabular::TableLimits;
//! use evonas::tabular::nats_bench::convert_to_file;
//!
//! let archive = "NATS-tss-v1_0-3ffb9-simple";
//! let rows = convert_to_file(archive, "nasbench201.csv", TableLimits::ARCHIVE)?;
//! println!("{rows} architectures");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Accuracies are means over all trials (seeds), as the official API returns them with
//! `get_more_info(..., is_random=False)`. A folder with only some of the files gives a table with only
//! some of the rows, which [`TabularColumns`](super::TabularColumns) can read.

mod architecture;
mod error;
mod pickle;
mod row;

pub use error::NatsBenchError;

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use architecture::Architecture;

use super::TableLimits;
use crate::replace_file::replace_file;

/// The ending of the archive's files.
const EXTENSION: &str = ".pickle.pbz2";

/// Writes a CSV table with a row for every architecture file (`NNNNNN.pickle.pbz2`) in a folder, in the
/// order of their names. Returns the number of rows.
///
/// # Errors
/// [`NatsBenchError`] if the folder has no such file, a file can't be read, has more than
/// [`TableLimits::ARCHIVE`] or lacks a result (the error names it), or the table can't be written.
pub fn convert(folder: impl AsRef<Path>, table: impl Write) -> Result<usize, NatsBenchError> {
    convert_within(folder, table, TableLimits::ARCHIVE)
}

/// As [`convert`], with other limits of each file.
///
/// # Errors
/// As [`convert`].
pub fn convert_within(
    folder: impl AsRef<Path>,
    table: impl Write,
    limits: TableLimits,
) -> Result<usize, NatsBenchError> {
    let files = architecture_files(folder.as_ref())?;
    let mut writer = csv::Writer::from_writer(table);
    write(&mut writer, row::header())?;
    for path in &files {
        let architecture = Architecture::read(path, limits)?;
        write(&mut writer, row::fields(&architecture)?)?;
    }
    writer.flush().map_err(NatsBenchError::Write)?;
    Ok(files.len())
}

fn write(writer: &mut csv::Writer<impl Write>, fields: Vec<String>) -> Result<(), NatsBenchError> {
    writer
        .write_record(fields)
        .map_err(|error| NatsBenchError::Write(error.into()))
}

/// As [`convert_within`], to a file.
///
/// The table is first written to a file next to it with `.new` added to the name, and replaces the file
/// only when complete: after an error, the file is unchanged or still doesn't exist.
///
/// # Errors
/// As [`convert`], and [`NatsBenchError::File`] if the file can't be written.
pub fn convert_to_file(
    folder: impl AsRef<Path>,
    file: impl AsRef<Path>,
    limits: TableLimits,
) -> Result<usize, NatsBenchError> {
    let (folder, path) = (folder.as_ref(), file.as_ref());
    // Refuse a wrong folder before anything is written.
    architecture_files(folder)?;
    let error = |source| NatsBenchError::File {
        path: path.to_owned(),
        source,
    };
    replace_file(path, error, |new| {
        let table = File::create(new).map_err(error)?;
        convert_within(folder, BufWriter::new(table), limits)
    })
}

/// The files named by an index, in order. The archive also has a `meta.pickle.pbz2`, which isn't one.
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
