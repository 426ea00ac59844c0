//! CSV rows with fields by column name, and errors that name the line and column.

use std::io::{BufRead, BufReader, Cursor, Read};
use std::path::Path;

use csv::{ByteRecord, ErrorKind};
use flate2::bufread::MultiGzDecoder;

use super::error::{TableError, TableErrorKind};
use super::limits::TableLimits;
use super::line_number::{line_at, whole_lines};
use super::quantity::Quantity;
use crate::input::{Bounded, Counted, LimitExceeded, limit_exceeded, open_stream};

/// Reads a table from a file, which is decompressed if it is gzip (by its first two bytes). Errors name
/// the file. It may be a pipe, since it is read once.
pub(super) fn read_file<T>(
    path: &Path,
    limits: TableLimits,
    read: impl FnOnce(Box<dyn Read>) -> Result<T, TableError>,
) -> Result<T, TableError> {
    open(path, limits)
        .map_err(|source| TableErrorKind::Open(source).into())
        .and_then(read)
        .map_err(|error| error.in_file(path))
}

fn open(path: &Path, limits: TableLimits) -> std::io::Result<Box<dyn Read>> {
    let file = Counted::new(open_stream(path)?);
    let compressed = file.count();
    let mut file = BufReader::with_capacity(1 << 16, file);
    let gzip = file.fill_buf()?.starts_with(&[0x1f, 0x8b]);
    Ok(match gzip {
        true => {
            let decompressed = Bounded::new(MultiGzDecoder::new(file), limits.bytes);
            Box::new(decompressed.ratio(compressed, limits.ratio))
        }
        false => Box::new(file),
    })
}

/// The rows of a CSV text, without its header.
///
/// Holds the whole text, because the CSV reader's own line numbers are wrong where blank lines or the
/// second half of a CR LF come before a row.
pub(super) struct CsvRows {
    reader: csv::Reader<Cursor<Vec<u8>>>,
    header: Vec<String>,
    record: ByteRecord,
    fields_left: u64,
    limits: TableLimits,
}

/// A column by its position and its name.
#[derive(Clone, Debug)]
pub(super) struct Column {
    position: usize,
    pub(super) name: String,
}

impl CsvRows {
    pub(super) fn new(reader: impl Read, limits: TableLimits) -> Result<Self, TableError> {
        let mut text = Vec::new();
        if let Err(source) = Bounded::new(reader, limits.bytes).read_to_end(&mut text) {
            if let Some(limit) = limit_exceeded(&source) {
                return Err(TableErrorKind::TooLarge(limit.clone()).into());
            }
            let lines = whole_lines(&text);
            return Err(TableErrorKind::BrokenOff { lines, source }.into());
        }
        let mut reader = csv::Reader::from_reader(Cursor::new(text));
        let header = match reader.byte_headers() {
            Ok(header) => header
                .iter()
                .map(|name| String::from_utf8_lossy(name).trim().to_owned())
                .collect(),
            Err(error) => return Err(csv_error(&error, reader.get_ref().get_ref())),
        };
        Ok(Self {
            reader,
            header,
            record: ByteRecord::new(),
            fields_left: limits.values,
            limits,
        })
    }

    pub(super) fn column(&self, name: &str) -> Result<Column, TableError> {
        match self.header.iter().position(|column| column == name) {
            Some(position) => Ok(Column {
                position,
                name: name.to_owned(),
            }),
            None => Err(TableErrorKind::MissingColumn {
                column: name.to_owned(),
                found: self.header.clone(),
            }
            .into()),
        }
    }

    /// Moves to the next row; false after the last one.
    pub(super) fn advance(&mut self) -> Result<bool, TableError> {
        let found = self
            .reader
            .read_byte_record(&mut self.record)
            .map_err(|error| csv_error(&error, self.reader.get_ref().get_ref()))?;
        if found {
            let left = self.fields_left.checked_sub(self.record.len() as u64);
            self.fields_left = left.ok_or(TableErrorKind::TooLarge(LimitExceeded {
                has: "has",
                most: self.limits.values,
                unit: "fields",
                advice: "if that is right, raise the limit 'values'",
            }))?;
        }
        Ok(found)
    }

    /// The line on which the current row begins, from 1. Takes time proportional to the text before it.
    pub(super) fn line(&self) -> u64 {
        line_of(self.record.position(), self.reader.get_ref().get_ref())
    }

    /// A field as text.
    pub(super) fn text(&self, column: &Column) -> Result<&str, TableError> {
        let field = self.record.get(column.position).unwrap_or_default();
        std::str::from_utf8(field).map_err(|error| self.not_a_genotype(column, error))
    }

    /// A field as a number within the quantity's range.
    pub(super) fn number(&self, column: &Column, quantity: Quantity) -> Result<f64, TableError> {
        let field = self.record.get(column.position).unwrap_or_default();
        let number = std::str::from_utf8(field)
            .ok()
            .and_then(|text| text.trim().parse().ok())
            .filter(|number: &f64| number.is_finite())
            .ok_or_else(|| TableErrorKind::Number {
                line: self.line(),
                column: column.name.clone(),
                text: String::from_utf8_lossy(field).into_owned(),
            })?;
        match quantity.admits(number) {
            true => Ok(number),
            false => Err(TableErrorKind::OutOfRange {
                line: self.line(),
                column: column.name.clone(),
                number,
                range: quantity.range(),
            }
            .into()),
        }
    }

    /// The error for a field that isn't a genotype.
    pub(super) fn not_a_genotype(&self, column: &Column, reason: impl ToString) -> TableError {
        TableErrorKind::Genotype {
            line: self.line(),
            column: column.name.clone(),
            reason: reason.to_string(),
        }
        .into()
    }

    /// The error for a genotype or index that an earlier row has already.
    pub(super) fn repeated(&self, what: String) -> TableError {
        let line = self.line();
        TableErrorKind::Repeated { line, what }.into()
    }
}

fn line_of(position: Option<&csv::Position>, text: &[u8]) -> u64 {
    let start = position.map_or(0, csv::Position::byte);
    line_at(text, usize::try_from(start).unwrap_or(usize::MAX))
}

fn csv_error(error: &csv::Error, text: &[u8]) -> TableError {
    let line = line_of(error.position(), text);
    let reason = match error.kind() {
        ErrorKind::UnequalLengths {
            expected_len, len, ..
        } => format!("{len} fields, but the header has {expected_len}"),
        _ => error.to_string(),
    };
    TableErrorKind::Csv { line, reason }.into()
}
