//! CSV rows with fields by name, and errors that say where.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use csv::{ByteRecord, ErrorKind};
use flate2::bufread::MultiGzDecoder;

use super::TableError;

/// Opens a file, decompressing it if it is gzip (by its first two bytes).
pub(super) fn open(path: &Path) -> Result<Box<dyn Read>, TableError> {
    let error = |source| TableError::Open {
        path: path.to_owned(),
        source,
    };
    let mut file = BufReader::with_capacity(1 << 16, File::open(path).map_err(error)?);
    let gzip = file.fill_buf().map_err(error)?.starts_with(&[0x1f, 0x8b]);
    Ok(match gzip {
        true => Box::new(MultiGzDecoder::new(file)),
        false => Box::new(file),
    })
}

/// The rows of a CSV file below its header.
pub(super) struct Rows<R> {
    reader: csv::Reader<R>,
    header: Vec<String>,
    record: ByteRecord,
}

/// A column by its place and its name.
#[derive(Clone, Debug)]
pub(super) struct Column {
    place: usize,
    pub(super) name: String,
}

impl<R: Read> Rows<R> {
    pub(super) fn new(reader: R) -> Result<Self, TableError> {
        let mut reader = csv::ReaderBuilder::new()
            .buffer_capacity(1 << 16)
            .from_reader(reader);
        let header = reader.byte_headers().map_err(|error| csv_error(&error))?;
        let header = header
            .iter()
            .map(|name| String::from_utf8_lossy(name).trim().to_owned())
            .collect();
        Ok(Self {
            reader,
            header,
            record: ByteRecord::new(),
        })
    }

    pub(super) fn column(&self, name: &str) -> Result<Column, TableError> {
        match self.header.iter().position(|column| column == name) {
            Some(place) => Ok(Column {
                place,
                name: name.to_owned(),
            }),
            None => Err(TableError::MissingColumn {
                column: name.to_owned(),
                found: self.header.clone(),
            }),
        }
    }

    /// Goes to the next row; false if there is none.
    pub(super) fn advance(&mut self) -> Result<bool, TableError> {
        self.reader
            .read_byte_record(&mut self.record)
            .map_err(|error| csv_error(&error))
    }

    /// The line of the current row, from 1.
    pub(super) fn line(&self) -> u64 {
        self.record.position().map_or(1, csv::Position::line)
    }

    pub(super) fn text(&self, column: &Column) -> Result<&str, TableError> {
        let field = self.record.get(column.place).unwrap_or_default();
        std::str::from_utf8(field).map_err(|error| TableError::Genotype {
            line: self.line(),
            column: column.name.clone(),
            reason: error.to_string(),
        })
    }

    /// The field as a finite number.
    pub(super) fn number(&self, column: &Column) -> Result<f64, TableError> {
        let field = self.record.get(column.place).unwrap_or_default();
        std::str::from_utf8(field)
            .ok()
            .and_then(|text| text.trim().parse().ok())
            .filter(|number: &f64| number.is_finite())
            .ok_or_else(|| TableError::Number {
                line: self.line(),
                column: column.name.clone(),
                text: String::from_utf8_lossy(field).into_owned(),
            })
    }

    /// That a field is no genotype.
    pub(super) fn no_genotype(&self, column: &Column, reason: impl ToString) -> TableError {
        TableError::Genotype {
            line: self.line(),
            column: column.name.clone(),
            reason: reason.to_string(),
        }
    }
}

fn csv_error(error: &csv::Error) -> TableError {
    let line = error.position().map_or(1, csv::Position::line);
    let reason = match error.kind() {
        ErrorKind::UnequalLengths {
            expected_len, len, ..
        } => format!("{len} fields, but the header has {expected_len}"),
        _ => error.to_string(),
    };
    TableError::Csv { line, reason }
}
