//! Reading the table from CSV.

use std::io::Read;
use std::path::Path;

use super::dataset::{Dataset, Metric};
use super::table::{MeasuredCell, NasBench201Table, OnDataset};
use crate::spaces::nasbench201::{CELLS, NasBench201Cell};
use crate::tabular::TableLimits;
use crate::tabular::csv_file::{Column, CsvRows, read_file};
use crate::tabular::error::{TableError, TableErrorKind};
use crate::tabular::quantity::Quantity;

const MILLION: f64 = 1e6;

/// The columns that the table is read from.
struct Columns {
    index: Column,
    arch: Column,
    train_seconds: Column,
    evaluation_microseconds: Column,
    on: [DatasetColumns; 3],
}

struct DatasetColumns {
    accuracies: [Column; 4],
    parameters: Column,
    multiply_adds: Column,
}

impl Columns {
    fn of(rows: &CsvRows) -> Result<Self, TableError> {
        let on = |dataset: Dataset| -> Result<_, TableError> {
            let column = |name: &str| rows.column(&format!("{}_{name}", dataset.prefix()));
            let [first, second, third, fourth] = Metric::ALL.map(|metric| column(metric.name()));
            Ok(DatasetColumns {
                accuracies: [first?, second?, third?, fourth?],
                parameters: column("params_m")?,
                multiply_adds: column("flops_m")?,
            })
        };
        let [first, second, third] = Dataset::ALL.map(on);
        Ok(Self {
            index: rows.column("index")?,
            arch: rows.column("arch")?,
            train_seconds: rows.column("c10valid_train_s_per_epoch")?,
            evaluation_microseconds: rows.column("eval_us_per_image")?,
            on: [first?, second?, third?],
        })
    }

    fn cell(&self, rows: &CsvRows) -> Result<MeasuredCell, TableError> {
        let on = |columns: &DatasetColumns| -> Result<_, TableError> {
            let mut accuracies = [0.0; 4];
            for (accuracy, column) in accuracies.iter_mut().zip(&columns.accuracies) {
                *accuracy = rows.number(column, Quantity::Percent)?;
            }
            Ok(OnDataset {
                accuracies,
                parameters: MILLION * rows.number(&columns.parameters, Quantity::Millions)?,
                multiply_adds: MILLION * rows.number(&columns.multiply_adds, Quantity::Millions)?,
            })
        };
        let [first, second, third] = self.on.each_ref().map(on);
        Ok(MeasuredCell {
            index: self.index(rows)?,
            train_seconds_per_epoch: rows.number(&self.train_seconds, Quantity::Seconds)?,
            evaluation_seconds_per_image: rows
                .number(&self.evaluation_microseconds, Quantity::Microseconds)?
                / MILLION,
            on: [first?, second?, third?],
        })
    }

    fn index(&self, rows: &CsvRows) -> Result<u16, TableError> {
        let text = rows.text(&self.index)?.trim();
        text.parse()
            .ok()
            .filter(|&index: &u16| usize::from(index) < CELLS)
            .ok_or_else(|| {
                TableErrorKind::Index {
                    line: rows.line(),
                    column: self.index.name.clone(),
                    index: text.to_owned(),
                    count: CELLS,
                }
                .into()
            })
    }
}

impl NasBench201Table {
    /// Reads the table from a CSV file, plain or gzip. The file may be a pipe.
    ///
    /// # Errors
    /// [`TableError`] if the file can't be read, has more than [`TableLimits::TABLE`], lacks a column or an architecture, or has a field that
    /// can't be parsed or is out of its range.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, TableError> {
        Self::read_within(path, TableLimits::TABLE)
    }

    /// As [`NasBench201Table::read`], with other limits.
    ///
    /// # Errors
    /// As [`NasBench201Table::read`].
    pub fn read_within(path: impl AsRef<Path>, limits: TableLimits) -> Result<Self, TableError> {
        read_file(path.as_ref(), limits, |reader| {
            Self::read_from_within(reader, limits)
        })
    }

    /// Reads the table from any reader of plain CSV.
    ///
    /// # Errors
    /// As [`NasBench201Table::read`].
    pub fn read_from(reader: impl Read) -> Result<Self, TableError> {
        Self::read_from_within(reader, TableLimits::TABLE)
    }

    fn read_from_within(reader: impl Read, limits: TableLimits) -> Result<Self, TableError> {
        let mut rows = CsvRows::new(reader, limits)?;
        let columns = Columns::of(&rows)?;
        let mut by_code: Vec<Option<MeasuredCell>> = vec![None; CELLS];
        let mut cells: Vec<Option<NasBench201Cell>> = vec![None; CELLS];
        while rows.advance()? {
            let cell: NasBench201Cell = rows
                .text(&columns.arch)?
                .trim()
                .parse()
                .map_err(|reason| rows.not_a_genotype(&columns.arch, reason))?;
            let measured = columns.cell(&rows)?;
            if by_code[cell.code()].replace(measured).is_some() {
                return Err(rows.repeated(cell.to_string()));
            }
            let index = measured.index;
            if cells[usize::from(index)].replace(cell).is_some() {
                return Err(rows.repeated(format!("index {index}")));
            }
        }
        let missing = || by_code.iter().filter(|cell| cell.is_none()).count();
        let first = NasBench201Cell::all().find(|cell| by_code[cell.code()].is_none());
        if let Some(first) = first {
            return Err(TableErrorKind::MissingArchitectures {
                missing: missing(),
                count: CELLS,
                first: first.to_string(),
            }
            .into());
        }
        // There are as many rows as cells and no index comes twice, so every index has its cell.
        Ok(Self {
            measured: by_code.into_iter().flatten().collect(),
            cells: cells.into_iter().flatten().collect(),
        })
    }
}
