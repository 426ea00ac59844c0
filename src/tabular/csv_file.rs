//! CSV rows with fields by name, and errors that say where.

use std::fs::File;
use std::io::{BufRead, BufReader, Cursor, Read};
use std::path::Path;

use csv::{ByteRecord, ErrorKind};
use flate2::bufread::MultiGzDecoder;

use super::TableError;
use super::figure::Figure;
use super::line_number::{line_at, whole_lines};

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

/// The rows of a CSV text below its header.
///
/// The whole text is held: the reader of CSV counts lines by what it has taken in, which isn't the line that a
/// row begins in where blank lines or the second half of a CR LF come before it.
pub(super) struct Rows {
    reader: csv::Reader<Cursor<Vec<u8>>>,
    header: Vec<String>,
    record: ByteRecord,
}

/// A column by its place and its name.
#[derive(Clone, Debug)]
pub(super) struct Column {
    place: usize,
    pub(super) name: String,
}

impl Rows {
    pub(super) fn new(mut reader: impl Read) -> Result<Self, TableError> {
        let mut text = Vec::new();
        if let Err(source) = reader.read_to_end(&mut text) {
            return Err(TableError::BrokenOff {
                lines: whole_lines(&text),
                source,
            });
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
            .map_err(|error| csv_error(&error, self.reader.get_ref().get_ref()))
    }

    /// The line that the current row begins in, from 1. Takes time in proportion to the text before it.
    pub(super) fn line(&self) -> u64 {
        line_of(self.record.position(), self.reader.get_ref().get_ref())
    }

    /// The field as it stands there.
    pub(super) fn text(&self, column: &Column) -> Result<&str, TableError> {
        let field = self.record.get(column.place).unwrap_or_default();
        std::str::from_utf8(field).map_err(|error| TableError::Genotype {
            line: self.line(),
            column: column.name.clone(),
            reason: error.to_string(),
        })
    }

    /// The field as a number that can be such a figure.
    pub(super) fn number(&self, column: &Column, figure: Figure) -> Result<f64, TableError> {
        let field = self.record.get(column.place).unwrap_or_default();
        let number = std::str::from_utf8(field)
            .ok()
            .and_then(|text| text.trim().parse().ok())
            .filter(|number: &f64| number.is_finite())
            .ok_or_else(|| TableError::Number {
                line: self.line(),
                column: column.name.clone(),
                text: String::from_utf8_lossy(field).into_owned(),
            })?;
        match figure.admits(number) {
            true => Ok(number),
            false => Err(TableError::OutOfRange {
                line: self.line(),
                column: column.name.clone(),
                number,
                range: figure.range(),
            }),
        }
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
    TableError::Csv { line, reason }
}
